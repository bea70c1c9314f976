//! Replays that differ from their record: another build, other arguments, a rewritten journal. The first difference is
//! told exactly.

use std::io::Cursor;
use std::sync::Arc;

use wasm_agent_host::journal::{Event, RunResult, ToolDigest};
use wasm_agent_host::{Capture, Differs, Divergence, Recording, ReplayError, ReplayFailure, ReplayReport, Step, Tool};
use wasm_agent_tests::recorded::replay;
use wasm_agent_tests::rewritten::rewritten;
use wasm_agent_tests::{Folder, Recorded, Scene, Script, guests, wat};

fn clock(calls: u32) -> Tool {
    guests::from_text("clock.wasm", &wat::clock_calls(calls))
}

fn record(tool: Tool) -> Recorded {
    Scene::tool(&Folder::new(), tool).run()
}

fn edited() -> Recorded {
    Scene::guest(&Folder::with([("notes/a.md", "colour\n")]), "edit-files")
        .policy_of("edit-files", &[])
        .arguments(["/notes", "colour", "color"])
        .approver(Script::approve())
        .run()
}

fn diverged(result: Result<ReplayReport, ReplayFailure>) -> Divergence {
    match result {
        Err(ReplayFailure::Replay(ReplayError::Diverged(divergence))) => *divergence,
        other => panic!("{other:?}"),
    }
}

fn divergence(run: &Recorded, tool: &Tool) -> Divergence {
    diverged(run.replay_with(tool))
}

/// The divergence from a journal that was changed and made to fit.
fn rewritten_divergence(run: &Recorded, change: impl FnMut(&mut Event)) -> Divergence {
    let journal = rewritten(&run.journal, change);
    diverged(replay(&journal, &run.tool, &Arc::new(Capture::default())))
}

fn function(step: &Step) -> &str {
    match step {
        Step::Call { function, .. } => &function.name,
        other => panic!("no call: {other:?}"),
    }
}

fn result(step: &Step) -> &RunResult {
    match step {
        Step::End { result, .. } => result,
        other => panic!("no end: {other:?}"),
    }
}

const NOW: &str = "wasi:clocks/monotonic-clock#now";

#[test]
fn tool_that_does_more_diverges_at_the_first_call_too_many() {
    let divergence = divergence(&record(clock(3)), &clock(5));
    assert_eq!((divergence.call, divergence.differs), (3, Differs::Step));
    assert_eq!(*result(&divergence.recorded), RunResult::Exited { code: 0 });
    assert_eq!(function(&divergence.replayed), NOW);
}

#[test]
fn tool_that_does_less_diverges_at_its_end() {
    let divergence = divergence(&record(clock(5)), &clock(3));
    assert_eq!((divergence.call, divergence.differs), (3, Differs::Step));
    assert_eq!(function(&divergence.recorded), NOW);
    assert_eq!(*result(&divergence.replayed), RunResult::Exited { code: 0 });
}

#[test]
fn tool_that_says_something_else_diverges_where_the_texts_part() {
    let print = |text: &str| guests::from_text("print.wasm", &wat::preview1_print(text));
    let divergence = divergence(&record(print("hello")), &print("hullo"));
    assert_eq!(divergence.differs, Differs::Arguments { parameter: 1, offset: Some(1) });
    assert!(function(&divergence.recorded).starts_with("wasi:io/streams#"), "{divergence:?}");
    assert_eq!(function(&divergence.recorded), function(&divergence.replayed));
    assert!(divergence.to_string().contains(", replayed "), "{divergence}");
}

#[test]
fn another_build_that_makes_the_same_calls_is_the_same_but_for_its_fuel() {
    let slow = wat::clock_calls(2).replace("(drop (call $now))", "(drop (i32.const 1)) (drop (call $now))");
    let run = record(clock(2));
    let report = run.replay_with(&guests::from_text("clock.wasm", &slow)).unwrap();
    assert!(!report.same_component && !report.fuel_compared);
    assert!(run.replay_with(&run.tool).unwrap().fuel_compared);
}

