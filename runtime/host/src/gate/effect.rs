//! The way to every effect: check, ask, intent; then the effect; then its outcome.
//!
//! [`Context::permit`] is the only place that makes an [`Effect`], and only an [`Effect`] carries a [`Permit`]. What is performed
//! without one is an observation. Shared by the guest's thread and by the tasks that carry out its requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use wasm_agent_journal::{
    ApprovalAsked, ApprovalRecord, ApprovalSettled, DecisionRecord, EffectResult, Encoded, Intent, Note, OutcomeEvent,
    Remember as Reach, Verdict, Writer,
};
use wasm_agent_policy::{Action, Decision, Denial, DenialReason, GrantId, Origin, Permit};

use crate::approval::{
    ActionSummary, Answer, ApprovalRequest, Approver, ComponentSummary, Detail, How, REQUEST_VERSION, Remember,
    Remembered, Settlement, settle,
};
use crate::grants::Grants;
use crate::limits::Stopwatch;
use crate::replay::ReplayError;
use crate::tool::hex;

/// What the parts of one run share.
pub(crate) struct Context {
    pub(crate) grants: Arc<Grants>,
    pub(crate) approver: Arc<dyn Approver>,
    pub(crate) clock: Stopwatch,
    pub(crate) ending: Ending,
    pub(crate) subject: Subject,
    journal: Option<Writer>,
    labels: Labels,
    effects: AtomicU64,
    remembered: Mutex<Remembered>,
    intent: Mutex<Option<String>>,
}

/// Who asks, as an approval is bound to it.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) run: [u8; 16],
    pub(crate) component: String,
    pub(crate) sha256: [u8; 32],
}

/// An effect that may happen now, once. Its intent is recorded.
#[derive(Debug)]
pub(crate) struct Effect {
    pub(crate) number: u64,
    pub(crate) permit: Permit,
    pub(crate) decision: DecisionRecord,
}

/// An effect that may not happen.
#[derive(Debug)]
pub(crate) struct Denied {
    pub(crate) decision: DecisionRecord,
    pub(crate) why: Why,
}

/// Who said no.
#[derive(Debug)]
pub(crate) enum Why {
    /// The policy.
    Policy,
    /// Whoever was asked, or nobody in time.
    Refused(How),
    /// The run is over: an approver stopped it, or the journal can't be written.
    Over(wasmtime::Error),
}

impl Context {
    pub(crate) fn new(
        grants: Arc<Grants>,
        approver: Arc<dyn Approver>,
        journal: Option<Writer>,
        subject: Subject,
        time: Duration,
    ) -> Self {
        Self {
            labels: Labels::new(&grants),
            grants,
            approver,
            clock: Stopwatch::start(time),
            ending: Ending::default(),
            subject,
            journal,
            effects: AtomicU64::new(0),
            remembered: Mutex::new(Remembered::new()),
            intent: Mutex::default(),
        }
    }

    /// The journal of a live run.
    pub(crate) fn journal(&self) -> wasmtime::Result<&Writer> {
        self.journal.as_ref().ok_or_else(|| wasmtime::Error::msg("a replay writes no journal"))
    }

    /// Takes the journal out, to end it.
    pub(crate) fn into_journal(self) -> Option<Writer> {
        self.journal
    }

    /// Nanoseconds since the run started.
    pub(crate) fn now_ns(&self) -> u64 {
        nanoseconds(self.clock.elapsed())
    }

    /// Nanoseconds from the start of the run to `instant`.
    pub(crate) fn since_start_ns(&self, instant: Instant) -> u64 {
        nanoseconds(instant.saturating_duration_since(self.clock.started()))
    }

    /// The record of a path that leads out of the directory it starts in.
    pub(crate) fn outside(&self) -> DecisionRecord {
        self.labels.denied(&Denial::new(DenialReason::NoGrant, None))
    }

    /// Asks the policy about an observation: nothing but a decision comes of it.
    pub(crate) fn check(&self, action: &Action, origin: Origin) -> (Decision, DecisionRecord) {
        let decision = self.grants.policy().check(action, origin);
        let record = match &decision {
            Decision::Allow(permit) => self.labels.granted(Verdict::Allow, permit.grant()),
            Decision::Ask { grant, .. } => self.labels.granted(Verdict::Ask, *grant),
            Decision::Deny(denial) => self.labels.denied(denial),
        };
        (decision, record)
    }

