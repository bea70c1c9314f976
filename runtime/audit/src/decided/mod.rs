//! [`Decisions`]: what was decided in a run, about which action, and what came of it, record by record.
//!
//! A decision is spread over a journal: an effect's stands in its intent, or in the question that was refused; a denial
//! and an observation in their call; which address a request went to in its outcome. Here they are put together, for
//! whoever asks what another policy would have decided, or which policy would do.

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

use crate::view::{Seen, View, What};
use created::Created;

/// Most effects that are kept until their outcome and their call have come. A run has a handful.
const OPEN_MAX: usize = 16_384;

/// One decision of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Sequence number of the call that asked for it.
    pub call: u64,
    /// What was decided about. Nothing where a path led out of the directory it started in, or the journal does not
    /// tell.
    pub action: Option<Action>,
    /// Whose data was concerned, as far as the record tells.
    pub origin: Origin,
    /// The decision.
    pub decision: DecisionKind,
    /// The grant that decided, as the journal names it.
    pub grant: Option<Arc<str>>,
    /// The stable name of a denial's reason.
    pub reason: Option<Arc<str>>,
    /// What was answered, where somebody was asked.
    pub answer: Option<Answer>,
    /// What came of it.
    pub came: Came,
    /// The path that the tool spelled, where links led to another one.
    pub spelled: Option<GuestPath>,
    /// Addresses that a request came to. Each passed the policy.
    pub reached: Vec<IpAddr>,
    /// Addresses that the policy kept a request from.
    pub refused: Vec<IpAddr>,
}

/// What came of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Came {
    /// It happened.
    Done,
    /// It was tried and failed. It may have happened in part.
    Failed,
    /// The journal does not say. It may have happened.
    Open,
    /// It was not tried: denied, refused, or given up before.
    Nothing,
    /// A directory was listed that was open from the start. Such a listing is decided about only where it is denied.
    Listed,
}

impl Decided {
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
            came: Came::Nothing,
            spelled: None,
            reached: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Whether the policy allowed it, or somebody did who was asked.
    #[must_use]
    pub fn was_permitted(&self) -> bool {
        match self.decision {
            DecisionKind::Allow => true,
            DecisionKind::Ask => self.answer == Some(Answer::Approved),
            DecisionKind::Deny => false,
        }
    }
}

/// An effect of which not everything is known yet.
#[derive(Debug)]
struct Open {
    decided: Decided,
    /// Whether its intent was recorded. Until then it is a question.
    begun: bool,
    /// Whether its outcome was.
    ended: bool,
}

/// Puts decisions together from a journal's records.
#[derive(Debug)]
pub struct Decisions {
    view: View,
    /// The policy of the run, where it is one of this release's.
    policy: Option<Policy>,
    created: Created,
    /// By number of the effect.
    open: BTreeMap<u64, Open>,
    /// Requests that were handed over and of which nothing more is recorded yet, by call.
    requests: BTreeMap<u64, Decided>,
    /// Calls whose request has an intent or a question already, though their own record has not come.
    early: BTreeSet<u64>,
    /// Calls that have come.
    calls: u64,
    /// Last call that had an effect on files or a checkpoint, or a question about one, and the numbers of these.
    effect_call: Option<(u64, Vec<u64>)>,
    unknown: u64,
}

impl Decisions {
    /// For a run that began with this header.
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

