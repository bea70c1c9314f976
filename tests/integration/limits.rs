//! Limits: each ends the run under its own name, and the replay ends at the same place.

use wasm_agent_host::Outcome;
use wasm_agent_tests::{Folder, OpenMode, Probe, Recorded, Scene, Script, guests, wat};

fn limited(limits: &str, core: &str) -> Recorded {
    let folder = Folder::new();
    Scene::tool(&folder, guests::from_text("tool.wasm", &wat::alone(core)))
        .policy(format!("[limits]\n{limits}\n"))
        .run()
}

fn guest(name: &str, limits: &str, arguments: &[&str]) -> Recorded {
    let folder = Folder::with([("work/notes.txt", "notes")]);
    let policy = format!(
        "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\nask = []\n[limits]\n{limits}\n"
    );
    Scene::guest(&folder, name).policy(policy).arguments(arguments.iter().copied()).run()
}

const FOREVER: &str = r#"(func (export "run") (result i32) (loop $again (br $again)) (i32.const 0))"#;

#[test]
fn fuel_ends_a_loop() {
    let run = limited("fuel = 100000", FOREVER);
    run.limited_by("fuel");
    assert!((99_000..=101_000).contains(&run.report.fuel), "{}", run.report.fuel);
}

#[test]
fn time_ends_a_loop_and_the_replay_stops_where_it_did() {
    limited("time = \"100ms\"", FOREVER).limited_by("time");
    for kind in ["compute", "calls", "wait"] {
        let run = guest("endless-loop", "time = \"100ms\"", &[kind]);
        run.limited_by("time");
        assert!(run.report.elapsed.as_millis() >= 100);
    }
}

/// Fuel is what interrupts a guest: an instruction that takes as long as its length says must cost that much.
#[test]
fn what_handles_many_bytes_at_once_costs_a_unit_of_fuel_for_each() {
    for bulk in [
        "(memory.fill (i32.const 0) (i32.const 1) (local.get $n))",
        "(memory.copy (i32.const 0) (i32.const 1) (local.get $n))",
        "(memory.init $data (i32.const 0) (i32.const 0) (local.get $n))",
        "(table.fill $table (i32.const 0) (ref.null func) (local.get $n))",
        "(table.copy $table $table (i32.const 0) (i32.const 1) (local.get $n))",
        "(table.init $table $elements (i32.const 0) (i32.const 0) (local.get $n))",
    ] {
        let (data, elements) = ("x".repeat(5000), "$run ".repeat(5000));
        let once = |times: &str| {
            let core = format!(
                r#"(memory 1) (table $table 6000 funcref) (data $data "{data}") (elem $elements func {elements})
                (func $run (export "run") (result i32) (local $n i32)
                    (local.set $n (i32.const 5000))
                    {times} (i32.const 0))"#
            );
            limited("fuel = 100000", &core)
        };
        let (without, with) = (once(""), once(bulk));
        with.exited(0);
        assert!(with.report.fuel >= without.report.fuel + 5000, "{bulk}: {}", with.report.fuel);
        once(&bulk.repeat(30)).limited_by("fuel");
    }
}

#[test]
fn time_ends_a_loop_that_does_nothing_but_fill_memory() {
    let fill = r#"(memory 1024) (func (export "run") (result i32)
        (loop $again (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000)) (br $again)) (i32.const 0))"#;
    let run = limited("time = \"100ms\"", fill);
    run.limited_by("time");
    assert!(run.report.fuel >= 0x4000000, "{}", run.report.fuel);
}

/// What the parts of a tool hand each other is copied by the engine, which counts no fuel for it.
#[test]
fn time_ends_parts_of_a_tool_that_do_nothing_but_hand_each_other_long_texts() {
    let again = "(loop $again (call $take (i32.const 0) (i32.const 0x3000000)) (br $again))";
    let folder = Folder::new();
    let tool = guests::from_text("tool.wasm", &wat::composed(again));
    let run = Scene::tool(&folder, tool).policy("[limits]\ntime = \"100ms\"\n").run();
    run.limited_by("time");
    // It was not fuel that ended it: what a hundred thousand texts cost.
    assert!(run.report.fuel < 1_000_000, "{}", run.report.fuel);
}

#[test]
fn memory_beyond_the_limit_is_refused_and_the_guest_can_handle_it() {
    let run = limited(
        "memory = \"1MiB\"",
        r#"(memory 1)
        (func (export "run") (result i32)
            (i32.eq (memory.grow (i32.const 15)) (i32.const -1))
            (i32.ne (memory.grow (i32.const 1)) (i32.const -1))
            i32.or)"#,
    );
    run.exited(0);
    assert_eq!(run.report.memory_high_bytes, 1 << 20);
}

#[test]
fn growth_beyond_what_a_tool_allows_itself_fails_as_it_expects() {
    let run = limited(
        "memory = \"64MiB\"",
        r#"(memory 1 2) (table $table 1 2 funcref)
        (func (export "run") (result i32)
            (i32.ne (memory.grow (i32.const 5)) (i32.const -1))
            (i32.ne (table.grow $table (ref.null func) (i32.const 5)) (i32.const -1))
            i32.or
            (i32.ne (memory.grow (i32.const 1)) (i32.const 1))
            i32.or)"#,
    );
    run.exited(0);
    assert_eq!(run.report.memory_high_bytes, 2 << 16);
}

