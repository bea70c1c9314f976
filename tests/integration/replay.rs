//! Replays: identical or a difference with both sides, whatever was cut off or changed.

use std::io::Cursor;
use std::sync::Arc;

use serde_json::Value;
use wasm_agent_audit::redact::{TakenOut, redact};
use wasm_agent_host::journal::{Event, Reader, verify};
use wasm_agent_host::{Capture, Recording, ReplayError, ReplayFailure, Tool};
use wasm_agent_tests::recorded::{records, replay};
use wasm_agent_tests::store::Memory;
use wasm_agent_tests::{Folder, Recorded, Scene, Script, guests, wat};

fn clock(calls: u32) -> Tool {
    guests::from_text("clock.wasm", &wat::clock_calls(calls))
}

fn record(tool: Tool) -> Recorded {
    Scene::tool(&Folder::new(), tool).run()
}

#[test]
fn the_same_tool_makes_the_same_calls() {
    let folder = Folder::with([("notes/a.md", "one colour"), ("notes/b/c.md", "two colour")]);
    let calls = || {
        let run = Scene::guest(&folder, "edit-files")
            .policy_of("edit-files", &[])
            .arguments(["--dry-run", "/notes", "colour", "color"])
            .run();
        let strip = |mut call: Value| {
            for key in ["at_ns", "duration_ns", "record", "offset"] {
                call.as_object_mut().unwrap().remove(key);
            }
            call
        };
        run.events_of("call").into_iter().map(strip).map(|call| call.to_string()).collect::<Vec<_>>()
    };
    let (first, second) = (calls(), calls());
    // Random numbers and the time at which a file was last read are all that may differ.
    let differing = first.iter().zip(&second).filter(|(a, b)| a != b).map(|(a, _)| a.as_str());
    for call in differing {
        assert!(call.contains("wasi:random/") || call.contains("stat"), "{call}");
    }
    assert_eq!(first.len(), second.len());
}

#[test]
fn typed_call_is_replayed_with_its_recorded_arguments() {
    let folder = Folder::with([("notes/a.md", "Todo: \"quoted\" \\ ünï\n")]);
    let run = Scene::guest(&folder, "search").policy_of("search", &[]).call(r#"search("/notes", "todo: \"q")"#).run();
    assert_eq!(run.json()["ok"][0]["line"], 1);
    let error = run.replay_with(&guests::tool("count-words")).unwrap_err();
    assert!(matches!(error, ReplayFailure::Load(_)), "{error:?}");
}

/// A journal that was cut says so, unless all that is missing is the seal after the end.
fn check_cut(journal: &[u8], cut: usize, tool: &Tool) {
    let result = replay(&journal[..cut], tool, &Arc::new(Capture::default()));
    match result {
        Err(ReplayFailure::Replay(ReplayError::Incomplete { calls })) => {
            let whole = records(&journal[..cut]);
            let recorded = whole.iter().filter(|record| matches!(record.event, Event::Call(_))).count();
            assert_eq!(calls, u64::try_from(recorded).unwrap(), "cut at {cut}");
        }
        Err(ReplayFailure::Replay(ReplayError::Journal { message })) => {
            assert!(Reader::open(Cursor::new(&journal[..cut])).is_err(), "{message}");
        }
        Ok(report) => {
            let whole = records(&journal[..cut]);
            let ended = whole.iter().any(|record| matches!(record.event, Event::End(_)));
            assert!(ended, "cut at {cut}: replayed without an end: {report:?}");
            assert!(!report.complete, "cut at {cut}: nothing is missing: {report:?}");
        }
        Err(other) => panic!("cut at {cut}: {other:?}"),
    }
}

#[test]
fn journal_cut_at_any_byte_is_incomplete_and_never_panics() {
    let run = record(clock(3));
    for cut in 0..run.journal.len() {
        check_cut(&run.journal, cut, &run.tool);
    }
}

#[test]
fn journal_of_a_real_run_cut_at_any_record_is_incomplete() {
    let folder = Folder::with([("notes/a.md", "colour\n"), ("notes/b.md", "colour colour\n")]);
    let run = Scene::guest(&folder, "edit-files")
        .policy_of("edit-files", &[])
        .arguments(["/notes", "colour", "color"])
        .approver(Script::approve())
        .run();
    for record in &run.records[1..] {
        check_cut(&run.journal, usize::try_from(record.offset).unwrap(), &run.tool);
    }
}

#[test]
fn journal_with_any_byte_changed_is_refused() {
    let run = record(clock(2));
    let last_seal = usize::try_from(run.records.last().unwrap().offset).unwrap();
    for at in 0..run.journal.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut changed = run.journal.clone();
            changed[at] ^= flip;
            let result = replay(&changed, &run.tool, &Arc::new(Capture::default()));
            // A last seal that is damaged looks like one that was never finished: nothing vouches for the end.
            if at < last_seal {
                assert!(result.is_err(), "byte {at} changed by {flip:#x}: {result:?}");
            } else {
                assert!(!result.unwrap().complete, "byte {at} changed by {flip:#x}");
                assert!(!verify(Cursor::new(&changed)).unwrap().complete, "byte {at} changed by {flip:#x}");
            }
        }
    }
}

#[test]
fn redaction_is_refused_as_it_has_nothing_to_answer_the_tool_with() {
    let run = record(clock(2));
    let copy = Memory::default();
    redact(Cursor::new(run.journal), copy.clone(), TakenOut { bodies: true, paths: true }).unwrap();
    let error = Recording::open(Cursor::new(copy.bytes())).unwrap_err();
    assert_eq!(error, ReplayError::Redacted { taken_out: vec!["bodies".to_owned(), "paths".to_owned()] });
    assert_eq!(error.to_string(), "it is a redaction, without bodies and paths to answer the tool with");
}

#[test]
fn file_that_is_no_journal_is_refused() {
    for bytes in [&b""[..], b"hello", &[0; 4096], b"\0asm\x0d\0\x01\0"] {
        let result = replay(bytes, &clock(1), &Arc::new(Capture::default()));
        assert!(matches!(result, Err(ReplayFailure::Replay(ReplayError::Journal { .. }))), "{result:?}");
    }
}

#[test]
fn two_runs_at_once_keep_apart() {
    let folder = Folder::new();
    let runs: Vec<Recorded> = std::thread::scope(|scope| {
        let run = |calls| Scene::tool(&folder, clock(calls));
        let threads = [3, 5, 7].map(|calls| scope.spawn(move || (calls, run(calls).attempt(&Default::default()))));
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .map(|(calls, attempt)| {
                Recorded::new(clock(calls), attempt.report.unwrap(), attempt.journal, String::new(), String::new())
            })
            .collect()
    });
    for run in runs {
        wasm_agent_tests::invariants::assert_hold(&run);
        run.replays_identically();
    }
}
