//! The effects of a run, in the order in which they began, each with its outcome.

use std::collections::{HashMap, VecDeque};

use wasm_agent_ids::Hex;
use wasm_agent_journal::{
    ApprovalAsked, ApprovalRecord, ApprovalSettled, Before, Digest, EffectResult, Event, Intent, Outcome, Record,
};

use super::align::Item;
use crate::export::ActionFacts;

/// Most effects of one run whose end is awaited. What more there is counts as without an end.
pub(super) const OPEN_MAX: usize = 1024;

/// Most bytes of what is said of them.
const OPEN_BYTES_MAX: usize = 8 << 20;

/// An effect, or one that was asked about and refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Its number in its run.
    pub number: u64,
    /// The call that asked for it.
    pub call: u64,
    /// The action, on one line.
    pub action: String,
    /// Who allowed it and how it ended, on one line.
    pub outcome: String,
    key: Digest,
}

/// An effect that has not ended.
#[derive(Debug)]
struct Open {
    number: u64,
    call: u64,
    action: String,
    key: Digest,
    approval: Option<ApprovalRecord>,
    before: Option<Before>,
    begun: bool,
    ended: Option<String>,
}

/// Effects that have begun.
///
/// A journal can begin any number of effects and never end them. If there are too many, the oldest are passed on
/// without an outcome.
#[derive(Debug, Default)]
pub(super) struct Effects {
    open: VecDeque<Open>,
    /// How many were taken from the front of `open`.
    gone: usize,
    /// The position of the last effect of each number, counted from the run's first effect.
    places: HashMap<u64, usize>,
    bytes: usize,
}

impl Effects {
    /// Takes the run's next record.
    pub(super) fn record(&mut self, record: &Record) {
        match &record.event {
            Event::ApprovalAsked(asked) => self.asked(asked),
            Event::ApprovalSettled(settled) => self.settled(settled),
            Event::Intent(intent) => self.intent(intent),
            Event::Outcome(outcome) => self.outcome(outcome, record),
            _ => {}
        }
    }

    /// The next effect in order, once it has ended. At the end of the journal, or if too many are open, without an
    /// outcome.
    pub(super) fn next(&mut self, at_end: bool) -> Option<Effect> {
        let too_many = self.open.len() > OPEN_MAX || self.bytes > OPEN_BYTES_MAX;
        let is_due = at_end || too_many || self.open.front()?.ended.is_some();
        let open = is_due.then(|| self.open.pop_front())??;
        if self.places.get(&open.number) == Some(&self.gone) {
            self.places.remove(&open.number);
        }
        self.gone += 1;
        self.bytes = self.bytes.saturating_sub(open.action.len());
        Some(open.close())
    }

    /// How many are held.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.open.len().max(self.places.len())
    }

    fn asked(&mut self, asked: &ApprovalAsked) {
        self.begin(asked.effect.0, asked.call.0, &asked.action);
    }

    fn settled(&mut self, settled: &ApprovalSettled) {
        let Some(open) = self.find(settled.effect.0) else { return };
        let approval = settled.approval.clone();
        if approval.answer != wasm_agent_journal::Answer::Approved {
            open.ended = Some("not done".to_owned());
        }
        open.approval = Some(approval);
    }

    fn intent(&mut self, intent: &Intent) {
        if self.find(intent.effect.0).is_none() {
            self.begin(intent.effect.0, intent.call.0, &intent.action);
        }
        if let Some(open) = self.find(intent.effect.0) {
            open.begun = true;
            open.before = intent.before;
            open.approval = open.approval.take().or_else(|| intent.approval.clone());
        }
    }

    fn outcome(&mut self, outcome: &Outcome, record: &Record) {
        let Some(open) = self.find(outcome.effect.0) else { return };
        let mut ended = match outcome.result {
            EffectResult::Done => "done",
            EffectResult::Failed => "failed",
            EffectResult::Denied => "not done",
        }
        .to_owned();
        let json = wasm_agent_journal::to_json(record);
        if let Some(status) = json.get("extra").and_then(|extra| extra.get("status")) {
            ended.push_str(&format!(", status {status}"));
        }
        if let Some(detail) = &outcome.detail {
            ended.push_str(&format!(": {detail}"));
        }
        open.ended = Some(ended);
    }

    fn begin(&mut self, number: u64, call: u64, action: &[u8]) {
        let facts = ActionFacts::new(action);
        let key = *blake3::hash(action).as_bytes();
        let (approval, before, ended) = (None, None, None);
        self.bytes = self.bytes.saturating_add(facts.summary.len());
        self.places.insert(number, self.gone.saturating_add(self.open.len()));
        self.open.push_back(Open { number, call, action: facts.summary, key, approval, before, begun: false, ended });
    }

    /// The last open effect of this number.
    fn find(&mut self, number: u64) -> Option<&mut Open> {
        let place = self.places.get(&number)?.checked_sub(self.gone)?;
        self.open.get_mut(place)
    }
}

impl Open {
    fn close(self) -> Effect {
        let Self { number, call, action, key, approval, before, begun, ended } = self;
        let mut outcome = match ended {
            Some(ended) => ended,
            None if begun => "may have happened".to_owned(),
            None => "not answered".to_owned(),
        };
        if let Some(approval) = &approval {
            outcome.push_str(&format!("; {} by {}", approval.answer.name(), approval.approver));
        }
        if let Some(before) = before {
            let digest = before.blake3.as_ref().and_then(|digest| digest.first_chunk::<8>());
            let digest = digest.map_or_else(|| "not read".to_owned(), |digest| Hex(digest).to_string());
            outcome.push_str(&format!("; the file was {} bytes before, {digest}", before.length));
        }
        Effect { number, call, action, outcome, key }
    }
}

impl Item for Effect {
    fn key(&self) -> &[u8; 32] {
        &self.key
    }

    fn bytes(&self) -> usize {
        self.action.len() + self.outcome.len() + 128
    }
}