    /// Checks an action, asks about it where the policy wants that, and records that it is about to happen.
    ///
    /// `detail` is made only if somebody is asked. Once this returns an [`Effect`], the intent is in the journal, as durably as
    /// the run's settings ask for.
    pub(crate) async fn permit(
        &self,
        call: u64,
        action: &Action,
        origin: Origin,
        detail: impl FnOnce() -> Detail + Send,
    ) -> Result<Effect, Denied> {
        let (decision, record) = self.check(action, origin);
        let number = self.effects.fetch_add(1, Ordering::Relaxed);
        let (permit, approval) = match decision {
            Decision::Allow(permit) => (permit, None),
            Decision::Deny(_) => return Err(Denied { decision: record, why: Why::Policy }),
            Decision::Ask { permit, .. } => {
                let approval = self.approve(number, call, action, &record, detail).await?;
                let permit = permit
                    .approve(&action.digest())
                    .map_err(|error| Denied { decision: record.clone(), why: Why::Over(wasmtime::Error::new(error)) })?;
                (permit, Some(approval))
            }
        };
        let intent = Intent {
            effect: number,
            call,
            at_ns: self.now_ns(),
            action: action.canonical_bytes(),
            action_digest: *action.digest().as_bytes(),
            decision: record.clone(),
            approval,
            irreversible: !action.reversible(origin),
        };
        match self.journal().and_then(|journal| journal.intent(&intent).map_err(|error| self.ending.journal(error))) {
            Ok(()) => Ok(Effect { number, permit, decision: record }),
            Err(error) => Err(Denied { decision: record, why: Why::Over(error) }),
        }
    }

    /// Records how an effect ended.
    ///
    /// # Errors
    ///
    /// When the journal can't be written: the run is over.
    pub(crate) fn outcome(
        &self,
        effect: u64,
        result: EffectResult,
        detail: Option<&str>,
        extra: Option<&Encoded>,
    ) -> wasmtime::Result<()> {
        let event = OutcomeEvent { effect, at_ns: self.now_ns(), result, detail, extra };
        self.journal()?.outcome(&event).map_err(|error| self.ending.journal(error))
    }

    /// Records something the host has to say.
    pub(crate) fn note(&self, name: &str, text: &str) -> wasmtime::Result<()> {
        let note = Note { at_ns: self.now_ns(), name: name.to_owned(), text: text.to_owned() };
        self.journal()?.note(&note).map_err(|error| self.ending.journal(error))
    }

    /// Sets the reason that the tool gives for its next calls.
    pub(crate) fn declare(&self, why: String) {
        *lock(&self.intent) = Some(why).filter(|why| !why.is_empty());
    }

    /// Holds an action until it is answered.
    async fn approve(
        &self,
        effect: u64,
        call: u64,
        action: &Action,
        record: &DecisionRecord,
        detail: impl FnOnce() -> Detail + Send,
    ) -> Result<ApprovalRecord, Denied> {
        let over = |error| Denied { decision: record.clone(), why: Why::Over(error) };
        let digest = *action.digest().as_bytes();
        if lock(&self.remembered).covers(&digest) {
            return Ok(ApprovalRecord {
                answer: wasm_agent_journal::Answer::Approved,
                approver: self.approver.name(),
                reason: None,
                waited_ns: 0,
                remember: Reach::Run,
            });
        }
        let timeout = self.grants.policy().approval_timeout();
        let asked = ApprovalAsked {
            effect,
            call,
            at_ns: self.now_ns(),
            action: action.canonical_bytes(),
            action_digest: digest,
            approver: self.approver.name(),
            timeout_ns: nanoseconds(timeout),
        };
        self.journal()
            .and_then(|journal| journal.approval_asked(&asked).map_err(|error| self.ending.journal(error)))
            .map_err(over)?;
        let request = self.request(call, action, record, detail(), timeout);
        let settlement = {
            let _standing_still = self.clock.waiting();
            settle(self.approver.as_ref(), &request, timeout).await
        };
        let approval = approval_record(&settlement);
        let settled = ApprovalSettled { effect, at_ns: self.now_ns(), approval: approval.clone() };
        self.journal()
            .and_then(|journal| journal.approval_settled(&settled).map_err(|error| self.ending.journal(error)))
            .map_err(over)?;
        match settlement.answer {
            Answer::Approve { remember } => {
                if remember == Remember::Run {
                    // A full memory forgets nothing and takes nothing more: the same action is then asked about again.
                    lock(&self.remembered).remember(digest);
                }
                Ok(approval)
            }
            Answer::Refuse { stop: true } => Err(over(self.ending.stop(action.to_string()))),
            Answer::Refuse { stop: false } => {
                Err(Denied { decision: record.clone(), why: Why::Refused(settlement.how) })
            }
        }
    }

