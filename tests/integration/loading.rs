//! What is a tool and what is not: every refusal comes before anything runs, and says all that is wrong at once.

use std::path::Path;

use wasm_agent_host::{LoadError, TOOL_BYTES_MAX, Tool, chain};
use wasm_agent_tests::{Folder, Scene, guests, wat};

fn load(bytes: &[u8]) -> Result<Tool, LoadError> {
    Tool::from_bytes(guests::engine(), Path::new("tool.wasm"), bytes, None)
}

fn refused(text: &str) -> String {
    load(&wat::parse_str(text)).unwrap_err().to_string()
}

#[test]
fn names_every_import_that_is_not_offered_in_one_message() {
    let message = refused(
        r#"(component
            (import "wasi:cli/stdout@0.3.0" (instance))
            (import "wasi:clocks/monotonic-clock@0.2.6" (instance))
            (import "acme:db/query@1.0.0" (instance))
            (import "wasi:nn/tensor@0.2.0" (instance))
            (import "wasi:http/incoming-handler@0.2.0" (instance))
            (import "wasm-agent:host/approval@0.2.0" (instance))
            (import "read-secret" (func)))"#,
    );
    let lines: Vec<&str> = message.lines().map(str::trim).collect();
    assert_eq!(lines[0], "`tool.wasm` imports what this host does not offer:");
    assert!(lines[1].starts_with("`wasi:cli/stdout@0.3.0`: WASI 0.3 can't be replayed yet"), "{}", lines[1]);
    assert!(lines[1].ends_with("build the tool for WASI 0.2"), "{}", lines[1]);
    assert_eq!(
        lines[2..],
        [
            "`acme:db/query@1.0.0`: no such interface here",
            "`wasi:nn/tensor@0.2.0`: no such interface here",
            "`wasi:http/incoming-handler@0.2.0`: no such interface here",
            "`wasm-agent:host/approval@0.2.0`: version 0.1.x is offered",
            "`read-secret`: no such interface here",
        ]
    );
}

#[test]
fn refuses_a_function_that_an_offered_interface_does_not_have() {
    let message = refused(
        r#"(component
            (import "wasi:clocks/monotonic-clock@0.2.0" (instance (export "set-clock" (func (param "to" u64))))))"#,
    );
    assert!(message.contains("`tool.wasm` is not a valid component"), "{message}");
}

#[test]
fn core_module_may_import_nothing_but_wasi_0_1() {
    let message = refused(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
            (import "env" "system" (func (param i32) (result i32)))
            (import "wasi_unstable" "fd_read" (func)))"#,
    );
    assert!(message.contains("`env` `system`: a core module can import `wasi_snapshot_preview1` only"), "{message}");
    assert!(message.contains("`wasi_unstable` `fd_read`"), "{message}");
}

#[test]
fn says_what_a_file_is_instead_of_a_component() {
    for (bytes, found) in [
        (&b""[..], "it is empty"),
        (b"#!/bin/sh\n", "it is a script"),
        (b"\x7fELF\x02\x01", "it is a native program"),
        (b"(component)", "it is WebAssembly text; assemble it first"),
        (b"hello", "it begins with `hell`, expected `\\x00asm`"),
    ] {
        let message = load(bytes).unwrap_err().to_string();
        assert_eq!(message, format!("`tool.wasm` is not a WebAssembly component: {found}"));
    }
}

#[test]
fn truncated_component_is_refused_wherever_it_was_cut() {
    let whole = std::fs::read(guests::path("count-words")).unwrap();
    let cuts = (1..64).chain((64..whole.len()).step_by(whole.len() / 60));
    for cut in cuts {
        // The whole header alone is an empty component: complete, and of no use.
        if cut == 8 {
            continue;
        }
        let error = load(&whole[..cut]).expect_err(&format!("cut at {cut}"));
        let expected = matches!(error, LoadError::Invalid { .. } | LoadError::NotAComponent { .. });
        assert!(expected, "cut at {cut}: {error:?}");
    }
}

#[test]
fn changed_component_is_refused_or_loads_and_never_panics() {
    let whole = std::fs::read(guests::path("search")).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 12) {
        let mut changed = whole.clone();
        changed[at] ^= 0x55;
        drop(load(&changed));
    }
}

#[test]
fn refuses_a_tool_that_is_too_large_without_reading_it() {
    let folder = Folder::new();
    let path = folder.path("large.wasm");
    let file = std::fs::File::create(&path).unwrap();
    file.set_len(200 << 20).unwrap();
    let message = Tool::load(guests::engine(), &path, None).unwrap_err().to_string();
    assert!(message.contains(&format!("has {} bytes, more than the {TOOL_BYTES_MAX}", 200 << 20)), "{message}");
}

