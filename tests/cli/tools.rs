//! Small tools in text form, for cases that the example tools do not cover.

use wasm_agent_tests::wat;

/// What a tool prints that would like to own the terminal: a cleared screen, a title, a backspace, a reordering, an
/// invisible character, a control character of one byte, bytes that are no text.
pub(crate) const RUDE: &[u8] =
    b"plain\ttab\n\x1b[2J\x1b]0;title\x07over\x08\x08written\r\xe2\x80\xae reversed \xe2\x80\x8b\xc2\x9b5m\xff\n";

/// A core module for WASI 0.1 that prints bytes, to standard output (1) or standard error (2).
pub(crate) fn print(stream: u8, bytes: &[u8]) -> String {
    wat::preview1_print("x")
        .replace("\"x\"", &format!("\"{}\"", escaped(bytes)))
        .replace("(i32.const 4) (i32.const 1)", &format!("(i32.const 4) (i32.const {})", bytes.len()))
        .replace("(call $write (i32.const 1)", &format!("(call $write (i32.const {stream})"))
}

/// A core module for WASI 0.1 that opens a path below its first directory, and ends with the error's number.
pub(crate) fn open(path: &[u8]) -> String {
    wat::preview1_open("x")
        .replace("\"x\"", &format!("\"{}\"", escaped(path)))
        .replace("(i32.const 16) (i32.const 1)", &format!("(i32.const 16) (i32.const {})", path.len()))
}

/// A tool that traps.
pub(crate) fn trap() -> String {
    wat::alone(r#"(func (export "run") (result i32) unreachable)"#)
}

/// A tool that goes on for ever.
pub(crate) fn endless() -> String {
    wat::alone(r#"(func (export "run") (result i32) (loop $again (br $again)) (i32.const 0))"#)
}

/// A core module for WASI 0.1 that prints `x`, and then goes on for ever.
pub(crate) fn print_and_go_on() -> String {
    wat::preview1_print("x").replace("(i32.const 8)))))", "(i32.const 8)))\n(loop $again (br $again))))")
}

/// A core module for WASI 0.1 that prints for ever, whatever becomes of it.
pub(crate) fn flood() -> String {
    wat::preview1_print("xxxxxxxx")
        .replace("(drop (call", "(loop $again (drop (call")
        .replace("(i32.const 8)))))", "(i32.const 8)))\n(br $again))))")
}

/// A core module for WASI 0.1 that waits for standard input or for a millisecond, again and again.
pub(crate) fn poll_input_and_timer() -> String {
    // Two subscriptions: one with a clock's identifier and a time, one of the kind 1 for reading descriptor 0.
    r#"(module
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start")
            (i32.store (i32.const 80) (i32.const 1))
            (i64.store (i32.const 88) (i64.const 1000000))
            (i32.store8 (i32.const 120) (i32.const 1))
            (loop $again
                (drop (call $poll (i32.const 64) (i32.const 256) (i32.const 2) (i32.const 400)))
                (br $again))))"#
        .to_owned()
}

/// A tool that wants what there is not, each in another way.
pub(crate) const UNKNOWN_IMPORTS: &str = r#"(component
    (import "wasi:clocks/monotonic-clock@0.3.0" (instance (export "now" (func (result u64)))))
    (import "wasi:nn/tensor@0.2.0" (instance (export "f" (func))))
    (import "acme:things/store@1.0.0" (instance (export "f" (func))))
    (import "wasi:random/random@0.2.0" (instance (export "get-more-random" (func (result u64)))))
    (import "log" (func)))"#;

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}
