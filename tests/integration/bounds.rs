//! The limits of one call and of every run: what holds at their value, and what happens one beyond.

use wasm_agent_host::Outcome;
use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, OpenMode, Probe, Recorded, Scene, guests, wat};

const READ: &str = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\n";

fn run(folder: &Folder, probe: &Probe, policy: &str) -> Recorded {
    Scene::tool(folder, probe.tool()).policy(policy).run()
}

fn trapped(run: &Recorded) -> &str {
    let Outcome::Trapped { message } = run.outcome() else { panic!("{:?}", run.outcome()) };
    message
}

/// A tool with a memory of 20 MiB and a function `$call`, which an interface has with this signature.
fn calling(interface: &str, (function, signature): (&str, &str), core: (&str, &str)) -> Recorded {
    let text = wat::command(
        &format!(r#"(import "{interface}" (instance $of (export "{function}" (func {signature}))))"#),
        &format!(
            r#"(core module $memory
                (memory (export "memory") 320)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
            (core instance $memory (instantiate $memory))
            (core func $call (canon lower (func $of "{function}")
                (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))"#
        ),
        r#"(export "call" (func $call))"#,
        &format!(
            r#"(import "host" "call" (func $call (param {}))) (memory 1)
            (func (export "run") (result i32) {} (i32.const 0))"#,
            core.0, core.1
        ),
    );
    Scene::tool(&Folder::new(), guests::from_text("tool.wasm", &text)).run()
}

#[test]
fn a_call_gets_as_many_random_bytes_as_it_may_and_no_more() {
    let asked = |bytes: u64| {
        let call = format!("(call $call (i64.const {bytes}) (i32.const 0))");
        let signature = r#"(param "len" u64) (result (list u8))"#;
        calling("wasi:random/random@0.2.0", ("get-random-bytes", signature), ("i64 i32", &call))
    };
    asked(1 << 20).exited(0);
    let more = asked((1 << 20) + 1);
    assert!(trapped(&more).contains("1048577"), "{}", trapped(&more));
}

#[test]
fn the_arguments_of_a_call_are_as_long_as_they_may_be_and_no_longer() {
    let declared = |bytes: u64| {
        let call = format!("(call $call (i32.const 0) (i32.const {bytes}))");
        calling("wasm-agent:host/intent@0.1.0", ("declare", r#"(param "why" string)"#), ("i32 i32", &call))
    };
    declared(16 << 20).exited(0);
    let more = declared((16 << 20) + 1);
    assert!(trapped(&more).starts_with("too much data is being copied"), "{}", trapped(&more));
}

#[test]
fn a_call_waits_for_as_many_pollables_as_a_tool_can_lend() {
    let waited = |count: u64| {
        let text = wat::command(
            r#"(import "wasi:io/poll@0.2.0" (instance $poll
                (export "pollable" (type $pollable (sub resource)))
                (export "poll" (func (param "in" (list (borrow $pollable))) (result (list u32))))))
            (alias export $poll "pollable" (type $pollable))
            (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
                (alias outer 1 $pollable (type $outer))
                (export "pollable" (type $pollable (eq $outer)))
                (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))"#,
            r#"(core module $memory
                (memory (export "memory") 320)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
            (core instance $memory (instantiate $memory))
            (core func $poll (canon lower (func $poll "poll")
                (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))
            (core func $after (canon lower (func $clock "subscribe-duration")))"#,
            r#"(export "poll" (func $poll)) (export "after" (func $after))
            (export "memory" (memory $memory "memory"))"#,
            &format!(
                r#"(import "host" "poll" (func $poll (param i32 i32 i32)))
                (import "host" "after" (func $after (param i64) (result i32)))
                (import "host" "memory" (memory 1))
                (func (export "run") (result i32)
                    (local $one i32) (local $at i32)
                    (local.set $one (call $after (i64.const 0)))
                    (local.set $at (i32.const 1024))
                    (loop $next
                        (i32.store (local.get $at) (local.get $one))
                        (local.set $at (i32.add (local.get $at) (i32.const 4)))
                        (br_if $next (i32.lt_u (local.get $at) (i32.const {end}))))
                    (call $poll (i32.const 1024) (i32.const {count}) (i32.const 8))
                    (i32.const 0))"#,
                end = 1024 + 4 * count.max(1),
            ),
        );
        Scene::tool(&Folder::new(), guests::from_text("tool.wasm", &text)).run()
    };
    waited(1).exited(0);
    // A tool has 1024 handles, and can lend as many. The pollable itself is the one that is missing here.
    waited(2047).exited(0);
    assert_eq!(trapped(&waited(0)), "empty poll list");
    assert_eq!(trapped(&waited(2048)), "cannot lend resource: store handle limit exceeded");
}

#[test]
fn a_path_has_as_many_names_and_bytes_as_it_may() {
    let folder = Folder::with([("work/a", "1")]);
    let deep = [&*"d".repeat(250); 16].join("/");
    folder.dir(&format!("work/{deep}"));
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.stat(work, &format!("{}a", "./".repeat(255)));
    probe.stat(work, &format!("{}a", "./".repeat(256)));
    // `/work/` and the directories have 4022 bytes.
    probe.stat(work, &format!("{deep}/{}", "n".repeat(74)));
    probe.stat(work, &format!("{deep}/{}", "n".repeat(75)));
    let run = run(&folder, &probe, READ);
    run.exited(0);
    let expected = ["stat-at ok", "stat-at name-too-long", "stat-at no-entry", "stat-at name-too-long"];
    assert_eq!(results(&run), expected);
}

#[test]
fn a_path_leads_through_as_many_links_as_it_may() {
    let folder = Folder::with([("work/0", "1")]);
    for link in 1..=41 {
        folder.link(&format!("work/{link}"), &(link - 1).to_string());
    }
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.stat(work, "40");
    probe.stat(work, "41");
    let run = run(&folder, &probe, READ);
    run.exited(0);
    assert_eq!(results(&run), ["stat-at ok", "stat-at loop"]);
}

#[test]
fn a_tool_has_as_many_handles_as_it_may() {
    let opened = |files: usize| {
        let folder = Folder::with([("work/a", "1")]);
        let mut probe = Probe::new();
        let work = probe.preopen();
        for _ in 0..files {
            probe.open(work, "a", OpenMode::READ);
        }
        run(&folder, &probe, &format!("{READ}[limits]\nhandles = 10\n"))
    };
    opened(9).exited(0);
    opened(10).limited_by("handles");
}

#[test]
fn a_tool_prints_as_much_as_it_may() {
    let printed = |limit: usize| {
        let tool = guests::from_text("cat.wasm", &wat::preview1_cat());
        let policy = format!("[limits]\noutput = {limit}\n");
        Scene::tool(&Folder::new(), tool).policy(policy).stdin(vec![b'x'; 5000]).run()
    };
    printed(5000).exited(0);
    printed(4999).limited_by("output");
}

#[test]
fn tables_grow_to_their_limit() {
    let core = r#"(table $table 1 funcref) (func (export "run") (result i32)
        (i32.eq (table.grow $table (ref.null func) (i32.const 1048575)) (i32.const -1))
        (i32.ne (table.grow $table (ref.null func) (i32.const 1)) (i32.const -1)) i32.or)"#;
    Scene::tool(&Folder::new(), guests::from_text("tool.wasm", &wat::alone(core))).run().exited(0);
}

#[test]
fn a_tool_has_as_many_instances_as_it_may() {
    let with = |instances: usize| {
        let parts = format!("(core module $part) {}", "(core instance (instantiate $part))".repeat(instances));
        let text = wat::command("", &parts, "", r#"(func (export "run") (result i32) (i32.const 0))"#);
        Scene::tool(&Folder::new(), guests::from_text("tool.wasm", &text)).run()
    };
    with(127).exited(0);
    let more = with(128);
    assert!(trapped(&more).contains("instance count too high"), "{}", trapped(&more));
}