#[test]
fn other_fuel_in_a_journal_is_a_difference_of_fuel() {
    let run = record(clock(2));
    let divergence = rewritten_divergence(&run, |event| match event {
        Event::Call(call) if call.seq.0 == 1 => call.fuel += 1,
        _ => {}
    });
    assert_eq!((divergence.call, divergence.differs), (1, Differs::Fuel));
    let core = wat::alone(r#"(func (export "run") (result i32) unreachable)"#);
    for run in [run, record(guests::from_text("trap.wasm", &core))] {
        let divergence = rewritten_divergence(&run, |event| {
            if let Event::End(end) = event {
                end.fuel += 1;
            }
        });
        assert_eq!((divergence.call, divergence.differs), (run.report.calls, Differs::Fuel));
    }
}

#[test]
fn other_end_in_a_journal_is_a_difference_of_results() {
    let divergence = rewritten_divergence(&record(clock(2)), |event| {
        if let Event::End(end) = event {
            end.result = RunResult::Exited { code: 1 };
        }
    });
    assert_eq!((divergence.call, divergence.differs), (2, Differs::Result));
    assert_eq!(*result(&divergence.replayed), RunResult::Exited { code: 0 });
}

#[test]
fn other_function_in_a_journal_is_named_on_both_sides() {
    let divergence = rewritten_divergence(&record(clock(2)), |event| match event {
        Event::Call(call) if call.seq.0 == 1 => {
            Arc::make_mut(&mut call.function).name = "wasi:clocks/monotonic-clock#resolution".to_owned();
        }
        _ => {}
    });
    assert_eq!((divergence.call, divergence.differs), (1, Differs::Function));
    assert!(function(&divergence.recorded).ends_with("#resolution"));
    assert_eq!(function(&divergence.replayed), NOW);
}

#[test]
fn tool_that_never_comes_back_is_stopped_after_the_recorded_one_ended() {
    let core = |body: &str| wat::alone(&format!(r#"(func (export "run") (result i32) {body} (i32.const 0))"#));
    let tool = |body| guests::from_text("tool.wasm", &core(body));
    let divergence = divergence(&record(tool("")), &tool("(loop $again (br $again))"));
    assert_eq!(*result(&divergence.recorded), RunResult::Exited { code: 0 });
    assert_eq!(*result(&divergence.replayed), RunResult::Limit { which: "fuel".to_owned() });
}

#[test]
fn tool_that_ends_before_it_is_stopped_diverges() {
    let core = |body: &str| wat::alone(&format!(r#"(func (export "run") (result i32) {body} (i32.const 0))"#));
    let tool = |body| guests::from_text("tool.wasm", &core(body));
    let folder = Folder::new();
    let run = Scene::tool(&folder, tool("(loop $again (br $again))")).policy("[limits]\ntime = \"300ms\"\n").run();
    run.limited_by("time");
    // On a busy machine the time may be over before the tool computes at all.
    let journal = rewritten(&run.journal, |event| {
        if let Event::End(end) = event {
            end.fuel = end.fuel.max(1_000_000);
        }
    });
    let divergence = diverged(replay(&journal, &tool(""), &Arc::new(Capture::default())));
    assert_eq!(*result(&divergence.recorded), RunResult::Limit { which: "time".to_owned() });
    assert_eq!(*result(&divergence.replayed), RunResult::Exited { code: 0 });
}

#[test]
fn other_arguments_part_where_the_tool_acts_on_them() {
    let run = edited();
    let open = || Recording::open(Cursor::new(run.journal.clone())).unwrap();
    let given = |arguments: [&str; 3]| {
        let recording = open().arguments(arguments.map(str::to_owned));
        recording.replay_blocking(&run.tool, Arc::new(Capture::default()))
    };
    let report = given(["/notes", "colour", "color"]).unwrap();
    assert!(report.same_arguments && report.fuel_compared);
    let divergence = diverged(given(["/notes", "colour", "hue"]));
    assert!(matches!(divergence.differs, Differs::Arguments { .. }), "{divergence}");
    let (Step::Call { function, .. }, call) = (&divergence.replayed, divergence.call) else { panic!("{divergence}") };
    assert!(!function.name.ends_with("#get-arguments"));
    assert!(0 < call && call < run.report.calls);
}

#[test]
fn other_arguments_that_nobody_acts_on_change_nothing() {
    let run = record(guests::from_text("given.wasm", &wat::given()));
    let recording = Recording::open(Cursor::new(run.journal.clone())).unwrap().arguments(["x".to_owned()]);
    let report = recording.replay_blocking(&run.tool, Arc::new(Capture::default())).unwrap();
    assert!(!report.same_arguments && report.same_component && !report.fuel_compared);
}

#[test]
fn divergence_names_the_reason_in_force() {
    let run = edited();
    let mut reason = None;
    let mut effects = 0;
    let divergence = rewritten_divergence(&run, |event| match event {
        Event::Note(note) if note.name == "intent" => reason = Some(note.text.clone()),
        Event::Intent(_) => effects += 1,
        // The first call behind the first effect: its handle is another one.
        Event::Call(call) if effects == 1 && call.arguments.first() != Some(&0x80) => {
            effects += 1;
            let handle = call.arguments.get_mut(1).unwrap();
            *handle = if *handle == 0 { 1 } else { 0 };
        }
        _ => {}
    });
    assert_eq!(divergence.differs, Differs::Arguments { parameter: 0, offset: None });
    assert_eq!(divergence.intent, reason);
    assert!(divergence.intent.is_some());
}

#[test]
fn journal_gives_a_replay_no_more_memory_than_one_memory_can_have() {
    // Two memories of 4 GiB, of which nothing is ever touched; the tool fails if it gets both.
    let memories = r#"(core module $memory
            (memory 1)
            (func (export "grow") (result i32) (memory.grow (i32.const 65535))))
        (core instance $a (instantiate $memory))
        (core instance $b (instantiate $memory))"#;
    let grown = r#"(export "a" (func $a "grow")) (export "b" (func $b "grow"))"#;
    let core = r#"(import "host" "a" (func $a (result i32)))
        (import "host" "b" (func $b (result i32)))
        (func (export "run") (result i32)
            (drop (call $a))
            (i32.ne (call $b) (i32.const -1)))"#;
    let tool = guests::from_text("grow.wasm", &wat::command("", memories, grown, core));
    let run = record(tool);
    run.exited(0);
    let journal = rewritten(&run.journal, |event| {
        if let Event::Header(header) = event {
            let limit = header.limits.iter_mut().find(|(name, _)| name == "memory-bytes").unwrap();
            limit.1 = u64::MAX;
        }
    });
    replay(&journal, &run.tool, &Arc::new(Capture::default())).unwrap();
}

#[test]
fn a_stop_is_believed_only_where_the_record_says_it_was() {
    let three = record(clock(3));
    let mut component = ToolDigest::from_bytes([0; 32]);
    rewritten(&three.journal, |event| {
        if let Event::Header(header) = event {
            component = header.component_sha256;
        }
    });
    let shorter = record(clock(2));
    let stopped = |later: u64| {
        let journal = rewritten(&shorter.journal, |event| match event {
            Event::Header(header) => header.component_sha256 = component,
            Event::End(end) => {
                end.result = RunResult::Limit { which: "time".to_owned() };
                end.fuel += later;
            }
            _ => {}
        });
        replay(&journal, &three.tool, &Arc::new(Capture::default()))
    };
    // Before the third call, in computation.
    assert!(stopped(0).is_ok());
    // Long after it: that call was made, and the record leaves it out.
    let divergence = diverged(stopped(1_000_000));
    assert_eq!((divergence.call, function(&divergence.replayed)), (2, NOW));
}
