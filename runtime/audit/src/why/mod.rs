//! [`ChainBuilder`]: the chain of events that led to each effect on a file or URL.
//!
//! A chain goes from the reason that the tool declared, through what it had read by then, to the effect: who decided,
//! who approved, how it ended, and what was written. A journal is read twice: first for the earlier names of the file
//! ([`NameHistory`]), then for what happened under these names. All lists are bounded, and say how much they leave out.

mod chain;
mod names;
mod similar;
mod sources;
mod target;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use wasm_agent_journal::{
    Answer, ApprovalAsked, ApprovalSettled, Call, EffectResult, Event, Intent, Outcome, Record, Verdict,
};
use wasm_agent_policy::Action;

use crate::view::{Activity, ExchangeId, View};
use similar::SimilarNames;
use sources::Sources;

pub use chain::{Chain, Reason, Step, StepResult, Writes};
pub use names::{EarlierName, NameHistory, TargetNames};
pub use sources::{Source, SourceName};
pub use target::{Target, TargetError};

/// Most steps kept: the first ones.
const STEPS_MAX: usize = 1024;

/// Most bytes of names, reasons and actions kept with steps. A common step takes a few hundred.
const HELD_BYTES_MAX: usize = 16 << 20;

/// Most unanswered questions kept. A run waits for one at a time, and for those about its requests.
const ASKED_MAX: usize = 1024;

/// Collects what happened to a target: the second reading of a journal.
#[derive(Debug)]
pub struct ChainBuilder {
    names: TargetNames,
    view: View,
    sources: Sources,
    reason: Option<Reason>,
    steps: Vec<Step>,
    more_steps: u64,
    /// The steps of open effects, by effect.
    open: HashMap<u64, usize>,
    /// Unanswered questions, by effect.
    asked: HashMap<u64, (ApprovalAsked, Action)>,
    read: Option<Source>,
    similar: SimilarNames,
    calls: u64,
    held: usize,
}

impl ChainBuilder {
    /// Begins with the names from the first reading.
    #[must_use]
    pub fn new(names: TargetNames) -> Self {
        Self {
            names,
            view: View::new(),
            sources: Sources::default(),
            reason: None,
            steps: Vec::new(),
            more_steps: 0,
            open: HashMap::new(),
            asked: HashMap::new(),
            read: None,
            similar: SimilarNames::default(),
            calls: 0,
            held: 0,
        }
    }

    /// Takes the next record.
    pub fn record(&mut self, record: &Record) {
        match &record.event {
            Event::Intent(intent) => {
                self.view.record(record);
                self.intent(intent);
            }
            Event::Outcome(outcome) => {
                self.view.record(record);
                self.outcome(outcome);
            }
            Event::ApprovalAsked(asked) => self.asked(asked),
            Event::ApprovalSettled(settled) => self.settled(settled),
            Event::Note(note) if note.name == "intent" => {
                // The call that is under way declared it.
                self.reason = Some(Reason { text: note.text.as_str().into(), call: self.calls });
            }
            Event::Call(call) => self.call(call),
            _ => {}
        }
    }

    /// Ends with the journal, and returns the chain.
    #[must_use]
    pub fn finish(mut self) -> Chain {
        let mut open: Vec<(ApprovalAsked, Action)> = std::mem::take(&mut self.asked).into_values().collect();
        open.sort_by_key(|(asked, _)| asked.effect);
        for (asked, action) in open {
            self.step(asked.call.0, asked.at_ns, action, StepResult::Unanswered, |step| {
                step.effect = Some(asked.effect.0)
            });
        }
        let touched = !self.steps.is_empty() || self.read.is_some();
        let similar = if touched { Vec::new() } else { self.similar.to(self.names.target.as_str()) };
        let lost = self.names.lost.saturating_add(self.view.lost());
        let TargetNames { target, mut names, .. } = self.names;
        let earlier = if names.is_empty() { names } else { names.split_off(1) };
        Chain { target, earlier, steps: self.steps, more_steps: self.more_steps, read: self.read, similar, lost }
    }

    fn intent(&mut self, intent: &Intent) {
        self.asked.remove(&intent.effect.0);
        let Ok(action) = Action::decode(&intent.action) else { return };
        let added = self.step(intent.call.0, intent.at_ns, action, StepResult::Begun, |step| {
            step.effect = Some(intent.effect.0);
            step.decision = Some(intent.decision.clone());
            step.approval.clone_from(&intent.approval);
            step.before = intent.before;
        });
        if let Some(added) = added {
            self.open.insert(intent.effect.0, added);
        }
    }

    fn outcome(&mut self, outcome: &Outcome) {
        let step = self.open.remove(&outcome.effect.0).and_then(|step| self.steps.get_mut(step));
        let Some(step) = step else { return };
        step.result = match outcome.result {
            EffectResult::Done => StepResult::Done,
            EffectResult::Failed => StepResult::Failed,
            EffectResult::Denied => StepResult::Denied,
        };
        step.detail = outcome.detail.clone().filter(|detail| hold(&mut self.held, detail.len()));
        step.status = outcome.extra.as_deref().and_then(status);
    }

