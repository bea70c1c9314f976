//! Small components in text form, for what no compiler would write.

/// A command that runs the core function `run` in `core`, with these imports lowered for it.
///
/// `imports` declares component imports, `lowered` makes core functions of them and `with` names those for the core
/// module `host`.
pub fn command(imports: &str, lowered: &str, with: &str, core: &str) -> String {
    format!(
        r#"(component
            {imports}
            {lowered}
            (core module $main {core})
            (core instance $main (instantiate $main (with "host" (instance {with}))))
            (func $run (result (result)) (canon lift (core func $main "run")))
            (instance $exported (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $exported)))"#
    )
}

/// A command without imports.
pub fn alone(core: &str) -> String {
    command("", "", "", core)
}

/// A command that reads the monotonic clock `calls` times. It has no memory to grow.
pub fn clock_calls(calls: u32) -> String {
    command(
        r#"(import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock (export "now" (func (result u64)))))"#,
        r#"(core func $now (canon lower (func $clock "now")))"#,
        r#"(export "now" (func $now))"#,
        &format!(
            r#"(import "host" "now" (func $now (result i64)))
            (func (export "run") (result i32)
                (local $left i32)
                (local.set $left (i32.const {calls}))
                (block $done
                    (loop $again
                        (br_if $done (i32.eqz (local.get $left)))
                        (drop (call $now))
                        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                        (br $again)))
                (i32.const 0))"#
        ),
    )
}

/// A core module for WASI 0.1 that prints a text.
pub fn preview1_print(text: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "{text}")
            (func (export "_start")
                (i32.store (i32.const 0) (i32.const 16))
                (i32.store (i32.const 4) (i32.const {length}))
                (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#,
        length = text.len()
    )
}
