//! [`Judge`]: what another policy would have decided in a recorded run. Nothing runs.
//!
//! Each recorded decision is made again under the new policy, by the same rules as in the gate: with the secrets that
//! the new policy gives a request, the addresses that the request reached, and the names that a path went through.
//! After another decision the tool might have done something else. That is not guessed: decisions are compared one by
//! one.

mod changes;
mod decide;
mod limits;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use wasm_agent_journal::{Answer, Event, Header, Record};
use wasm_agent_policy::{DecisionKind, GuestPath, Policy};

use crate::decisions::{Decisions, RecordedDecision};
use changes::Changes;
pub use changes::{Change, Side};
pub use limits::LimitChange;
use limits::Usage;

/// The result of judging one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The decisions that change, ordered by their first call. Equal ones are listed once.
    pub changes: Vec<Change>,
    /// Changed decisions that are not listed, as there are more than [`CHANGES_MAX`](changes::CHANGES_MAX) different
    /// ones.
    pub more: u64,
    /// Limits that would stop the run, or no longer do.
    pub limits: Vec<LimitChange>,
    /// The new policy is for another tool: the run would not start.
    pub other_tool: bool,
    /// Counts of decisions.
    pub counts: Counts,
    /// Decisions that are not judged, as the journal does not have their action: a denied action that was too long, or
    /// an allowed request that the limit `http-requests-total` turned away.
    pub unknown: u64,
    /// Guest directories that the new policy maps to other host directories: the guest path, `host` before, `host` now.
    pub moved: Vec<(String, String, String)>,
}

/// Counts of decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// By recorded decision (rows) and new decision (columns): allow, ask, deny.
    pub matrix: [[u64; 3]; 3],
    /// Changed decisions, including those that change in their secrets alone.
    pub changed: u64,
    /// Actions that were permitted, and are now denied or get other secrets.
    pub lost: u64,
    /// Decisions that both policies ask about, by recorded answer.
    pub asked_again: Answers,
    /// Decisions that only the new policy asks about.
    pub newly_asked: u64,
    /// Decisions that only the recorded policy asked about, by recorded answer.
    pub no_longer_asked: Answers,
}

/// Counts of recorded answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answers {
    /// Approved.
    pub approved: u64,
    /// Refused, not answered in time, or the approver failed.
    pub refused: u64,
    /// Not in the journal.
    pub open: u64,
}

impl Answers {
    /// All answers.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.approved.saturating_add(self.refused).saturating_add(self.open)
    }

    fn add(&mut self, answer: Option<Answer>) {
        let counter = match answer {
            Some(Answer::Approved) => &mut self.approved,
            Some(Answer::Refused | Answer::Stopped | Answer::TimedOut | Answer::Broken) => &mut self.refused,
            None => &mut self.open,
        };
        *counter = counter.saturating_add(1);
    }

    /// Adds other counts to these.
    pub fn merge(&mut self, other: &Self) {
        self.approved = self.approved.saturating_add(other.approved);
        self.refused = self.refused.saturating_add(other.refused);
        self.open = self.open.saturating_add(other.open);
    }
}

