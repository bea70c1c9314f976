//! What must hold of every run, whatever the tool does.
//!
//! No effect without a permit, no outcome unrecorded, nothing denied performed, calls without gaps, a journal that
//! verifies, and decisions that the run's own policy repeats.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use wasm_agent_host::journal::{
    Answer, ApprovalRecord, CallId, EffectId, EffectResult, Event, Intent, Outcome, Record, Remember, RunResult,
    Verdict, verify,
};

use crate::Recorded;

/// Asserts it for a run.
pub fn assert_hold(recorded: &Recorded) {
    let verified = verify(Cursor::new(&recorded.journal)).unwrap();
    assert!(verified.complete, "the journal is not complete: {verified:?}");
    assert!(verified.tail.is_none(), "there are records after the last seal: {verified:?}");
    let mut book = Book::default();
    for record in &recorded.records {
        book.enter(record);
    }
    book.close(recorded);
    crate::judged::assert_hold(&recorded.records);
}

/// The effects of a run, as far as its journal has been read.
#[derive(Default)]
struct Book {
    calls: u64,
    last_call_ns: u64,
    intents: BTreeMap<EffectId, Intent>,
    outcomes: BTreeSet<EffectId>,
    asked: BTreeMap<EffectId, [u8; 32]>,
    settled: BTreeMap<EffectId, ApprovalRecord>,
    remembered: BTreeSet<[u8; 32]>,
    denied: BTreeSet<CallId>,
    ended: bool,
}

impl Book {
    fn enter(&mut self, record: &Record) {
        assert!(!self.ended || matches!(record.event, Event::Seal(_)), "a record after the end: {record:?}");
        match &record.event {
            Event::Header(_) => assert_eq!(record.index, 0, "a header in the middle"),
            Event::Call(call) => {
                assert_eq!(call.seq.0, self.calls, "call numbers have a gap");
                assert!(call.at_ns >= self.last_call_ns, "calls are not in the order in which they were made");
                self.calls += 1;
                self.last_call_ns = call.at_ns;
                if let Some(decision) = &call.decision
                    && decision.verdict == Verdict::Deny
                {
                    assert!(decision.reason.is_some(), "a denial without a reason: {call:?}");
                    self.denied.insert(call.seq);
                }
            }
            Event::Intent(intent) => self.intent(intent),
            Event::Outcome(outcome) => self.outcome(outcome),
            Event::ApprovalAsked(asked) => {
                let before = self.asked.insert(asked.effect, asked.action_digest);
                assert!(before.is_none(), "effect {} was asked about twice", asked.effect);
            }
            Event::ApprovalSettled(settled) => {
                let digest = self.asked.get(&settled.effect).expect("an answer without a question");
                if settled.approval.answer == Answer::Approved && settled.approval.remember == Remember::Run {
                    self.remembered.insert(*digest);
                }
                let before = self.settled.insert(settled.effect, settled.approval.clone());
                assert!(before.is_none(), "effect {} was answered twice", settled.effect);
            }
            Event::End(end) => {
                self.ended = true;
                // A call in which the run is stopped has no outcome, and is not recorded.
                let unfinished = end.calls - self.calls;
                let stopped = !matches!(end.result, RunResult::Exited { .. } | RunResult::Returned { .. });
                assert!(
                    unfinished == 0 || (stopped && unfinished == 1),
                    "{unfinished} calls are not recorded: {end:?}"
                );
            }
            Event::Function { .. } | Event::Label { .. } | Event::Blob(_) | Event::Note(_) | Event::Seal(_) => {}
        }
    }

    fn intent(&mut self, intent: &Intent) {
        match intent.decision.verdict {
            Verdict::Allow => assert!(intent.approval.is_none(), "an approval that nothing asked for: {intent:?}"),
            Verdict::Deny => panic!("an intent for what was denied: {intent:?}"),
            Verdict::Ask => {
                let approval = intent.approval.as_ref().expect("an effect that nobody approved");
                assert_eq!(approval.answer, Answer::Approved, "{intent:?}");
                match self.asked.get(&intent.effect) {
                    Some(digest) => {
                        assert_eq!(*digest, intent.action_digest, "something else was approved: {intent:?}");
                        assert_eq!(self.settled.get(&intent.effect), Some(approval), "{intent:?}");
                    }
                    None => assert!(self.remembered.contains(&intent.action_digest), "nobody was asked: {intent:?}"),
                }
            }
        }
        let action = String::from_utf8_lossy(&intent.action);
        let granted = intent.decision.grant.is_some() || action.contains("checkpoint");
        assert!(granted, "an effect without a grant: {action:?}");
        assert!(!self.outcomes.contains(&intent.effect), "an outcome before its intent: {intent:?}");
        let before = self.intents.insert(intent.effect, intent.clone());
        assert!(before.is_none(), "two intents for effect {}", intent.effect);
    }

    fn outcome(&mut self, outcome: &Outcome) {
        let known = self.intents.contains_key(&outcome.effect);
        assert!(known || outcome.result == EffectResult::Denied, "an outcome without an intent: {outcome:?}");
        assert!(self.outcomes.insert(outcome.effect), "two outcomes of effect {}", outcome.effect);
    }

    fn close(&self, recorded: &Recorded) {
        assert!(self.ended, "the journal has no end");
        for intent in self.intents.values() {
            assert!(intent.call.0 < recorded.report.calls, "an effect without a call: {intent:?}");
            assert!(!self.denied.contains(&intent.call), "an effect of a call that was denied: {intent:?}");
        }
        for (effect, approval) in &self.settled {
            let performed = self.intents.contains_key(effect);
            assert!(!performed || approval.answer == Answer::Approved, "effect {effect} was refused and performed");
        }
        let ended = matches!(
            recorded.report.outcome,
            wasm_agent_host::Outcome::Exited(_) | wasm_agent_host::Outcome::Returned { .. }
        );
        if ended {
            assert_eq!(self.asked.len(), self.settled.len(), "a question without an answer");
            for effect in self.intents.keys() {
                assert!(self.outcomes.contains(effect), "effect {effect} has no outcome");
            }
        }
        assert!(recorded.report.crossings >= recorded.report.calls, "calls that the engine did not see");
    }
}
