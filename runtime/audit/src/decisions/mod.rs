//! [`Decisions`]: what a run's policy decided, about which action, and how it ended.
//!
//! A journal has the parts of a decision in several records. The decision about an effect is in its intent, or in the
//! question that was refused. The decision about a look or a denied call is in the call. The addresses that a request
//! reached are in its outcome. `Decisions` puts these parts together, for judging another policy and for suggesting
//! one.

mod created;
mod effects;
mod http;
mod origin;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use wasm_agent_calls::filesystem::types;
use wasm_agent_journal::{Answer, Call, Event, Header, Record, Verdict};
use wasm_agent_policy::{Action, DecisionKind, DenialReason, GuestPath, HttpAction, LinkKind, Origin, Policy};

use crate::view::{Activity, Interpreted, View};
use created::Created;

/// Most effects kept until their outcome and their call have been read. A run has a handful.
const OPEN_MAX: usize = 16_384;

/// One decision of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedDecision {
    /// Number of the call.
    pub call: u64,
    /// The action. `None` if a path led out of the directory that it starts in, or the journal does not say.
    pub action: Option<Action>,
    /// Whose data the action concerned, as far as the journal says.
    pub origin: Origin,
    /// The decision.
    pub decision: DecisionKind,
    /// The label of the grant that decided, as recorded.
    pub grant: Option<Arc<str>>,
    /// The stable name of a denial's reason.
    pub reason: Option<Arc<str>>,
    /// The answer, if somebody was asked.
    pub answer: Option<Answer>,
    /// How it ended.
    pub outcome: DecisionOutcome,
    /// The path as the tool spelled it, if links led elsewhere.
    pub spelled: Option<GuestPath>,
    /// Addresses that a request reached or tried. The policy allowed each of them.
    pub reached: Vec<IpAddr>,
    /// Addresses that the policy refused to a request.
    pub refused: Vec<IpAddr>,
}

/// What happened after a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DecisionOutcome {
    /// It happened.
    Done,
    /// It failed, and may have happened in part.
    Failed,
    /// The journal does not say: it may have happened.
    Open,
    /// It was not tried: denied, refused, or abandoned.
    Nothing,
    /// A directory that was open from the start was listed. Such a listing is recorded without a decision, unless it is
    /// denied.
    Listed,
}