/// The last call takes longer than the run may, and the tool then ends before it is interrupted.
#[test]
fn tool_that_ends_by_itself_when_its_time_is_up_ends_so_in_the_replay() {
    for last in ["(i32.const 0)", "(i32.const 1)", "unreachable", "(i32.load (i32.const -1))"] {
        let text = wat::command(
            r#"(import "wasi:random/random@0.2.0"
                (instance $random (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))"#,
            r#"(core module $memory
                (memory (export "memory") 64)
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
            (core instance $memory (instantiate $memory))
            (core func $bytes (canon lower (func $random "get-random-bytes")
                (memory (core memory $memory "memory")) (realloc (core func $memory "realloc"))))"#,
            r#"(export "bytes" (func $bytes))"#,
            &format!(
                r#"(import "host" "bytes" (func $bytes (param i64 i32))) (memory 1)
                (func (export "run") (result i32) (call $bytes (i64.const 1048576) (i32.const 0)) {last})"#
            ),
        );
        let folder = Folder::new();
        let tool = guests::from_text("tool.wasm", &text);
        let run = Scene::tool(&folder, tool).policy("[limits]\ntime = \"1ms\"\n").run();
        assert!(!matches!(run.outcome(), Outcome::Limit { .. }), "{last}: {:?}", run.outcome());
    }
}

#[test]
fn memory_is_the_reason_where_the_guest_can_not_handle_it() {
    limited(
        "memory = \"1MiB\"",
        r#"(memory 1)
        (func (export "run") (result i32)
            (if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then unreachable))
            (i32.const 0))"#,
    )
    .limited_by("memory");
    limited("memory = \"1MiB\"", r#"(memory 17) (func (export "run") (result i32) (i32.const 0))"#)
        .limited_by("memory");
}

#[test]
fn table_growth_ends() {
    let run = limited(
        "memory = \"64MiB\"",
        r#"(table $t 1 funcref)
        (func (export "run") (result i32)
            (i32.ne (table.grow $t (ref.null func) (i32.const 0x7fffffff)) (i32.const -1)))"#,
    );
    run.exited(0);
}

#[test]
fn endless_recursion_is_a_trap() {
    let run = limited("fuel = 1000000000", r#"(func $run (export "run") (result i32) (call $run) drop (call $run))"#);
    let Outcome::Trapped { message } = run.outcome() else { panic!("{:?}", run.outcome()) };
    assert!(message.contains("stack"), "{message}");
}

#[test]
fn output_beyond_the_limit_ends_the_run() {
    let run = guest("output-flood", "output = \"1MiB\"", &["1"]);
    run.limited_by("output");
    assert!(run.stdout.len() <= 1 << 20, "{}", run.stdout.len());
}

#[test]
fn handles_end() {
    for kind in ["files", "pollables", "fields"] {
        let run = guest("handle-flood", "handles = 100", &[kind, "100"]);
        match run.outcome() {
            Outcome::Limit { which } => assert_eq!(which, "handles", "{kind}"),
            Outcome::Exited(0) => assert!(run.stdout.contains("held: handles end at"), "{kind}: {}", run.stdout),
            other => panic!("{kind}: {other:?}: {}", run.stdout),
        }
    }
}

#[test]
fn record_of_a_run_is_bounded() {
    guest("endless-loop", "journal = \"100KiB\"\ntime = \"60s\"", &["calls"]).limited_by("journal");
}

#[test]
fn limits_that_are_not_reached_change_nothing() {
    let folder = Folder::new();
    let tool = || guests::from_text("clock.wasm", &wat::clock_calls(5));
    let free = Scene::tool(&folder, tool()).run();
    let fuel = free.report.fuel;
    let enough = Scene::tool(&folder, tool()).policy(format!("[limits]\nfuel = {}\n", fuel + 1)).run();
    enough.exited(0);
    assert_eq!(enough.report.fuel, fuel);
}

#[test]
fn running_out_of_fuel_at_any_point_is_the_same_in_the_replay() {
    let folder = Folder::new();
    let tool = guests::from_text("clock.wasm", &wat::clock_calls(3));
    let whole = Scene::tool(&folder, tool.clone()).run().report.fuel;
    let mut calls = Vec::new();
    for fuel in 1..whole {
        let run = Scene::tool(&folder, tool.clone()).policy(format!("[limits]\nfuel = {fuel}\n")).run();
        // Fuel is looked at where the code branches, so the last few units may come after the last look.
        match run.outcome() {
            Outcome::Limit { which } => assert_eq!(which, "fuel"),
            other => assert!(*other == Outcome::Exited(0) && fuel + 5 > whole, "{fuel} of {whole}: {other:?}"),
        }
        calls.push(run.report.calls);
    }
    assert!(calls.is_sorted() && calls.first() == Some(&0) && calls.last() == Some(&3), "{calls:?}");
}

#[test]
fn questions_that_are_refused_fill_the_journal_too() {
    let deep = ["d"; 8].map(|name| name.repeat(200)).join("/");
    let folder = Folder::new();
    folder.write(&format!("work/{deep}/f"), "kept");
    let mut probe = Probe::new();
    let work = probe.preopen();
    let dir = probe.open(work, &deep, OpenMode::DIR);
    for _ in 0..60 {
        probe.open(dir, "f", OpenMode::TRUNCATE);
    }
    let policy =
        "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\n[limits]\njournal = \"64KiB\"\n";
    let run = Scene::tool(&folder, probe.tool()).policy(policy).approver(Script::refuse()).run();
    run.limited_by("journal");
    assert!(run.journal.len() < 128 << 10, "{}", run.journal.len());
    assert_eq!(folder.read(&format!("work/{deep}/f")), "kept");
}
