//! Small components in text form that no compiler would write.

/// Assembles text.
pub fn parse_str(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A command that runs the core function `run` in `core`, with these imports lowered for it.
///
/// `imports` declares component imports, `lowered` makes core functions from them, and `with` names those for the core
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

/// A command of two components with a memory of 64 MiB each. In `body`, one can `(call $take)` the other with the
/// address and length of a text of zeros.
pub fn composed(body: &str) -> String {
    format!(
        r#"(component
            (component $taker
                (core module $main
                    (memory (export "memory") 1024)
                    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
                    (func (export "take") (param i32 i32)))
                (core instance $main (instantiate $main))
                (func (export "take") (param "text" string)
                    (canon lift (core func $main "take")
                        (memory (core memory $main "memory")) (realloc (core func $main "realloc")))))
            (component $giver
                (import "take" (func $take (param "text" string)))
                (core module $texts (memory (export "memory") 1024))
                (core instance $texts (instantiate $texts))
                (core func $take (canon lower (func $take) (memory (core memory $texts "memory"))))
                (core module $main
                    (import "taker" "take" (func $take (param i32 i32)))
                    (func (export "run") (result i32) {body} (i32.const 0)))
                (core instance $main
                    (instantiate $main (with "taker" (instance (export "take" (func $take))))))
                (func (export "run") (result (result)) (canon lift (core func $main "run"))))
            (instance $taker (instantiate $taker))
            (instance $giver (instantiate $giver (with "take" (func $taker "take"))))
            (instance $exported (export "run" (func $giver "run")))
            (export "wasi:cli/run@0.2.0" (instance $exported)))"#
    )
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

/// A core module for WASI 0.1 that opens a path below its first preopen and ends with the error number.
pub fn preview1_open(path: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "path_open"
                (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "{path}")
            (func (export "_start")
                (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const {length})
                    (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))))"#,
        length = path.len()
    )
}

/// A core module for WASI 0.1 that ends with this status.
pub fn preview1_exit(status: u8) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func (export "_start") (call $exit (i32.const {status}))))"#
    )
}

/// A core module for WASI 0.1 that copies standard input to standard output.
pub fn preview1_cat() -> String {
    r#"(module
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (block $done
                (loop $again
                    (i32.store (i32.const 0) (i32.const 64))
                    (i32.store (i32.const 4) (i32.const 4096))
                    (br_if $done (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
                    (br_if $done (i32.eqz (i32.load (i32.const 8))))
                    (i32.store (i32.const 4) (i32.load (i32.const 8)))
                    (br_if $done (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
                    (br $again)))))"#
        .to_owned()
}

/// A command that asks for everything that it was given at its start.
pub fn given() -> String {
    format!(
        r#"(component
            (import "wasi:cli/environment@0.2.0" (instance $env
                (export "get-environment" (func (result (list (tuple string string)))))
                (export "get-arguments" (func (result (list string))))
                (export "initial-cwd" (func (result (option string))))))
            {ALLOCATOR}
            (core func $environment (canon lower (func $env "get-environment") {LIST}))
            (core func $arguments (canon lower (func $env "get-arguments") {LIST}))
            (core func $cwd (canon lower (func $env "initial-cwd") {LIST}))
            (core module $main
                (import "host" "environment" (func $environment (param i32)))
                (import "host" "arguments" (func $arguments (param i32)))
                (import "host" "cwd" (func $cwd (param i32)))
                (func (export "run") (result i32)
                    (call $environment (i32.const 0))
                    (call $arguments (i32.const 0))
                    (call $cwd (i32.const 0))
                    (i32.const 0)))
            (core instance $main (instantiate $main (with "host" (instance
                (export "environment" (func $environment))
                (export "arguments" (func $arguments))
                (export "cwd" (func $cwd))))))
            {RUN})"#
    )
}

/// A memory, and an allocator that never frees.
pub const ALLOCATOR: &str = r#"(core module $allocator
        (memory (export "memory") 16)
        (global $next (mut i32) (i32.const 4096))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
            (global.set $next (i32.add (local.get $at) (local.get 3)))
            (local.get $at)))
    (core instance $allocator (instantiate $allocator))"#;

/// The options to lower a function that takes or returns lists.
pub const LIST: &str = r#"(memory (core memory $allocator "memory")) (realloc (core func $allocator "realloc"))"#;

/// Exports the core function `run` of the core instance `main` as a command.
pub const RUN: &str = r#"(func $run (result (result)) (canon lift (core func $main "run")))
    (instance $exported (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $exported))"#;