impl RecordedDecision {
    fn new(call: u64, verdict: Verdict) -> Self {
        Self {
            call,
            action: None,
            origin: Origin::Foreign,
            decision: match verdict {
                Verdict::Allow => DecisionKind::Allow,
                Verdict::Ask => DecisionKind::Ask,
                Verdict::Deny => DecisionKind::Deny,
            },
            grant: None,
            reason: None,
            answer: None,
            outcome: DecisionOutcome::Nothing,
            spelled: None,
            reached: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Whether the policy allowed it, or somebody who was asked approved it.
    #[must_use]
    pub fn was_permitted(&self) -> bool {
        match self.decision {
            DecisionKind::Allow => true,
            DecisionKind::Ask => self.answer == Some(Answer::Approved),
            DecisionKind::Deny => false,
        }
    }
}

/// An effect whose outcome or call has not been read yet.
#[derive(Debug)]
struct Open {
    decided: RecordedDecision,
    /// Its intent was read. Until then it is a question.
    begun: bool,
    /// It has an outcome, or an answer other than approval.
    ended: bool,
}

/// Reads a journal's decisions.
#[derive(Debug)]
pub struct Decisions {
    view: View,
    /// The run's policy; `None` if this release can't parse it.
    policy: Option<Policy>,
    created: Created,
    /// Effects, by number.
    open: BTreeMap<u64, Open>,
    /// Requests that were handed over and have no intent or question yet, by call.
    requests: BTreeMap<u64, RecordedDecision>,
    /// Calls whose request already has an intent or a question, though their own record has not come.
    early: BTreeSet<u64>,
    /// Calls read so far.
    calls: u64,
    /// The last call with effects on files, checkpoints, or questions about them; and the numbers of these effects.
    effect_call: Option<(u64, Vec<u64>)>,
    unknown: u64,
}

impl Decisions {
    /// Begins with a journal's header.
    #[must_use]
    pub fn new(header: &Header) -> Self {
        Self {
            view: View::new(),
            policy: Policy::parse(&header.policy_text).ok(),
            created: Created::default(),
            open: BTreeMap::new(),
            requests: BTreeMap::new(),
            early: BTreeSet::new(),
            calls: 0,
            effect_call: None,
            unknown: 0,
        }
    }

    /// The run's policy; `None` if this release can't parse it.
    #[must_use]
    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// How many decisions were recorded without their action.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown.saturating_add(self.view.lost())
    }

    /// Takes the next record, and hands over each decision that it completes.
    pub fn record(&mut self, record: &Record, hand_over: &mut dyn FnMut(RecordedDecision)) {
        let interpreted = self.view.record(record);
        match &record.event {
            Event::Call(call) => self.call(call, interpreted, hand_over),
            Event::Intent(intent) => self.intent(intent, hand_over),
            Event::Outcome(outcome) => self.outcome(outcome, hand_over),
            Event::ApprovalAsked(asked) => self.asked(asked, hand_over),
            Event::ApprovalSettled(settled) => self.settled(settled, hand_over),
            _ => {}
        }
    }

    /// Hands over the decisions that the journal leaves incomplete.
    pub fn finish(&mut self, hand_over: &mut dyn FnMut(RecordedDecision)) {
        for open in std::mem::take(&mut self.open).into_values() {
            hand_over(open.decided);
        }
        for request in std::mem::take(&mut self.requests).into_values() {
            hand_over(request);
        }
    }

    fn call(&mut self, call: &Call, interpreted: Interpreted<'_>, hand_over: &mut dyn FnMut(RecordedDecision)) {
        self.calls = call.seq.0.saturating_add(1);
        let had_effect = self.end_of_call(call, hand_over) || self.early.remove(&call.seq.0);
        let Some(decision) = &call.decision else {
            if call.function.name == types::DESCRIPTOR_READ_DIRECTORY.key() {
                self.listed(call, hand_over);
            }
            return;
        };
        let denied = decision.verdict == Verdict::Deny;
        if had_effect && !denied {
            return;
        }
        let mut decided = RecordedDecision::new(call.seq.0, decision.verdict);
        decided.grant.clone_from(&decision.grant);
        decided.reason.clone_from(&decision.reason);
        if let Activity::Requested { exchange } = interpreted.activity {
            decided.action = self.requested(exchange);
            self.hand_over_later(decided, hand_over);
            return;
        }
        if denied && decision.action.is_none() && leads_out(call) {
            hand_over(decided);
            return;
        }
        // A denial without an action: the action was too long, and its arguments do not say it either.
        let Some(action) = interpreted.action.filter(|_| !denied || decision.action.is_some()) else {
            self.unknown = self.unknown.saturating_add(1);
            return;
        };
        decided.action = Some(action);
        if !denied {
            decided.outcome = DecisionOutcome::Done;
            decided.spelled = self.view.spelled(call).filter(|spelled| leads_elsewhere(&decided, spelled, call));
        }
        self.place(&mut decided, None);
        hand_over(decided);
    }

    /// Hands over the listing of a directory, which needs no decision if it was open from the start.
    fn listed(&self, call: &Call, hand_over: &mut dyn FnMut(RecordedDecision)) {
        let Some(path) = self.view.spelled(call) else { return };
        let mut decided = RecordedDecision::new(call.seq.0, Verdict::Allow);
        decided.action = Some(Action::FileRead { path });
        decided.outcome = DecisionOutcome::Listed;
        hand_over(decided);
    }

    /// Keeps a request until its intent or question comes. It may have neither.
    fn hand_over_later(&mut self, decided: RecordedDecision, hand_over: &mut dyn FnMut(RecordedDecision)) {
        if self.requests.len() >= OPEN_MAX {
            hand_over(decided);
        } else {
            self.requests.insert(decided.call, decided);
        }
    }

    fn requested(&self, exchange: crate::view::ExchangeId) -> Option<Action> {
        let request = self.view.request(exchange)?;
        let (method, url) = (request.method.clone()?, request.url.clone()?);
        let mut action = HttpAction::new(method, url);
        if let Some(policy) = &self.policy {
            action.secrets = policy.secrets_for(&action.method, &action.url).to_vec();
        }
        Some(Action::HttpRequest(Box::new(action)))
    }

    fn action(&mut self, canonical: &[u8]) -> Option<Action> {
        let action = Action::decode(canonical).ok();
        self.unknown = self.unknown.saturating_add(u64::from(action.is_none()));
        action
    }

    fn place(&self, decided: &mut RecordedDecision, irreversible: Option<bool>) {
        if let Some(action) = &decided.action {
            let guess = self.created.origin(action);
            decided.origin = origin::of(action, irreversible, decided.decision, self.policy.as_ref(), guess);
        }
    }
}

fn is_request(decided: &RecordedDecision) -> bool {
    matches!(decided.action, Some(Action::HttpRequest(_)))
}

/// Whether a call denied without an action was denied because its path leads out of the directory that it starts in.
fn leads_out(call: &Call) -> bool {
    let reason = call.decision.as_ref().and_then(|decision| decision.reason.as_deref());
    let interface = call.function.name.split_once('#').map(|(interface, _)| interface);
    interface == Some(types::INTERFACE) && reason == Some(DenialReason::NoGrant.as_str())
}

/// Whether links led from the spelled path to the one that was acted on.
fn leads_elsewhere(decided: &RecordedDecision, spelled: &GuestPath, call: &Call) -> bool {
    // The decision is about the directory, and a link at the end of the path is not followed.
    if call.function.name == types::DESCRIPTOR_METADATA_HASH_AT.key() {
        return false;
    }
    match &decided.action {
        // A hard link's spelled path is that of the existing file.
        Some(Action::LinkCreate { kind: LinkKind::Hard, .. }) | None => false,
        Some(action) => action.path().is_some_and(|path| path != spelled),
    }
}
