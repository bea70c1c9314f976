//! Core modules for WASI 0.1: the adapter serves them from a memory of its own.

use std::path::Path;

use wasm_agent_host::Tool;
use wasm_agent_tests::{Folder, Scene, guests, wat};

fn run(text: &str) -> wasm_agent_tests::Recorded {
    Scene::tool(&Folder::new(), guests::from_text("program.wasm", text)).run()
}

/// A program like Go's and AssemblyScript's: it takes more memory, and writes to every byte of it before it calls.
#[test]
fn every_page_of_a_programs_memory_is_its_own() {
    let recorded = run(r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $arguments (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func $fill (memory.fill (i32.const 0) (i32.const 0xaa) (i32.mul (memory.size) (i32.const 65536))))
        (func (export "_start") (local $at i32) (local $end i32)
            (if (i32.ne (memory.grow (i32.const 40)) (i32.const 1)) (then unreachable))
            (call $fill)
            (drop (call $arguments (i32.const 16) (i32.const 20)))
            (drop (call $random (i32.const 32) (i32.const 4)))
            (if (i32.ne (memory.grow (i32.const 1)) (i32.const 41)) (then unreachable))
            (call $fill)
            (i32.store (i32.const 0) (i32.const 16))
            (i32.store (i32.const 4) (i32.const 2))
            (i32.store16 (i32.const 16) (i32.const 0x6b6f))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (local.set $at (i32.const 24))
            (local.set $end (i32.mul (memory.size) (i32.const 65536)))
            (loop $again
                (if (i64.ne (i64.load (local.get $at)) (i64.const 0xaaaaaaaaaaaaaaaa)) (then unreachable))
                (br_if $again (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $end))))
            (call $exit (i32.const 33))))"#);
    recorded.exited(33);
    assert_eq!(recorded.stdout, "ok");
}

#[test]
fn a_function_can_be_imported_more_than_once() {
    // Go's compiler does so.
    let recorded = run(r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
        (import "wasi_snapshot_preview1" "sched_yield" (func $first (result i32)))
        (import "wasi_snapshot_preview1" "sched_yield" (func $second (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start") (call $exit (i32.add (i32.const 5) (i32.add (call $first) (call $second))))))"#);
    recorded.exited(5);
}

#[test]
fn a_program_needs_no_memory_and_no_import() {
    run(r#"(module (func (export "_start")))"#).exited(0);
    run(r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (global $status i32 (i32.const 9))
        (func (export "_start") (call $exit (global.get $status))))"#)
    .exited(9);
}

#[test]
fn an_address_outside_of_the_programs_memory_is_a_trap_of_the_program() {
    let recorded = run(r#"(module
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start") (drop (call $random (i32.const 65530) (i32.const 8)))))"#);
    let wasm_agent_host::Outcome::Trapped { message } = recorded.outcome() else { panic!("{:?}", recorded.outcome()) };
    assert!(message.contains("out of bounds memory access"), "{message}");
}

#[test]
fn a_status_that_does_not_fit_is_still_a_failure() {
    let exit = |status: u32| {
        run(&format!(
            r#"(module
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (func (export "_start") (call $exit (i32.const {status}))))"#
        ))
    };
    exit(256).exited(255);
    exit(u32::MAX).exited(255);
}

#[test]
fn a_function_that_wasi_0_1_does_not_have_is_named() {
    // The last is a function of the adapter that is not for programs.
    for name in ["fd_teleport", "cabi_realloc", "wasi:cli/run@0.2.12#run"] {
        let text = format!(
            r#"(module (import "wasi_snapshot_preview1" "{name}" (func)) (memory (export "memory") 1)
                (func (export "_start")))"#
        );
        let error = Tool::from_bytes(guests::engine(), Path::new("t.wasm"), &wat::parse_str(&text), None).unwrap_err();
        let message = wasm_agent_host::chain(&error);
        assert!(message.contains(&format!("WASI 0.1 has no function `{name}`")), "{message}");
    }
}
