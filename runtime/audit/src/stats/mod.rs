//! What a run cost: calls, time and bytes, by function and by kind.
//!
//! Memory is bounded: the format bounds the functions, and constants here bound everything else. Nothing is checked
//! beyond what the journal's reader checks: records are counted as they are.

mod effects;
mod slowest;
mod traffic;

use std::collections::BTreeMap;

use wasm_agent_journal::{Answer, Call, End, Event, Record, Verdict};

use crate::item::{Returned, payload_bytes, returned};
use crate::view::View;

pub use effects::{EffectCounts, Effects};
pub use slowest::{SLOWEST_MAX, SlowCall};
pub use traffic::Traffic;

/// The sums over a journal's records.
#[derive(Debug, Default)]
pub struct Stats {
    functions: BTreeMap<String, FunctionStats>,
    calls: FunctionStats,
    effects: Effects,
    approvals: BTreeMap<&'static str, u64>,
    waited_ns: u64,
    last_ns: u64,
    end: Option<End>,
    slowest: slowest::Slowest,
    view: View,
    traffic: Traffic,
    records: BTreeMap<&'static str, RecordStats>,
    /// Kind and offset of the previous record. Its length follows from the next offset.
    before: Option<(&'static str, u64)>,
}

/// Calls of one function, or of all functions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunctionStats {
    /// How many.
    pub calls: u64,
    /// Denied calls.
    pub denied: u64,
    /// Calls that returned an error or trapped, including denied ones.
    pub errors: u64,
    /// Time of all calls, in nanoseconds.
    pub total_ns: u64,
    /// Time of the longest call, in nanoseconds.
    pub max_ns: u64,
    /// Contents from the guest, in bytes.
    pub bytes_out: u64,
    /// Contents to the guest, in bytes.
    pub bytes_in: u64,
}

/// Records of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordStats {
    /// How many.
    pub records: u64,
    /// Their size in the file, in bytes, including frames.
    pub bytes: u64,
}

/// Where the time of a run went, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// From the start to the end, or to the last record if there is no end.
    pub total_ns: u64,
    /// In the tool: outside of host calls.
    pub tool_ns: u64,
    /// In host calls.
    pub host_ns: u64,
    /// Waiting for answers. Usually this is part of the time in host calls.
    pub waited_ns: u64,
}

impl Stats {
    /// Begins at zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next record. `describe` describes a call in a few words. It is called for the slowest calls only.
    pub fn record(&mut self, record: &Record, describe: impl FnOnce(&Record) -> String) {
        self.close(record.offset);
        let kind = kind(&record.event);
        self.traffic.count(&self.view.record(record).activity);
        self.before = Some((kind, record.offset));
        match &record.event {
            Event::Call(call) => {
                self.call(call);
                self.slowest.offer(call, || describe(record));
            }
            Event::Intent(intent) => {
                self.at(intent.at_ns);
                self.effects.intent(intent.effect.0, &intent.action);
            }
            Event::Outcome(outcome) => {
                self.at(outcome.at_ns);
                self.effects.outcome(outcome.effect.0, outcome.result);
            }
            Event::ApprovalAsked(asked) => self.at(asked.at_ns),
            Event::ApprovalSettled(settled) => {
                self.at(settled.at_ns);
                *self.approvals.entry(settled.approval.answer.name()).or_default() += 1;
                self.waited_ns = self.waited_ns.saturating_add(settled.approval.waited_ns);
            }
            Event::Note(note) => self.at(note.at_ns),
            Event::End(end) => {
                self.at(end.at_ns);
                self.end = Some(end.clone());
            }
            Event::Header(_) | Event::Function { .. } | Event::Label { .. } | Event::Blob(_) | Event::Seal(_) => {}
        }
    }

    /// Ends the count. The last record ends at this offset.
    pub fn finish(&mut self, end_offset: u64) {
        self.close(end_offset);
        self.before = None;
    }

    /// Calls by function, ordered by total time, the longest first.
    #[must_use]
    pub fn functions(&self) -> Vec<(&str, FunctionStats)> {
        let mut functions: Vec<_> = self.functions.iter().map(|(name, stats)| (name.as_str(), *stats)).collect();
        functions.sort_by_key(|(_, stats)| std::cmp::Reverse((stats.total_ns, stats.calls)));
        functions
    }