impl Counts {
    /// All decisions.
    #[must_use]
    pub fn decisions(&self) -> u64 {
        self.matrix.iter().flatten().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Decisions that are now this one, whatever they were before.
    #[must_use]
    pub fn now(&self, decision: DecisionKind) -> u64 {
        let column = place(decision);
        self.matrix.iter().filter_map(|row| row.get(column)).fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Decisions that were `was` and are now `now`.
    #[must_use]
    pub fn of(&self, was: DecisionKind, now: DecisionKind) -> u64 {
        self.matrix.get(place(was)).and_then(|row| row.get(place(now))).copied().unwrap_or_default()
    }

    /// Adds other counts to these.
    pub fn merge(&mut self, other: &Self) {
        for (row, others) in self.matrix.iter_mut().zip(&other.matrix) {
            for (count, other) in row.iter_mut().zip(others) {
                *count = count.saturating_add(*other);
            }
        }
        self.changed = self.changed.saturating_add(other.changed);
        self.lost = self.lost.saturating_add(other.lost);
        self.newly_asked = self.newly_asked.saturating_add(other.newly_asked);
        self.asked_again.merge(&other.asked_again);
        self.no_longer_asked.merge(&other.no_longer_asked);
    }

    fn add(&mut self, was: &RecordedDecision, now: DecisionKind) {
        if let Some(count) = self.matrix.get_mut(place(was.decision)).and_then(|row| row.get_mut(place(now))) {
            *count = count.saturating_add(1);
        }
        match (was.decision, now) {
            (DecisionKind::Ask, DecisionKind::Ask) => self.asked_again.add(was.answer),
            (DecisionKind::Ask, _) => self.no_longer_asked.add(was.answer),
            (_, DecisionKind::Ask) => self.newly_asked = self.newly_asked.saturating_add(1),
            _ => {}
        }
    }
}

/// Row or column of a decision.
fn place(decision: DecisionKind) -> usize {
    match decision {
        DecisionKind::Allow => 0,
        DecisionKind::Ask => 1,
        DecisionKind::Deny => 2,
    }
}

impl Judged {
    /// Whether anything changes.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.other_tool || self.counts.changed > 0 || !self.limits.is_empty()
    }
}

/// Applies a policy to the recorded decisions of one run.
#[derive(Debug)]
pub struct Judge<'p> {
    policy: &'p Policy,
    decisions: Decisions,
    counts: Counts,
    changes: Changes,
    usage: Usage,
    other_tool: bool,
    moved: Vec<(String, String, String)>,
}

impl<'p> Judge<'p> {
    /// Begins with a journal's header.
    #[must_use]
    pub fn new(policy: &'p Policy, header: &Header) -> Self {
        let decisions = Decisions::new(header);
        let moved = decisions.policy().map_or_else(Vec::new, |was| moved(was, policy));
        Self {
            policy,
            moved,
            counts: Counts::default(),
            changes: Changes::default(),
            usage: Usage::new(header),
            other_tool: policy.tool_sha256().is_some_and(|pinned| pinned != *header.component_sha256.as_bytes()),
            decisions,
        }
    }

    /// Takes the next record.
    pub fn record(&mut self, record: &Record) {
        match &record.event {
            Event::End(end) => self.usage.end(end),
            Event::Intent(intent) => self.usage.intent(intent),
            _ => {}
        }
        let mut whole = Vec::new();
        self.decisions.record(record, &mut |decided| whole.push(decided));
        whole.into_iter().for_each(|decided| self.decided(decided));
    }

    /// Ends with the journal, and returns the result.
    #[must_use]
    pub fn finish(mut self) -> Judged {
        let mut left = Vec::new();
        self.decisions.finish(&mut |decided| left.push(decided));
        left.into_iter().for_each(|decided| self.decided(decided));
        let (changes, more) = self.changes.into_parts();
        Judged {
            changes,
            more,
            limits: self.usage.changes(self.policy.limits()),
            other_tool: self.other_tool,
            counts: self.counts,
            unknown: self.decisions.unknown(),
            moved: self.moved,
        }
    }

    fn decided(&mut self, was: RecordedDecision) {
        let now = decide::judge(self.policy, &was);
        self.counts.add(&was, now.decision);
        let secrets = was.action.as_ref().and_then(|action| decide::secrets(self.policy, &was, action, &now));
        if now.decision == was.decision && secrets.is_none() {
            return;
        }
        self.counts.changed = self.counts.changed.saturating_add(1);
        let lost = was.was_permitted() && (now.decision == DecisionKind::Deny || secrets.is_some());
        self.counts.lost = self.counts.lost.saturating_add(u64::from(lost));
        self.changes.add(&was, self.decisions.policy(), &now, self.policy, secrets);
    }
}

/// Guest directories that both policies grant, mapped to different host directories.
fn moved(was: &Policy, now: &Policy) -> Vec<(String, String, String)> {
    let hosts: HashMap<&GuestPath, &str> =
        now.filesystem().iter().map(|after| (&after.guest, after.host.as_str())).collect();
    let pairs = was.filesystem().iter().filter_map(|before| {
        let after = hosts.get(&before.guest)?;
        (*after != before.host).then(|| (before.guest.to_string(), before.host.clone(), (*after).to_owned()))
    });
    pairs.collect()
}