    fn asked(&mut self, asked: &ApprovalAsked) {
        let Ok(action) = Action::decode(&asked.action) else { return };
        let room = self.asked.len() < ASKED_MAX && self.names.touches(&action, asked.call.0).is_some();
        if room && hold(&mut self.held, asked.action.len()) {
            self.asked.insert(asked.effect.0, (asked.clone(), action));
        }
    }

    fn settled(&mut self, settled: &ApprovalSettled) {
        if settled.approval.answer == Answer::Approved {
            // The intent has the approval too.
            return;
        }
        let Some((asked, action)) = self.asked.remove(&settled.effect.0) else { return };
        self.step(asked.call.0, settled.at_ns, action, StepResult::Refused, |step| {
            step.effect = Some(settled.effect.0);
            step.approval = Some(settled.approval.clone());
        });
    }

    fn call(&mut self, call: &Call) {
        self.calls = call.seq.0.saturating_add(1);
        let interpreted = self.view.call(call);
        let denied = call.decision.as_ref().filter(|decision| decision.verdict == Verdict::Deny);
        if let (Some(decision), Some(action)) = (denied, interpreted.action) {
            self.step(call.seq.0, call.at_ns, action, StepResult::Denied, |step| {
                step.decision = Some(decision.clone())
            });
        }
        match interpreted.activity {
            Activity::Read { place, payload, .. } if payload.length() > 0 => {
                if let Some(path) = place.path {
                    let is_target = self.names.is_named(&path, call.seq.0);
                    self.was_read(SourceName::File(path), payload.length(), call.seq.0, is_target);
                }
            }
            Activity::Received { exchange, payload } if payload.length() > 0 => {
                self.received(exchange, payload.length(), call.seq.0);
            }
            Activity::ReadInput { payload } if payload.length() > 0 => {
                self.sources.read(SourceName::Stdin, payload.length(), call.seq.0);
            }
            Activity::Wrote { place, length, .. } => {
                let is_target = place.path.is_some_and(|path| self.names.is_named(&path, call.seq.0));
                if let Some(step) = self.steps.last_mut().filter(|_| is_target) {
                    let wrote = step.wrote.get_or_insert(Writes { bytes: 0, calls: (call.seq.0, call.seq.0) });
                    wrote.bytes = wrote.bytes.saturating_add(length);
                    wrote.calls.1 = call.seq.0;
                }
            }
            _ => {}
        }
    }

    fn received(&mut self, exchange: ExchangeId, bytes: u64, call: u64) {
        let Some(request) = self.view.request(exchange) else { return };
        let (Some(method), Some(url)) = (&request.method, &request.url) else { return };
        let is_target = matches!(&self.names.target, Target::Url(target) if target == url);
        let name = format!("{} {}", method.as_str(), url.as_str());
        self.similar.add(url.as_str());
        self.was_read(SourceName::Response(name), bytes, call, is_target);
    }

    fn was_read(&mut self, name: SourceName, bytes: u64, call: u64, is_target: bool) {
        if let SourceName::File(path) = &name {
            self.similar.add(path.as_str());
        }
        if is_target {
            let read = self.read.get_or_insert_with(|| Source { name: name.clone(), bytes: 0, calls: (call, call) });
            read.bytes = read.bytes.saturating_add(bytes);
            read.calls.1 = call;
        }
        self.sources.read(name, bytes, call);
    }

    /// Adds a step if its action is about the target. Returns its index.
    fn step(
        &mut self,
        call: u64,
        at_ns: u64,
        action: Action,
        result: StepResult,
        fill: impl FnOnce(&mut Step),
    ) -> Option<usize> {
        self.similar.add_action(&action);
        let earlier_name = self.names.touches(&action, call)?;
        let size = action.canonical_bytes().len() + self.reason.as_ref().map_or(0, |reason| reason.text.len());
        if self.steps.len() >= STEPS_MAX || !hold(&mut self.held, size.saturating_add(self.sources.bytes())) {
            self.more_steps = self.more_steps.saturating_add(1);
            return None;
        }
        let (read, more_read) = self.sources.take();
        let mut step = Step {
            call,
            at_ns,
            effect: None,
            action,
            earlier_name,
            result,
            detail: None,
            status: None,
            decision: None,
            approval: None,
            before: None,
            reason: self.reason.clone(),
            read,
            more_read,
            wrote: None,
        };
        fill(&mut step);
        self.steps.push(step);
        Some(self.steps.len() - 1)
    }
}

/// The status in the record of a response.
fn status(extra: &[u8]) -> Option<u64> {
    let mut decoder = minicbor::Decoder::new(extra);
    for _ in 0..decoder.map().ok()?? {
        if decoder.str().ok()? == "status" {
            return decoder.u64().ok();
        }
        decoder.skip().ok()?;
    }
    None
}

/// Reserves bytes, if there is room for them.
fn hold(held: &mut usize, bytes: usize) -> bool {
    let after = held.saturating_add(bytes);
    let fits = after <= HELD_BYTES_MAX;
    if fits {
        *held = after;
    }
    fits
}