    /// All calls.
    #[must_use]
    pub fn calls(&self) -> FunctionStats {
        self.calls
    }

    /// Effects by kind.
    #[must_use]
    pub fn effects(&self) -> &Effects {
        &self.effects
    }

    /// How often each answer was given.
    pub fn approvals(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        Answer::ALL.iter().filter_map(|answer| Some((answer.name(), *self.approvals.get(answer.name())?)))
    }

    /// Where the time went.
    #[must_use]
    pub fn time(&self) -> Time {
        let host_ns = self.calls.total_ns;
        Time {
            total_ns: self.last_ns,
            tool_ns: self.last_ns.saturating_sub(host_ns),
            host_ns,
            waited_ns: self.waited_ns,
        }
    }

    /// The end of the run, if it was recorded.
    #[must_use]
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// The slowest calls, at most [`SLOWEST_MAX`], slowest first.
    #[must_use]
    pub fn slowest(&self) -> &[SlowCall] {
        self.slowest.calls()
    }

    /// Contents read and written, by source and destination.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Records by kind, in the order of their kinds' numbers.
    pub fn records(&self) -> impl Iterator<Item = (&'static str, RecordStats)> + '_ {
        KINDS.iter().filter_map(|kind| Some((*kind, *self.records.get(kind)?)))
    }

    fn call(&mut self, call: &Call) {
        self.at(call.at_ns.saturating_add(call.duration_ns));
        let stats = FunctionStats {
            calls: 1,
            denied: u64::from(call.decision.as_ref().is_some_and(|decision| decision.verdict == Verdict::Deny)),
            errors: u64::from(matches!(returned(&call.outcome), Returned::Error(_) | Returned::Trap(_))),
            total_ns: call.duration_ns,
            max_ns: call.duration_ns,
            bytes_out: payload_bytes(&call.arguments),
            bytes_in: payload_bytes(&call.outcome),
        };
        self.calls.add(&stats);
        match self.functions.get_mut(&call.function.name) {
            Some(sum) => sum.add(&stats),
            None => {
                self.functions.insert(call.function.name.clone(), stats);
            }
        }
    }

    fn at(&mut self, at_ns: u64) {
        self.last_ns = self.last_ns.max(at_ns);
    }

    fn close(&mut self, offset: u64) {
        if let Some((kind, start)) = self.before {
            let sum = self.records.entry(kind).or_default();
            sum.records = sum.records.saturating_add(1);
            sum.bytes = sum.bytes.saturating_add(offset.saturating_sub(start));
        }
    }
}

impl FunctionStats {
    fn add(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.denied = self.denied.saturating_add(other.denied);
        self.errors = self.errors.saturating_add(other.errors);
        self.total_ns = self.total_ns.saturating_add(other.total_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
        self.bytes_out = self.bytes_out.saturating_add(other.bytes_out);
        self.bytes_in = self.bytes_in.saturating_add(other.bytes_in);
    }

    /// Average time of a call, in nanoseconds.
    #[must_use]
    pub fn mean_ns(&self) -> u64 {
        self.total_ns.checked_div(self.calls).unwrap_or_default()
    }
}

/// The kinds of records, as `journal show --format json` names them, in the order of their numbers.
const KINDS: [&str; 12] = [
    "header",
    "function",
    "label",
    "blob",
    "call",
    "intent",
    "outcome",
    "approval-asked",
    "approval-settled",
    "note",
    "seal",
    "end",
];

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Header(_) => "header",
        Event::Function { .. } => "function",
        Event::Label { .. } => "label",
        Event::Blob(_) => "blob",
        Event::Call(_) => "call",
        Event::Intent(_) => "intent",
        Event::Outcome(_) => "outcome",
        Event::ApprovalAsked(_) => "approval-asked",
        Event::ApprovalSettled(_) => "approval-settled",
        Event::Note(_) => "note",
        Event::Seal(_) => "seal",
        Event::End(_) => "end",
    }
}

#[cfg(test)]
mod tests;