    fn request(
        &self,
        call: u64,
        action: &Action,
        record: &DecisionRecord,
        detail: Detail,
        timeout: Duration,
    ) -> ApprovalRequest {
        ApprovalRequest {
            version: REQUEST_VERSION,
            run: hex(&self.subject.run),
            call,
            component: ComponentSummary {
                name: self.subject.component.clone(),
                sha256: hex(&self.subject.sha256),
            },
            policy: self.grants.policy().digest().to_string(),
            action: ActionSummary {
                kind: action.kind().to_owned(),
                summary: action.to_string(),
                digest: action.digest().to_string(),
                detail,
            },
            grant: record.grant.as_deref().map(str::to_owned),
            intent: lock(&self.intent).clone(),
            expires_in_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

fn approval_record(settlement: &Settlement) -> ApprovalRecord {
    use wasm_agent_journal::Answer as Recorded;
    let (answer, reason) = match (&settlement.how, settlement.answer) {
        (How::TimedOut, _) => (Recorded::TimedOut, None),
        (How::Broken(problem), _) => (Recorded::Broken, Some(problem.clone())),
        (How::Answered, Answer::Approve { .. }) => (Recorded::Approved, settlement.reason.clone()),
        (How::Answered, Answer::Refuse { stop: false }) => (Recorded::Refused, settlement.reason.clone()),
        (How::Answered, Answer::Refuse { stop: true }) => (Recorded::Stopped, settlement.reason.clone()),
    };
    ApprovalRecord {
        answer,
        approver: settlement.approver.clone(),
        reason,
        waited_ns: nanoseconds(settlement.waited),
        remember: match settlement.answer {
            Answer::Approve { remember: Remember::Run } => Reach::Run,
            Answer::Approve { remember: Remember::Once } | Answer::Refuse { .. } => Reach::Once,
        },
    }
}

/// The grants of a policy as the journal names them; made once, so that a decision allocates nothing.
struct Labels {
    grants: Vec<(GrantId, Arc<str>)>,
    reasons: Mutex<Vec<(&'static str, Arc<str>)>>,
}

impl Labels {
    fn new(grants: &Grants) -> Self {
        let policy = grants.policy();
        let ids = policy.filesystem().iter().map(|grant| grant.id).chain(policy.http().iter().map(|grant| grant.id));
        let mut labels: Vec<_> = ids.map(|id| (id, Arc::from(policy.grant_label(id)))).collect();
        labels.sort_by_key(|(id, _)| *id);
        Self { grants: labels, reasons: Mutex::default() }
    }

    fn grant(&self, id: GrantId) -> Option<Arc<str>> {
        let index = self.grants.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.grants.get(index).map(|(_, label)| Arc::clone(label))
    }

    fn granted(&self, verdict: Verdict, grant: GrantId) -> DecisionRecord {
        DecisionRecord { verdict, grant: self.grant(grant), reason: None }
    }

    fn denied(&self, denial: &Denial) -> DecisionRecord {
        let name = denial.reason.as_str();
        let mut reasons = lock(&self.reasons);
        let reason = match reasons.iter().find(|(known, _)| *known == name) {
            Some((_, reason)) => Arc::clone(reason),
            None => {
                let reason: Arc<str> = Arc::from(name);
                reasons.push((name, Arc::clone(&reason)));
                reason
            }
        };
        let grant = denial.grant.and_then(|id| self.grant(id));
        DecisionRecord { verdict: Verdict::Deny, grant, reason: Some(reason) }
    }
}

/// Why a run ends before its tool does, for whoever comes first to set it.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    reason: Mutex<Option<Ended>>,
    set: Notify,
}

/// A reason outside of the guest for a run to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The journal can't be written.
    Journal(String),
    /// An approver refused this action and stopped the run.
    Stopped(String),
    /// A limit is used up.
    Limit(&'static str),
    /// A replay and its journal part.
    Diverged(Box<ReplayError>),
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Journal(message) => write!(f, "the journal can't be written: {message}"),
            Self::Stopped(action) => write!(f, "stopped when `{action}` was refused"),
            Self::Limit(which) => write!(f, "the limit `{which}` is used up"),
            Self::Diverged(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Ended {}

impl Ending {
    /// Ends the run, unless it is ending already, and gives the error that ends the guest.
    pub(crate) fn end(&self, reason: Ended) -> wasmtime::Error {
        let mut slot = lock(&self.reason);
        let reason = slot.get_or_insert(reason).clone();
        self.set.notify_one();
        wasmtime::Error::new(reason)
    }

    pub(crate) fn journal(&self, error: wasm_agent_journal::JournalError) -> wasmtime::Error {
        self.end(Ended::Journal(crate::error::chain(&error)))
    }

    pub(crate) fn stop(&self, action: String) -> wasmtime::Error {
        self.end(Ended::Stopped(action))
    }

    pub(crate) fn limit(&self, which: &'static str) -> wasmtime::Error {
        self.end(Ended::Limit(which))
    }

    pub(crate) fn replay(&self, error: ReplayError) -> wasmtime::Error {
        self.end(Ended::Diverged(Box::new(error)))
    }

    /// Nothing a guest asks for happens once the run is ending.
    pub(crate) fn check(&self) -> wasmtime::Result<()> {
        match lock(&self.reason).clone() {
            None => Ok(()),
            Some(reason) => Err(wasmtime::Error::new(reason)),
        }
    }

    pub(crate) fn reason(&self) -> Option<Ended> {
        lock(&self.reason).clone()
    }

    /// Returns when the run is ending.
    pub(crate) async fn wait(&self) {
        while self.reason().is_none() {
            self.set.notified().await;
        }
    }
}

/// A poisoned lock means that another thread panicked. The data behind these locks is whole at every moment.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
