//! A finished run, with its journal parsed.

use std::io::Cursor;
use std::sync::Arc;

use serde_json::Value;
use wasm_agent_host::journal::{Event, Reader, Record, to_json};
use wasm_agent_host::{Capture, Outcome, Recording, ReplayFailure, ReplayReport, RunReport, Stream, Tool};

/// A finished run.
#[derive(Debug)]
pub struct Recorded {
    /// The tool.
    pub tool: Tool,
    /// What the host reported.
    pub report: RunReport,
    /// The journal's bytes.
    pub journal: Vec<u8>,
    /// The journal's records.
    pub records: Vec<Record>,
    /// What the tool printed to standard output.
    pub stdout: String,
    /// What the tool printed to standard error.
    pub stderr: String,
}

impl Recorded {
    /// Parses the journal.
    pub fn new(tool: Tool, report: RunReport, journal: Vec<u8>, stdout: String, stderr: String) -> Self {
        let records = records(&journal);
        Self { tool, report, journal, records, stdout, stderr }
    }

    /// How the run ended.
    pub fn outcome(&self) -> &Outcome {
        &self.report.outcome
    }

    /// Asserts that the tool ended with this status, and shows what it printed where it did not.
    pub fn exited(&self, status: u8) {
        assert_eq!(
            *self.outcome(),
            Outcome::Exited(status),
            "\nstdout: {}\nstderr: {}\ndenials: {:?}",
            self.stdout,
            self.stderr,
            self.denials()
        );
    }

    /// Asserts that a limit ended the run.
    pub fn limited_by(&self, which: &str) {
        assert_eq!(*self.outcome(), Outcome::Limit { which: which.to_owned() }, "\nstdout: {}", self.stdout);
    }

    /// The result of a typed export as JSON.
    pub fn json(&self) -> Value {
        match self.outcome() {
            Outcome::Returned { json: Some(json), .. } => serde_json::from_str(json).unwrap(),
            other => panic!("no typed result: {other:?}\nstderr: {}", self.stderr),
        }
    }

    /// The journal's records as `journal show --format json` prints them.
    pub fn events(&self) -> Vec<Value> {
        self.records.iter().map(to_json).collect()
    }

    /// Events of one kind.
    pub fn events_of(&self, name: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == name).collect()
    }

    /// The texts of the notes about limits.
    pub fn limit_notes(&self) -> Vec<String> {
        let notes = self.events_of("note").into_iter().filter(|note| note["name"] == "limit");
        notes.map(|note| note["text"].as_str().unwrap().to_owned()).collect()
    }

    /// The actions that have an intent: the kind, then the path or URL.
    pub fn effects(&self) -> Vec<String> {
        self.events_of("intent").iter().map(|intent| action(&intent["action"])).collect()
    }

    /// The reasons of all denied calls, each once, in order.
    pub fn denials(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        for call in self.events_of("call") {
            let decision = &call["decision"];
            if decision["verdict"] == "deny" {
                let reason = decision["reason"].as_str().unwrap_or("?").to_owned();
                if !reasons.contains(&reason) {
                    reasons.push(reason);
                }
            }
        }
        reasons
    }

    /// How many calls were denied.
    pub fn denied_calls(&self) -> usize {
        self.events_of("call").iter().filter(|call| call["decision"]["verdict"] == "deny").count()
    }

    /// The names of the functions that were called, in order.
    pub fn functions(&self) -> Vec<String> {
        let calls = self.records.iter().filter_map(|record| match &record.event {
            Event::Call(call) => Some(call.function.name.clone()),
            _ => None,
        });
        calls.collect()
    }

    /// Replays the run with a tool.
    ///
    /// # Errors
    ///
    /// Where the replay and the journal differ.
    pub fn replay_with(&self, tool: &Tool) -> Result<ReplayReport, ReplayFailure> {
        replay(&self.journal, tool, &Arc::new(Capture::default()))
    }

    /// Asserts that a replay has the same outcome and the same output.
    pub fn replays_identically(&self) {
        let output = Arc::new(Capture::default());
        let report = replay(&self.journal, &self.tool, &output);
        let report = report.unwrap_or_else(|failure| panic!("the replay failed: {failure}\n{failure:?}"));
        assert_eq!(report.outcome, self.report.outcome);
        assert!(report.fuel_compared && report.same_component);
        let text = |stream| String::from_utf8_lossy(&output.contents(stream)).into_owned();
        assert_eq!(text(Stream::Stdout), self.stdout, "standard output of the replay");
        assert_eq!(text(Stream::Stderr), self.stderr, "standard error of the replay");
    }
}

/// Replays a journal.
///
/// # Errors
///
/// When it is not a journal, or where the replay and the journal differ.
pub fn replay(journal: &[u8], tool: &Tool, output: &Arc<Capture>) -> Result<ReplayReport, ReplayFailure> {
    Recording::open(Cursor::new(journal.to_vec()))?.replay_blocking(tool, output.clone())
}

/// All whole records of a journal.
pub fn records(journal: &[u8]) -> Vec<Record> {
    let mut reader = Reader::open(Cursor::new(journal)).unwrap();
    let mut records = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        records.push(record);
    }
    records
}

/// An action of the journal on one line.
pub fn action(action: &Value) -> String {
    let text = |key: &str| action[key].as_str().unwrap_or_default();
    let kind = text("kind");
    match kind {
        "http.request" => format!("{kind} {} {}", text("method"), text("url")),
        "file.modify" if action["truncate"] == true => format!("{kind} (truncate) {}", text("path")),
        "file.rename" => format!("{kind} {} {}", text("from"), text("to")),
        "checkpoint" => format!("{kind} {}", text("title")),
        _ => format!("{kind} {}", text("path")),
    }
}
