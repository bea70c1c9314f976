//! Files that are not tools, and tools that can't run here.

use crate::desk::Desk;
use crate::tools;
use wasm_agent_tests::{guests, wat};

#[test]
fn says_what_a_file_is_instead_of_a_tool() {
    let mut desk = Desk::new();
    desk.write("notes.txt", "hello\n");
    desk.write("rude.txt", tools::RUDE);
    desk.write("escape.txt", b"\x1b[2J");
    desk.write("script.sh", "#!/bin/sh\necho\n");
    desk.write("native", b"\x7fELF\x02\x01\x01");
    desk.write("empty.wasm", "");
    desk.write("short.wasm", b"\0as");
    desk.write("text.wat", "(component)");
    desk.write("future.wasm", b"\0asm\x99\0\x01\0");
    for file in [
        "notes.txt",
        "rude.txt",
        "escape.txt",
        "script.sh",
        "native",
        "empty.wasm",
        "short.wasm",
        "text.wat",
        "future.wasm",
    ] {
        desk.run(&format!("run {file}")).fails_in_one_line(&[2]);
    }
    desk.write("tool.wasm", "");
    desk.run("run tool").fails_in_one_line(&[2]);
    desk.run("run nothing.wasm").fails_in_one_line(&[2]);
    desk.run("run .").fails_in_one_line(&[2]);
    desk.run("inspect notes.txt").fails_in_one_line(&[2]);
    desk.run("inspect nothing.wasm").fails_in_one_line(&[2]);
    desk.matches("not-a-tool");
}

#[test]
fn refuses_a_component_that_was_cut_anywhere() {
    let mut desk = Desk::new();
    let whole = std::fs::read(guests::path("search")).unwrap();
    for part in 1..12 {
        desk.write("cut.wasm", &whole[..whole.len() * part / 12]);
        let ran = desk.run("run -j a.journal cut.wasm");
        ran.fails_in_one_line(&[2]);
        assert!(ran.err().contains("\nhint: "), "{}", ran.err());
    }
    desk.write("changed.wasm", [&whole[..1000], &[0xff; 64], &whole[1064..]].concat());
    desk.run("run -j a.journal changed.wasm").fails_in_one_line(&[2]);
    assert!(!desk.path("a.journal").exists());
}

#[test]
fn refuses_a_component_of_any_size_beyond_the_most() {
    let mut desk = Desk::new();
    desk.sparse("zeros.wasm", 200 << 20);
    desk.guest("search");
    desk.sparse("search.wasm", 200 << 20);
    desk.run("run zeros.wasm").fails_in_one_line(&[2]);
    desk.run("run search.wasm").fails_in_one_line(&[2]);
    desk.matches("tool-too-large");
}

#[test]
fn lists_all_imports_that_there_are_not() {
    let mut desk = Desk::new();
    desk.tool("wants.wasm", tools::UNKNOWN_IMPORTS);
    desk.tool("newer.wasm", r#"(component (import "wasi:cli/stdout@0.3.0" (instance)))"#);
    desk.tool(
        "function.wasm",
        r#"(component (import "wasi:random/random@0.2.0" (instance (export "get-more" (func (result u64))))))"#,
    );
    desk.tool("core.wasm", r#"(module (import "env" "now" (func)) (func (export "_start")))"#);
    desk.run("run wants.wasm");
    desk.run("run newer.wasm");
    desk.run("run core.wasm");
    desk.run("run function.wasm").fails_in_one_line(&[2]);
    desk.run("inspect wants.wasm");
    desk.run("run --format json wants.wasm");
    desk.matches("imports");
}

#[test]
fn says_what_a_module_was_made_for() {
    let mut desk = Desk::new();
    let import = |module: &str, name: &str| {
        format!("(module (import \"{module}\" \"{name}\" (func)) (func (export \"_start\")))")
    };
    for (file, text) in [
        ("bindgen", import("wbg", "__wbg_log_1")),
        ("emscripten", import("env", "emscripten_resize_heap")),
        ("go", import("gojs", "runtime.wasmExit")),
        ("assemblyscript", import("env", "abort")),
        ("unlinked", import("env", "sqlite3_open")),
        ("wasix", import("wasix_32v1", "fd_dup2")),
        ("threads", import("wasi", "thread-spawn")),
        ("unstable", import("wasi_unstable", "fd_write")),
        ("stripped", import("acme:shop/cart@1.2.0", "add")),
        ("exceptions", "(module (tag) (func (export \"_start\")))".to_owned()),
        ("legacy", "(module (memory (export \"memory\") 1) (func (export \"_start\") try catch_all end))".to_owned()),
        ("gc", "(component (core module (type (struct))))".to_owned()),
        ("wasm64", "(module (memory i64 1) (func (export \"_start\")))".to_owned()),
        ("shared", "(module (memory 1 2 shared) (func (export \"_start\")))".to_owned()),
        ("reactor", "(module (func (export \"_initialize\")) (func (export \"add\")))".to_owned()),
    ] {
        desk.tool(&format!("{file}.wasm"), &text);
        let ran = desk.run(&format!("run {file}.wasm"));
        assert_eq!(ran.status, 2, "{file}");
        assert_eq!(ran.err().lines().filter(|line| line.starts_with("hint: ")).count(), 1, "{file}: {}", ran.err());
    }
    // What is known without compiling is told by `inspect` too.
    desk.run("inspect exceptions.wasm").fails_in_one_line(&[2]);
    desk.run("inspect gc.wasm").fails_in_one_line(&[2]);
    desk.run("inspect reactor.wasm").fails_in_one_line(&[2]);
    desk.matches("made-for");
}

#[test]
fn says_that_there_is_nothing_to_run() {
    let mut desk = Desk::new();
    desk.tool("nothing.wasm", "(component)");
    desk.tool("library.wasm", "(module (func (export \"add\")))");
    desk.run("run nothing.wasm").fails_in_one_line(&[2]);
    desk.tool(
        "server.wasm",
        r#"(component
            (core module $m (func (export "f")))
            (core instance $m (instantiate $m))
            (func $f (canon lift (core func $m "f")))
            (instance $handler (export "handle" (func $f)))
            (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))"#,
    );
    desk.run("run library.wasm").fails_in_one_line(&[2]);
    desk.run("run server.wasm").fails_in_one_line(&[2]);
    desk.matches("no-command");
}

#[test]
fn runs_only_the_tool_that_is_pinned() {
    let mut desk = Desk::new();
    desk.tool("ok.wasm", &wat::preview1_exit(0));
    desk.write("policy.toml", format!("version = 1\n\n[tool]\nsha256 = \"{}\"\n", "ab".repeat(32)));
    desk.run("run -p policy.toml ok.wasm").fails_in_one_line(&[2]);
    let digest = desk.run("inspect --format json ok.wasm").out_objects()[0]["sha256"].as_str().unwrap().to_owned();
    desk.write("policy.toml", format!("version = 1\n\n[tool]\nsha256 = \"{digest}\"\n"));
    assert_eq!(desk.run("run -q -p policy.toml -j a.journal ok.wasm").status, 0);
    desk.matches("pin");
}
