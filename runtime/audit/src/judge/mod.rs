//! [`Judge`]: what another policy would have decided about what a run did. Nothing runs.
//!
//! Each recorded decision is made again under the new policy, as the gate makes it: with the secrets that the new
//! policy gives a request, the addresses that the request came to, and the way that a path led. What the tool would
//! have done after another answer is not known and not guessed: decisions are compared one by one.

mod again;
mod changes;
mod limits;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use wasm_agent_journal::{Answer, Event, Header, Record};
use wasm_agent_policy::{Action, DecisionKind, GuestPath, Policy};

use crate::decided::{Decided, Decisions};
use changes::Changes;
pub use changes::{Change, Side};
pub use limits::LimitChange;
use limits::Used;

/// What came of judging one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The decisions that change, in the order of their first calls; equal ones once.
    pub changes: Vec<Change>,
    /// Decisions that change and are not listed, because [`CHANGES_MAX`](changes::CHANGES_MAX) different ones are.
    pub more: u64,
    /// Limits that the run went over, or no longer ends at.
    pub limits: Vec<LimitChange>,
    /// Whether the new policy is for another tool, so that nothing of this would run.
    pub other_tool: bool,
    /// Counts of decisions.
    pub counts: Counts,
    /// Decisions whose call has no action in the journal. They are not judged: too long an action that was denied, and
    /// a request that was allowed and then turned away, as `http-requests` of them were under way.
    pub unknown: u64,
    /// Guest directories that are other directories of the host under the new policy: the guest path, `host` then and
    /// now.
    pub moved: Vec<(String, String, String)>,
}

/// Counts of decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// By what was decided, then by what the new policy decides: allow, ask, deny.
    pub matrix: [[u64; 3]; 3],
    /// Decisions that change, in the decision or in the secrets.
    pub changed: u64,
    /// What was allowed or approved and is denied now, or gets other secrets.
    pub lost: u64,
    /// Decisions that the new policy asks about and somebody was asked about then, by answer.
    pub asked_again: Answers,
    /// Decisions that the new policy asks about, and nobody was asked about then.
    pub newly_asked: u64,
    /// Decisions that somebody was asked about and the new policy does not ask about, by answer.
    pub no_longer_asked: Answers,
}

/// Answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answers {
    /// Approved.
    pub approved: u64,
    /// Refused, not given in time, or given by an approver that failed.
    pub refused: u64,
    /// Not in the journal.
    pub open: u64,
}

impl Answers {
    /// All of them.
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

    /// Adds other answers to these.
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

    /// Decisions that are now this, whatever they were.
    #[must_use]
    pub fn now(&self, decision: DecisionKind) -> u64 {
        let column = place(decision);
        self.matrix.iter().filter_map(|row| row.get(column)).fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Decisions that were one thing and are now another.
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

    fn add(&mut self, was: &Decided, now: DecisionKind) {
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
    /// Whether anything would have been decided otherwise.
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
    used: Used,
    other_tool: bool,
    moved: Vec<(String, String, String)>,
}

impl<'p> Judge<'p> {
    /// Judges a run that began with this header.
    #[must_use]
    pub fn new(policy: &'p Policy, header: &Header) -> Self {
        let decisions = Decisions::new(header);
        let moved = decisions.policy().map_or_else(Vec::new, |was| moved(was, policy));
        Self {
            policy,
            moved,
            counts: Counts::default(),
            changes: Changes::default(),
            used: Used::new(header),
            other_tool: policy.tool_sha256().is_some_and(|pinned| pinned != *header.component_sha256.as_bytes()),
            decisions,
        }
    }

    /// Takes in the next record.
    pub fn record(&mut self, record: &Record) {
        match &record.event {
            Event::End(end) => self.used.end(end),
            Event::Intent(intent) => self.used.intent(intent),
            Event::Outcome(outcome) => self.used.outcome(outcome.effect.0),
            _ => {}
        }
        let mut whole = Vec::new();
        self.decisions.record(record, &mut |decided| whole.push(decided));
        whole.into_iter().for_each(|decided| self.decided(decided));
    }

    /// What came of it, once the journal's last record was taken in.
    #[must_use]
    pub fn finish(mut self) -> Judged {
        let mut left = Vec::new();
        self.decisions.finish(&mut |decided| left.push(decided));
        left.into_iter().for_each(|decided| self.decided(decided));
        let (changes, more) = self.changes.into_parts();
        Judged {
            changes,
            more,
            limits: self.used.changes(self.policy.limits()),
            other_tool: self.other_tool,
            counts: self.counts,
            unknown: self.decisions.unknown(),
            moved: self.moved,
        }
    }

    fn decided(&mut self, was: Decided) {
        let now = again::judge(self.policy, &was);
        self.counts.add(&was, now.decision);
        let secrets = was.action.as_ref().and_then(|action| again::secrets(self.policy, &was, action, &now));
        if now.decision == was.decision && secrets.is_none() {
            return;
        }
        self.counts.changed = self.counts.changed.saturating_add(1);
        let lost = was.was_permitted() && (now.decision == DecisionKind::Deny || secrets.is_some());
        self.counts.lost = self.counts.lost.saturating_add(u64::from(lost));
        self.changes.add(&was, self.decisions.policy(), &now, self.policy, secrets);
    }
}

/// Guest directories that both policies grant, from different directories of the host.
fn moved(was: &Policy, now: &Policy) -> Vec<(String, String, String)> {
    let hosts: HashMap<&GuestPath, &str> =
        now.filesystem().iter().map(|after| (&after.guest, after.host.as_str())).collect();
    let pairs = was.filesystem().iter().filter_map(|before| {
        let after = hosts.get(&before.guest)?;
        (*after != before.host).then(|| (before.guest.to_string(), before.host.clone(), (*after).to_owned()))
    });
    pairs.collect()
}

/// The text that stands for an action in lists.
fn shown(action: Option<&Action>) -> String {
    action.map_or_else(|| "a path that leads out of its directory".to_owned(), Action::to_string)
}
