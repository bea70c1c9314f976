//! The decisions that change. Equal ones are listed once, and the list is bounded.

use std::collections::HashMap;
use std::rc::Rc;

use wasm_agent_journal::Answer;
use wasm_agent_policy::{Action, DecisionKind, DenialReason, Judgement, Policy};

use super::decide::Secrets;
use crate::decisions::RecordedDecision;

/// Most different changes listed for a run: more than anybody reads.
pub(super) const CHANGES_MAX: usize = 10_000;

/// Most bytes of their actions: in a hostile journal each can take a megabyte.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// A decision that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The first call with this change.
    pub call: u64,
    /// How many decisions have this same change.
    pub count: u64,
    /// The action, escaped, in the form that `policy explain` accepts.
    pub action: String,
    /// The recorded decision.
    pub was: Side,
    /// The first recorded answer, if somebody was asked.
    pub answer: Option<Answer>,
    /// The new decision.
    pub now: Side,
}

/// A decision and its reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Side {
    /// The decision.
    pub decision: DecisionKind,
    /// The label of the grant that decides.
    pub grant: Option<String>,
    /// The grant's line in the policy, from 1.
    pub line: Option<u32>,
    /// The reason, in a sentence.
    pub reason: String,
    /// The names of the secrets that the request gets, if these change.
    pub secrets: Option<Vec<String>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    action: String,
    was: Side,
    now: Side,
    /// Whether it was approved: losing an approval is another change than losing a refusal.
    approved: Option<bool>,
}

/// The changes of one run.
#[derive(Debug, Default)]
pub(super) struct Changes {
    places: HashMap<Rc<Key>, usize>,
    listed: Vec<(Rc<Key>, u64, u64, Option<Answer>)>,
    bytes: usize,
    more: u64,
    /// The lines of the recorded policy's grants, by their labels.
    lines: Option<HashMap<String, Option<u32>>>,
}

impl Changes {
    pub(super) fn add(
        &mut self,
        was: &RecordedDecision,
        recorded: Option<&Policy>,
        now: &Judgement,
        policy: &Policy,
        secrets: Option<Secrets>,
    ) {
        let (before, after) = secrets.map_or((None, None), |(before, after)| (Some(before), Some(after)));
        let key = Key {
            action: shown(was.action.as_ref()),
            was: self.side_then(was, recorded, before),
            now: side_now(now, policy, after),
            approved: was.answer.map(|answer| answer == Answer::Approved),
        };
        if let Some((_, _, count, _)) = self.places.get(&key).and_then(|place| self.listed.get_mut(*place)) {
            *count = count.saturating_add(1);
            return;
        }
        let bytes = self.bytes.saturating_add(key.action.len());
        if self.listed.len() >= CHANGES_MAX || bytes > TEXT_BYTES_MAX {
            self.more = self.more.saturating_add(1);
            return;
        }
        self.bytes = bytes;
        let key = Rc::new(key);
        self.places.insert(Rc::clone(&key), self.listed.len());
        self.listed.push((key, was.call, 1, was.answer));
    }

    /// The recorded decision. The run's own policy supplies what the record does not say.
    fn side_then(&mut self, was: &RecordedDecision, policy: Option<&Policy>, secrets: Option<Vec<String>>) -> Side {
        let judgement =
            policy.zip(was.action.as_ref()).map(|(policy, action)| (policy, policy.judge(action, was.origin)));
        let judgement = judgement.filter(|(_, judgement)| judgement.decision == was.decision);
        let grant = was.grant.as_deref().map(str::to_owned).or_else(|| {
            let (policy, judgement) = judgement.as_ref()?;
            judgement.grant.map(|grant| policy.grant_label(grant))
        });
        let reason = match was.reason.as_deref() {
            Some(reason) => match DenialReason::parse(reason) {
                Some(known) => known.sentence().to_owned(),
                None => reason.to_owned(),
            },
            None => judgement.map_or_else(String::new, |(policy, judgement)| judgement.reason(policy)),
        };
        let line = policy.zip(grant.as_deref()).and_then(|(policy, label)| {
            let lines = self.lines.get_or_insert_with(|| lines(policy));
            lines.get(label).copied().flatten()
        });
        Side { decision: was.decision, grant, line, reason, secrets }
    }

    /// The changes, ordered by call, and how many changed decisions are not listed.
    pub(super) fn into_parts(self) -> (Vec<Change>, u64) {
        drop(self.places);
        let mut changes: Vec<Change> = self
            .listed
            .into_iter()
            .filter_map(|(key, call, count, answer)| {
                let Key { action, was, now, .. } = Rc::into_inner(key)?;
                Some(Change { call, count, action, was, answer, now })
            })
            .collect();
        // A request's decision is complete with its outcome, which can come long after its call.
        changes.sort_by_key(|change| change.call);
        (changes, self.more)
    }
}

fn side_now(now: &Judgement, policy: &Policy, secrets: Option<Vec<String>>) -> Side {
    Side {
        decision: now.decision,
        grant: now.grant.map(|grant| policy.grant_label(grant)),
        line: now.grant.and_then(|grant| policy.grant_line(grant)),
        reason: now.reason(policy),
        secrets,
    }
}

/// The lines of a policy's grants, by label. Of two grants with one label, the first.
fn lines(policy: &Policy) -> HashMap<String, Option<u32>> {
    let files = policy.filesystem().iter().map(|grant| grant.id);
    let grants = files.chain(policy.http().iter().map(|grant| grant.id));
    let mut lines = HashMap::new();
    for grant in grants {
        lines.entry(policy.grant_label(grant)).or_insert_with(|| policy.grant_line(grant));
    }
    lines
}

/// The text of an action in lists.
fn shown(action: Option<&Action>) -> String {
    action.map_or_else(|| "a path that leads out of its directory".to_owned(), Action::to_string)
}