#[test]
fn tool_that_is_not_there_or_a_directory_is_named() {
    let folder = Folder::new();
    for (path, problem) in [("missing.wasm", "No such file"), ("", "Is a directory")] {
        let error = Tool::load(guests::engine(), &folder.path(path), None).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(error.to_string().starts_with("cannot read tool `"), "{error}");
        assert!(cause.contains(problem), "{cause}");
    }
}

#[test]
fn policy_that_pins_another_tool_stops_it() {
    let folder = Folder::new();
    let digest = guests::tool("count-words").sha256().to_string();
    let pin = |digest: &str| format!("[tool]\nsha256 = \"{digest}\"\n");
    Scene::guest(&folder, "count-words").policy(pin(&digest)).set_up().unwrap();
    let error = Scene::guest(&folder, "search").call(r#"search("", "a")"#).policy(pin(&digest)).set_up().unwrap_err();
    let message = error.to_string();
    assert!(message.starts_with(&format!("policy allows only the tool with sha256 `{digest}`")), "{message}");
    assert!(message.contains(&guests::tool("search").sha256().to_string()), "{message}");
}

#[test]
fn grant_for_a_folder_that_is_not_there_names_its_line() {
    let folder = Folder::with([("file", "")]);
    for (host, cause) in [("missing", "No such file"), ("file", "Not a directory")] {
        let policy = format!("\n[[filesystem]]\nhost = \"{host}\"\nguest = \"/work\"\n");
        let error = Scene::guest(&folder, "count-words").policy(policy).set_up().unwrap_err();
        assert!(error.to_string().ends_with(&format!("line 3: cannot open directory `{host}`")), "{error}");
        assert!(chain(&error).contains(cause), "{error:?}");
    }
}

#[test]
fn one_name_is_not_granted_for_two_folders() {
    let folder = Folder::with([("read/sub/kept.txt", ""), ("write/new.txt", "")]);
    let grant = |host: &str, guest: &str| format!("[[filesystem]]\nhost = \"{host}\"\nguest = \"{guest}\"\n");
    let policy = format!("{}{}access = \"write\"\n", grant("read", "/work"), grant("write", "/work/sub"));
    let error = Scene::guest(&folder, "count-words").policy(policy).set_up().unwrap_err();
    assert!(error.to_string().contains("guest path `/work/sub` lies in `/work` (line 2)"), "{error}");
    let policy = format!("{}{}access = \"write\"\n", grant("read", "/work"), grant("read/sub", "/work/sub"));
    Scene::guest(&folder, "count-words").policy(policy).set_up().unwrap();
}

#[test]
fn program_for_wasi_0_1_is_adapted_and_runs() {
    let tool = guests::from_text("print.wasm", &wat::preview1_print("hello from WASI 0.1"));
    assert!(tool.is_adapted());
    let run = Scene::tool(&Folder::new(), tool).run();
    run.exited(0);
    assert_eq!(run.stdout, "hello from WASI 0.1");
}

#[test]
fn program_for_wasi_0_1_is_held_like_any_other() {
    let tool = guests::from_text("open.wasm", &wat::preview1_open("../outside.txt"));
    let folder = Folder::with([("outside.txt", "out"), ("work/inside.txt", "in")]);
    let policy = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\n";
    let run = Scene::tool(&folder, tool).policy(policy).run();
    let not_permitted = 63;
    run.exited(not_permitted);
    assert_eq!(run.denials(), ["no-grant"]);
    let tool = guests::from_text("open.wasm", &wat::preview1_open("inside.txt"));
    Scene::tool(&folder, tool).policy(policy).run().exited(0);
}

#[test]
fn code_from_the_cache_runs_like_code_that_was_just_compiled() {
    for text in [wat::clock_calls(3), wat::composed("(call $take (i32.const 0) (i32.const 1000))")] {
        let folder = Folder::new();
        let state = wasm_agent_host::StateDir::open(&folder.path("state")).unwrap();
        let path = folder.path("tool.wasm");
        std::fs::write(&path, wat::parse_str(&text)).unwrap();
        let load = || Tool::load(guests::engine(), &path, Some(&state)).unwrap();
        let (compiled, cached) = (load(), load());
        assert!(compiled.was_compiled() && !cached.was_compiled());
        let (first, second) = (Scene::tool(&folder, compiled).run(), Scene::tool(&folder, cached).run());
        first.exited(0);
        assert_eq!(first.functions(), second.functions());
        assert_eq!(first.report.fuel, second.report.fuel);
    }
}

#[test]
fn text_that_is_none_traps_where_it_is_handed_over() {
    let body = "(call $take (i32.const 0x3ffffff) (i32.const 2))";
    let run = Scene::tool(&Folder::new(), guests::from_text("tool.wasm", &wat::composed(body))).run();
    assert!(matches!(run.outcome(), wasm_agent_host::Outcome::Trapped { .. }), "{:?}", run.outcome());
}

#[test]
fn tool_that_is_composed_of_too_much_is_refused_before_it_is_compiled() {
    let mut component = "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
    for level in 1..=9 {
        let instances = format!("(instance (instantiate $c{}))", level - 1).repeat(10);
        component = format!("(component $c{level} {component} {instances})");
    }
    let text = format!("(component {component} (instance (instantiate $c9)))");
    let error = load(&wat::parse_str(&text)).unwrap_err();
    let LoadError::Invalid { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(source.to_string(), "more than 1000 instances of components and modules in total");
}

#[test]
fn tool_of_more_memories_than_the_engine_can_name_is_refused() {
    let memories: String = (0..101)
        .map(|number| {
            format!(
                r#"(core instance $part{number} (instantiate $part))
                (func $take{number} (param "text" string)
                    (canon lift (core func $part{number} "take")
                        (memory (core memory $part{number} "memory")) (realloc (core func $part{number} "realloc"))))
                (core func (canon lower (func $take{number}) (memory (core memory $part{number} "memory"))))"#
            )
        })
        .collect();
    let text = format!(
        r#"(component
            (core module $part
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
                (func (export "take") (param i32 i32)))
            {memories})"#
    );
    let error = load(&wat::parse_str(&text)).unwrap_err();
    let LoadError::Invalid { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(source.to_string(), "more than 100 memories");
}

#[test]
fn tool_that_names_one_memory_many_times_has_one() {
    let lifted: String = (0..150)
        .map(|number| {
            format!(
                r#"(alias core export $part "memory" (core memory $memory{number}))
                (func $take{number} (param "text" string)
                    (canon lift (core func $part "take")
                        (memory $memory{number}) (realloc (core func $part "realloc"))))
                (core func (canon lower (func $take{number}) (memory $memory{number})))"#
            )
        })
        .collect();
    let text = format!(
        r#"(component
            (core module $part
                (memory (export "memory") 1)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
                (func (export "take") (param i32 i32)))
            (core instance $part (instantiate $part))
            {lifted})"#
    );
    load(&wat::parse_str(&text)).unwrap();
}

#[test]
fn component_that_calls_what_it_offers_itself_traps() {
    let text = r#"(component
        (core module $taker
            (memory (export "memory") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
            (func (export "take") (param i32 i32)))
        (core instance $taker (instantiate $taker))
        (func $take (param "text" string)
            (canon lift (core func $taker "take")
                (memory (core memory $taker "memory")) (realloc (core func $taker "realloc"))))
        (core module $texts (memory (export "memory") 1))
        (core instance $texts (instantiate $texts))
        (core func $lowered (canon lower (func $take) (memory (core memory $texts "memory"))))
        (core module $giver
            (import "taker" "take" (func $take (param i32 i32)))
            (func (export "run") (result i32) (call $take (i32.const 0) (i32.const 10)) (i32.const 0)))
        (core instance $giver (instantiate $giver (with "taker" (instance (export "take" (func $lowered))))))
        (func $run (result (result)) (canon lift (core func $giver "run")))
        (instance $exported (export "run" (func $run)))
        (export "wasi:cli/run@0.2.0" (instance $exported)))"#;
    let run = Scene::tool(&Folder::new(), guests::from_text("tool.wasm", text)).run();
    let wasm_agent_host::Outcome::Trapped { message } = run.outcome() else { panic!("{:?}", run.outcome()) };
    assert!(message.contains("cannot enter component instance"), "{message}");
}

#[test]
fn features_that_a_replay_can_not_repeat_are_refused() {
    for (what, core) in [
        ("threads", r#"(memory 1 1 shared)"#),
        ("memory64", r#"(memory i64 1)"#),
        (
            "relaxed SIMD",
            r#"(func (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))"#,
        ),
    ] {
        let text = wat::alone(&format!(r#"{core} (func (export "run") (result i32) (i32.const 0))"#));
        let error = load(&wat::parse_str(&text)).expect_err(what);
        assert!(matches!(error, LoadError::Feature { .. }), "{what}: {error:?}");
    }
}

#[test]
fn not_a_number_has_one_form() {
    // 0/0 with the sign that hardware gives it; canonical, it is the same on every machine.
    let core = r#"(func (export "run") (result i32)
        (i32.ne (i32.reinterpret_f32 (f32.div (f32.const 0) (f32.const 0))) (i32.const 0x7fc00000)))"#;
    Scene::tool(&Folder::new(), guests::from_text("nan.wasm", &wat::alone(core))).run().exited(0);
}
