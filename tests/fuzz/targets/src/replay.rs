//! Replaying journals that were rewritten.

use std::io::Cursor;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use wasm_agent_host::{Compiler, Discard, Engine, Grants, Invocation, Outcome, Recording, Run, Tool};
use wasm_agent_journal::testing::Memory;
use wasm_agent_journal::{Reader, to_json};

use crate::forge;

/// A command that reads the clock four times, and does the same whatever it is told.
const TOOL: &str = r#"(component
    (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
        (export "now" (func (result u64)))
        (export "resolution" (func (result u64)))))
    (core func $now (canon lower (func $clock "now")))
    (core func $resolution (canon lower (func $clock "resolution")))
    (core module $main
        (import "host" "now" (func $now (result i64)))
        (import "host" "resolution" (func $resolution (result i64)))
        (func (export "run") (result i32)
            (drop (call $now)) (drop (call $resolution)) (drop (call $now)) (drop (call $now))
            (i32.const 0)))
    (core instance $main (instantiate $main (with "host" (instance
        (export "now" (func $now)) (export "resolution" (func $resolution))))))
    (func $run (result (result)) (canon lift (core func $main "run")))
    (instance $exported (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $exported)))"#;

/// Replays a journal whose checks and seals are made to fit.
///
/// # Panics
///
/// When a replay is said to be the same run, and the journal has other calls, effects or another end than that run, or,
/// where it says that the run was stopped, than that run's beginning.
pub fn replay(data: &[u8]) {
    let journal = forge::refitted(data);
    let Ok(recording) = Recording::open(Cursor::new(journal.clone())) else { return };
    let same_engine = recording.header().engine == tool().1.fingerprint();
    if let Ok(report) = recording.replay_blocking(&tool().0, Arc::new(Discard)) {
        assert_eq!(report.fuel_compared, same_engine && report.same_component);
        let fuel = report.fuel_compared;
        let (mut said, mut run) = (told(&journal, fuel), told(recorded(), fuel));
        if matches!(report.outcome, Outcome::Limit { .. } | Outcome::Stopped { .. }) {
            // Stopped from outside: the same run as far as it went, and how it was stopped is not the tool's doing.
            said.pop();
            run.truncate(said.len());
        }
        assert_eq!(said, run, "said to be the same run");
    }
}

/// The journal of the tool's run, as it is.
pub fn recorded() -> &'static [u8] {
    static RECORDED: OnceLock<Vec<u8>> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let (tool, _) = tool();
        let store = Memory::default();
        let run = Run::new(tool, Arc::new(Grants::none()), Invocation::command(tool).unwrap()).unwrap();
        run.execute_blocking(store.clone()).unwrap();
        store.bytes()
    })
}

fn tool() -> &'static (Tool, Engine) {
    static TOOL_LOADED: OnceLock<(Tool, Engine)> = OnceLock::new();
    TOOL_LOADED.get_or_init(|| {
        let engine = Engine::new(Compiler::in_process()).unwrap();
        let component = wat::parse_str(TOOL).unwrap();
        (Tool::from_bytes(&engine, Path::new("clock.wasm"), &component, None).unwrap(), engine)
    })
}

/// All that a journal says of what the tool did, apart from what it was told and how long that took.
fn told(journal: &[u8], fuel: bool) -> Vec<Value> {
    let mut reader = Reader::open(Cursor::new(journal)).unwrap();
    let mut told = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        let mut shown = to_json(&record);
        let known: &[&str] = match shown["event"].as_str() {
            Some("call") if fuel => &["function", "arguments", "fuel"],
            Some("call") => &["function", "arguments"],
            Some("intent" | "outcome" | "approval-asked" | "approval-settled") => &["effect"],
            Some("end") => &["result"],
            _ => continue,
        };
        let shown = shown.as_object_mut().unwrap();
        shown.retain(|name, _| known.contains(&name.as_str()));
        told.push(Value::Object(std::mem::take(shown)));
    }
    told
}
