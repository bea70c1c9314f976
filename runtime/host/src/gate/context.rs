//! The way to every effect: check, ask, intent; then the effect; then its outcome.
//!
//! [`Context::permit`] is the only place that makes an [`Effect`], and only an [`Effect`] carries a [`Permit`] out of
//! the gate. What is performed without one is an observation. Shared by the guest's thread and by the tasks that carry
//! out its requests.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wasm_agent_journal::{Before, DecisionRecord, EffectResult, Encoded, Intent, Note, OutcomeEvent, Verdict, Writer};
use wasm_agent_policy::{Action, ActionDigest, Decision, Denial, DenialReason, Origin, Permit};

use super::ending::Ending;
use super::labels::Labels;
use crate::approval::{Approver, Detail, How, Remembered};
use crate::grants::Grants;
use crate::limits::Stopwatch;

/// Longest action that a denial names, in bytes: a request with all the headers it may have. The arguments of a call
/// with a longer one, a link to a text without end, tell it themselves, and its record has no room for it twice.
const DENIED_ACTION_BYTES_MAX: usize = 256 << 10;

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
    /// Bytes that went into the journal, about.
    recorded: AtomicU64,
    /// What the policy denied: calls, and requests once it was known where they lead.
    denied: AtomicU64,
    pub(super) remembered: Mutex<Remembered>,
    /// Questions in a row that nobody answered in time.
    pub(super) unanswered: AtomicU64,
    pub(super) intent: Mutex<Option<String>>,
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
            recorded: AtomicU64::new(0),
            denied: AtomicU64::new(0),
            remembered: Mutex::new(Remembered::new()),
            unanswered: AtomicU64::new(0),
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

    /// The record of what no policy grants: it says so, and which action it was about.
    pub(crate) fn barred(&self, action: &Action, reason: DenialReason) -> DecisionRecord {
        DecisionRecord { action: named(action), ..self.labels.denied(&Denial::new(reason, None)) }
    }

    /// Asks the policy about an action: nothing but a decision comes of it.
    ///
    /// A denial names the action: it has no intent, and its call need not tell.
    pub(crate) fn check(&self, action: &Action, origin: Origin) -> (Decision, DecisionRecord) {
        let decision = self.grants.policy().check(action, origin);
        let record = match &decision {
            Decision::Allow(permit) => self.labels.granted(Verdict::Allow, permit.grant()),
            Decision::Ask { grant, .. } => self.labels.granted(Verdict::Ask, *grant),
            Decision::Deny(denial) => DecisionRecord { action: named(action), ..self.labels.denied(denial) },
        };
        (decision, record)
    }

    /// Counts something that the policy denied.
    pub(crate) fn count_denied(&self) {
        self.denied.fetch_add(1, Ordering::Relaxed);
    }

    /// What the policy denied so far.
    pub(crate) fn denied(&self) -> u64 {
        self.denied.load(Ordering::Relaxed)
    }

    /// Counts what goes into the journal, about, and ends a run that fills it.
    pub(crate) fn count(&self, bytes: u64) -> wasmtime::Result<()> {
        let before = self.recorded.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.grants.policy().limits().journal_bytes {
            return Err(self.ending.limit("journal"));
        }
        Ok(())
    }

    /// Ends a run whose time is used up by `now`.
    pub(crate) fn limit_time(&self, now: Instant) {
        if self.clock.is_over(now) {
            self.ending.limit("time");
        }
    }

    /// Checks an action, asks about it where the policy wants that, and records that it is about to happen.
    ///
    /// `detail` is made only if somebody is asked; `before` only if the effect can't be undone, as late as possible.
    /// Once this returns an [`Effect`], the intent is in the journal, as durably as the run's settings ask for.
    pub(crate) async fn permit(
        &self,
        call: u64,
        action: &Action,
        origin: Origin,
        detail: impl FnOnce() -> Detail + Send,
        before: impl FnOnce() -> Option<Before> + Send,
    ) -> Result<Effect, Denied> {
        let (decision, record) = self.check(action, origin);
        let number = self.effects.fetch_add(1, Ordering::Relaxed);
        let (permit, approval) = match decision {
            Decision::Allow(permit) => (permit, None),
            Decision::Deny(_) => return Err(Denied { decision: record, why: Why::Policy }),
            Decision::Ask { permit, .. } => {
                // Boxed: most effects need no approval, and are not to carry the room for one.
                let approval = Box::pin(self.approve(number, call, action, &record, detail)).await?;
                let permit = permit.approve(&action.digest()).map_err(|error| Denied {
                    decision: record.clone(),
                    why: Why::Over(wasmtime::Error::new(error)),
                })?;
                (permit, Some(approval))
            }
        };
        let irreversible = !action.reversible(origin);
        let before = if irreversible { before() } else { None };
        let canonical = action.canonical_bytes();
        let intent = Intent {
            effect: number,
            call,
            at_ns: self.now_ns(),
            action_digest: *ActionDigest::of(&canonical).as_bytes(),
            action: canonical,
            decision: record.clone(),
            approval,
            irreversible,
            before,
        };
        let counted = self.count(u64::try_from(intent.action.len()).unwrap_or(u64::MAX));
        match counted
            .and_then(|()| self.journal())
            .and_then(|journal| journal.intent(&intent).map_err(|error| self.ending.journal(error)))
        {
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
        self.count(u64::try_from(text.len()).unwrap_or(u64::MAX))?;
        let note = Note { at_ns: self.now_ns(), name: name.to_owned(), text: text.to_owned() };
        self.journal()?.note(&note).map_err(|error| self.ending.journal(error))
    }

    /// Sets the reason that the tool gives for its next calls.
    pub(crate) fn declare(&self, why: String) {
        *lock(&self.intent) = Some(why).filter(|why| !why.is_empty());
    }
}

/// An action that is denied, for its record, unless it is too long for it.
fn named(action: &Action) -> Option<Vec<u8>> {
    Some(action.canonical_bytes()).filter(|action| action.len() <= DENIED_ACTION_BYTES_MAX)
}

/// A poisoned lock means that another thread panicked. The data behind these locks is whole at every moment.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