    /// The policy of the run, where it is one of this release's.
    #[must_use]
    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// How many decisions were recorded without what they were about.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown.saturating_add(self.view.lost())
    }

    /// Takes in the next record, and hands over each decision that is whole with it.
    pub fn record(&mut self, record: &Record, hand_over: &mut dyn FnMut(Decided)) {
        let seen = self.view.record(record);
        match &record.event {
            Event::Call(call) => self.call(call, seen, hand_over),
            Event::Intent(intent) => self.intent(intent, hand_over),
            Event::Outcome(outcome) => self.outcome(outcome, hand_over),
            Event::ApprovalAsked(asked) => self.asked(asked, hand_over),
            Event::ApprovalSettled(settled) => self.settled(settled, hand_over),
            _ => {}
        }
    }

    /// Hands over what the journal leaves open.
    pub fn finish(&mut self, hand_over: &mut dyn FnMut(Decided)) {
        for open in std::mem::take(&mut self.open).into_values() {
            hand_over(open.decided);
        }
        for request in std::mem::take(&mut self.requests).into_values() {
            hand_over(request);
        }
    }

    fn call(&mut self, call: &Call, seen: Seen<'_>, hand_over: &mut dyn FnMut(Decided)) {
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
        let mut decided = Decided::new(call.seq.0, decision.verdict);
        decided.grant.clone_from(&decision.grant);
        decided.reason.clone_from(&decision.reason);
        if let What::Requested { exchange } = seen.what {
            decided.action = self.requested(exchange);
            self.hand_over_later(decided, hand_over);
            return;
        }
        if denied && decision.action.is_none() && leads_out(call) {
            hand_over(decided);
            return;
        }
        // A denial that does not say of what had too long an action: its arguments do not say it either.
        let Some(action) = seen.action.filter(|_| !denied || decision.action.is_some()) else {
            self.unknown = self.unknown.saturating_add(1);
            return;
        };
        decided.action = Some(action);
        if !denied {
            decided.came = Came::Done;
            decided.spelled = self.view.spelled(call).filter(|spelled| leads_elsewhere(&decided, spelled, call));
        }
        self.place(&mut decided, None);
        hand_over(decided);
    }

    /// A directory that was open from the start may have been listed without a decision.
    fn listed(&self, call: &Call, hand_over: &mut dyn FnMut(Decided)) {
        let Some(path) = self.view.spelled(call) else { return };
        let mut decided = Decided::new(call.seq.0, Verdict::Allow);
        decided.action = Some(Action::FileRead { path });
        decided.came = Came::Listed;
        hand_over(decided);
    }

    /// A request that may still have an intent, a question, or nothing at all.
    fn hand_over_later(&mut self, decided: Decided, hand_over: &mut dyn FnMut(Decided)) {
        if self.requests.len() >= OPEN_MAX {
            hand_over(decided);
        } else {
            self.requests.insert(decided.call, decided);
        }
    }

    fn requested(&self, exchange: crate::view::Exchange) -> Option<Action> {
        let request = self.view.request(exchange)?;
        let (method, url) = (request.method.clone()?, request.url.clone()?);
        let mut action = HttpAction::new(method, url);
        if let Some(policy) = &self.policy {
            action.secrets = policy.secrets_for(&action.method, &action.url).to_vec();
        }
        Some(Action::HttpRequest(action))
    }

    fn action(&mut self, canonical: &[u8]) -> Option<Action> {
        let action = Action::decode(canonical).ok();
        self.unknown = self.unknown.saturating_add(u64::from(action.is_none()));
        action
    }

    fn place(&self, decided: &mut Decided, irreversible: Option<bool>) {
        if let Some(action) = &decided.action {
            let guess = self.created.origin(action);
            decided.origin = origin::of(action, irreversible, decided.decision, self.policy.as_ref(), guess);
        }
    }
}

fn is_request(decided: &Decided) -> bool {
    matches!(decided.action, Some(Action::HttpRequest(_)))
}

/// Whether a denied call that does not say of what was denied because its path leads out of the directory it starts in.
fn leads_out(call: &Call) -> bool {
    let reason = call.decision.as_ref().and_then(|decision| decision.reason.as_deref());
    let interface = call.function.name.split_once('#').map(|(interface, _)| interface);
    interface == Some(types::INTERFACE) && reason == Some(DenialReason::NoGrant.as_str())
}

/// Whether links led from the path that was spelled to the one that was acted on.
fn leads_elsewhere(decided: &Decided, spelled: &GuestPath, call: &Call) -> bool {
    // What is decided about is the directory, and no link at the end of the path is followed.
    if call.function.name == types::DESCRIPTOR_METADATA_HASH_AT.key() {
        return false;
    }
    match &decided.action {
        // A hard link's spelled path is that of the file which is there already.
        Some(Action::LinkCreate { kind: LinkKind::Hard, .. }) | None => false,
        Some(action) => action.path().is_some_and(|path| path != spelled),
    }
}
