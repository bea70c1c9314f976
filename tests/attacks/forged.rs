//! Journals that were made to keep their readers busy. A replay has bounds of its own, and takes none from a journal.

use std::io::Cursor;
use std::sync::Arc;

use wasm_agent_host::journal::{Event, RunResult};
use wasm_agent_host::{Bound, Capture, Recording, ReplayError, ReplayFailure, ReplayReport, Tool};
use wasm_agent_tests::rewritten::rewritten;
use wasm_agent_tests::{Folder, Recorded, Scene, guests, wat};

/// A bound that is reached quickly.
const SOON: u64 = 20_000_000;

fn recording(journal: &[u8]) -> Recording {
    Recording::open(Cursor::new(journal.to_vec())).unwrap()
}

fn replayed(recording: Recording, tool: &Tool) -> Result<ReplayReport, ReplayFailure> {
    recording.replay_blocking(tool, Arc::new(Capture::default()))
}

fn is_bound(result: &Result<ReplayReport, ReplayFailure>, what: Bound, most: u64) -> bool {
    matches!(result, Err(ReplayFailure::Replay(error)) if *error == ReplayError::Bound { what, most })
}

fn endless() -> Tool {
    guests::from_text(
        "endless.wasm",
        &wat::alone(r#"(func (export "run") (result i32) (loop $again (br $again)) (i32.const 0))"#),
    )
}

#[test]
fn a_replay_of_a_tool_that_never_ends_is_ended_whatever_its_journal_says() {
    let folder = Folder::new();
    let limited = Scene::tool(&folder, endless()).policy("[limits]\nfuel = 1000000\n").run();
    limited.limited_by("fuel");
    let exited = RunResult::Exited { code: 0 };
    let results =
        [exited, RunResult::Limit { which: "fuel".to_owned() }, RunResult::Limit { which: "time".to_owned() }];
    for result in results {
        for (fuel, engine) in [(u64::MAX, None), (u64::MAX / 2, None), (1 << 40, None), (u64::MAX, Some("another"))] {
            let forged = rewritten(&limited.journal, |event| match event {
                Event::Header(header) => {
                    header.limits.retain(|(name, _)| name != "fuel");
                    if let Some(engine) = engine {
                        header.engine = engine.to_owned();
                    }
                }
                Event::End(end) => (end.fuel, end.result) = (fuel, result.clone()),
                _ => {}
            });
            let ended = replayed(recording(&forged).fuel_max(SOON), &limited.tool);
            assert!(is_bound(&ended, Bound::Fuel, SOON), "{result:?} after {fuel}, {engine:?}: {ended:?}");
        }
    }
}

#[test]
fn a_replay_of_another_tool_that_never_ends_is_ended() {
    let folder = Folder::new();
    let clock = Scene::tool(&folder, guests::from_text("clock.wasm", &wat::clock_calls(3))).run();
    let ended = replayed(recording(&clock.journal).fuel_max(SOON), &endless());
    assert!(is_bound(&ended, Bound::Fuel, SOON), "{ended:?}");
    // A tool that makes its calls, with as much between any two as the journal says.
    let forged = rewritten(&clock.journal, |event| match event {
        Event::Call(call) => call.fuel = u64::MAX / 2 + call.seq.0,
        Event::End(end) => end.fuel = u64::MAX,
        _ => {}
    });
    let ended = replayed(recording(&forged).fuel_max(SOON), &endless());
    assert!(is_bound(&ended, Bound::Fuel, SOON), "{ended:?}");
}

#[test]
fn a_replay_of_components_that_copy_without_end_is_ended() {
    // Each turn copies 64 MiB for a handful of fuel: the fuel that it may use would last for an hour.
    let body = "(loop $again (call $take (i32.const 0) (i32.const 0x4000000)) (br $again))";
    let tool = guests::from_text("copies.wasm", &wat::composed(body));
    let run = Scene::tool(&Folder::new(), tool).policy("[limits]\ntime = \"100ms\"\n").run();
    run.limited_by("time");
    let forged = rewritten(&run.journal, |event| {
        if let Event::End(end) = event {
            end.fuel = u64::MAX;
        }
    });
    let ended = replayed(recording(&forged).fuel_max(1_000_000), &run.tool);
    assert!(is_bound(&ended, Bound::Fuel, 1_000_000), "{ended:?}");
}

#[test]
fn a_replay_that_needs_its_bound_to_the_last_unit_is_identical() {
    let folder = Folder::new();
    let run = Scene::tool(&folder, guests::from_text("clock.wasm", &wat::clock_calls(50))).run();
    let used = run.replay_with(&run.tool).unwrap().fuel;
    assert!(used > 100, "{used}");
    let at = replayed(recording(&run.journal).fuel_max(used), &run.tool).unwrap();
    assert_eq!((at.fuel, at.complete), (used, true));
    for less in [1, used / 2, used] {
        let beyond = replayed(recording(&run.journal).fuel_max(used - less), &run.tool);
        assert!(is_bound(&beyond, Bound::Fuel, used - less), "{less} less than {used}: {beyond:?}");
    }
}

/// Whether a replay is identical with this bound.
fn suffices(run: &Recorded, fuel: u64) -> bool {
    match replayed(recording(&run.journal).fuel_max(fuel), &run.tool) {
        Ok(_) => true,
        Err(ReplayFailure::Replay(ReplayError::Bound { what: Bound::Fuel, most })) if most == fuel => false,
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn contents_that_a_record_stands_for_count_as_fuel_does() {
    let lengths = [1000_usize, 100_000];
    let beyond = lengths.map(|length| {
        let folder = Folder::with([("notes/a.md", "word ".repeat(length / 5).as_str())]);
        let run = Scene::guest(&folder, "count-words").policy_of("count-words", &[]).arguments(["/notes"]).run();
        run.exited(0);
        let used = run.replay_with(&run.tool).unwrap().fuel;
        let (mut too_little, mut enough) = (used - 1, used + (1 << 20));
        assert!(suffices(&run, enough) && !suffices(&run, too_little));
        while enough - too_little > 1 {
            let middle = too_little.midpoint(enough);
            *(if suffices(&run, middle) { &mut enough } else { &mut too_little }) = middle;
        }
        enough - used
    });
    // Contents inside records cost nothing extra; the rest is read once, and costs a unit per byte.
    let more = beyond[1] - beyond[0];
    assert!((90_000..=100_000).contains(&more), "{beyond:?}");
}

#[test]
fn a_journal_can_not_give_a_tool_more_memory_than_the_replay_does() {
    let folder = Folder::new();
    // Two pages and the tables, and nothing else. It ends with a failure if it does not get them.
    let grows = wat::alone(
        r#"(memory $own 0)
           (func (export "run") (result i32) (i32.eq (memory.grow $own (i32.const 16)) (i32.const -1)))"#,
    );
    let run = Scene::tool(&folder, guests::from_text("grows.wasm", &grows)).run();
    run.exited(0);
    let needed = run.report.memory_high_bytes;
    let forged = rewritten(&run.journal, |event| {
        if let Event::Header(header) = event {
            header.limits.retain(|(name, _)| name != "memory-bytes");
            header.limits.push(("memory-bytes".to_owned(), u64::MAX));
        }
    });
    for journal in [&run.journal, &forged] {
        assert!(replayed(recording(journal).memory_max(needed), &run.tool).is_ok());
        let ended = replayed(recording(journal).memory_max(needed - 1), &run.tool);
        assert!(is_bound(&ended, Bound::Memory, needed - 1), "{ended:?}");
    }
}
