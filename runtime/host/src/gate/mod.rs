//! The gate: the only way from a guest to anything outside of it. [`Gate::effect`] implements it: check, ask, intent,
//! perform, outcome.

mod ask;
mod denials;
mod effect;
mod ending;
mod labels;
mod ledger;
mod progress;
mod reached;
mod session;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::task::TaskTracker;
use wasm_agent_approval::{Approver, Remembered};
use wasm_agent_ids::ToolDigest;
use wasm_agent_journal::{DecisionRecord, Verdict};
use wasm_agent_policy::{Act, Action, Asker, Decision, Denial, DenialReason, HttpAction, Origin};

use denials::{Denials, TooMany};
pub(crate) use effect::{Effect, NotDone};
pub(crate) use ending::{EndReason, Ending};
pub(crate) use ledger::{Extra, Ledger};
pub(crate) use progress::ProgressTracker;
pub use progress::{Progress, Stage};
pub(crate) use reached::HeldBack;
pub use reached::LimitReached;
pub(crate) use session::{Session, nanoseconds};

use crate::grants::Grants;
use labels::Labels;

/// Longest action in the record of a denial, in bytes: enough for a request with all the headers that it may have. A
/// longer action, such as a link with an endless target, is in the arguments of its call, and the record has no room
/// for it twice.
const DENIED_ACTION_BYTES_MAX: usize = 256 << 10;

/// The policy, the approver and the journal of one live run. Shared with the tasks that carry out its requests. A
/// replay has no gate: it can't touch anything.
pub(crate) struct Gate {
    pub(crate) session: Arc<Session>,
    pub(crate) grants: Arc<Grants>,
    pub(crate) ledger: Arc<Ledger>,
    /// The tasks that carry out requests. The run ends only after they have.
    pub(crate) tasks: TaskTracker,
    approver: Arc<dyn Approver>,
    tool: ToolName,
    labels: Labels,
    effects: AtomicU64,
    /// Limits that held the run back.
    reached: Mutex<Vec<LimitReached>>,
    pub(crate) denials: Denials,
    remembered: Mutex<Remembered>,
    /// Questions in a row without an answer in time.
    unanswered: AtomicU64,
    /// The reason that the tool declares for its next calls.
    intent: Mutex<Option<String>>,
}

/// The tool, as an approver sees it.
#[derive(Clone, Debug)]
pub(crate) struct ToolName {
    pub(crate) name: String,
    pub(crate) digest: ToolDigest,
}

impl Gate {
    pub(crate) fn new(
        session: Arc<Session>,
        grants: Arc<Grants>,
        approver: Arc<dyn Approver>,
        ledger: Arc<Ledger>,
        tool: ToolName,
    ) -> Self {
        let denials = Denials::new(grants.policy().limits().denials);
        Self {
            labels: Labels::new(&grants),
            remembered: Mutex::new(Remembered::new(session.run)),
            session,
            grants,
            ledger,
            tasks: TaskTracker::new(),
            approver,
            tool,
            effects: AtomicU64::new(0),
            reached: Mutex::default(),
            denials,
            unanswered: AtomicU64::new(0),
            intent: Mutex::default(),
        }
    }

    /// Asks the policy about an action. The only results are a decision and its record.
    ///
    /// A denial names the action: it has no intent, and the arguments of the call may not contain it.
    pub(crate) fn check<K>(&self, act: Act<K>, origin: Origin, asker: Asker) -> (Decision<K>, DecisionRecord) {
        let decision = self.grants.policy().check(act, origin, asker);
        let record = match &decision {
            Decision::Allow(allowed) => self.labels.granted(Verdict::Allow, allowed.grant()),
            Decision::Ask(pending) => self.labels.granted(Verdict::Ask, pending.grant()),
            Decision::Deny(denied) => self.denied(&denied.action, &denied.denial),
        };
        (decision, record)
    }

    /// The record of an action that the policy denies; `None` if the policy does not deny it. It makes no permit.
    pub(crate) fn denies(&self, action: &Action, origin: Origin) -> Option<DecisionRecord> {
        let denial = self.grants.policy().judge(action, origin).denial()?;
        Some(self.denied(action, &denial))
    }

    /// The record of a path that leads out of its directory. `action` is the one at the path as it was spelled.
    pub(crate) fn outside(&self, action: Option<&Action>) -> DecisionRecord {
        // Where a link leads out, the spelled path may well be granted, and no grant for it would help.
        let named =
            action.and_then(|action| Some((action, self.grants.policy().judge(action, Origin::Foreign).denial()?)));
        self.bound(match named {
            Some((action, denial)) => self.denials.add(action, &action.canonical_bytes(), denial),
            None => self.denials.count(),
        });
        self.labels.denied(&Denial::new(DenialReason::NoGrant, None))
    }

    /// The record of an action that no policy can grant, with the reason.
    pub(crate) fn barred(&self, action: &Action, reason: DenialReason) -> DecisionRecord {
        self.denied(action, &Denial::new(reason, None))
    }

    /// Notes a request that was permitted and found no address that its grant allows. The outcome is its record.
    pub(crate) fn denied_address(&self, request: HttpAction) {
        let action = Action::HttpRequest(Box::new(request));
        let grant = self.grants.policy().judge(&action, Origin::Foreign).grant;
        let denial = Denial::new(DenialReason::Network, grant);
        self.bound(self.denials.add(&action, &action.canonical_bytes(), denial));
    }

    fn denied(&self, action: &Action, denial: &Denial) -> DecisionRecord {
        let named = named(action);
        self.bound(match &named {
            Some(bytes) => self.denials.add(action, bytes, *denial),
            None => self.denials.count(),
        });
        DecisionRecord { action: named, ..self.labels.denied(denial) }
    }

    /// Ends the run if it was denied too much: it is probing. The call that was denied is still recorded.
    fn bound(&self, denied: Result<(), TooMany>) {
        if denied == Err(TooMany) {
            self.session.ending.limit("denials");
        }
    }

    /// Sets the reason that the tool declares for its next calls.
    pub(crate) fn declare(&self, why: String) {
        *lock(&self.intent) = Some(why).filter(|why| !why.is_empty());
    }
}

/// The bytes of a denied action for its record; `None` if they are too long.
fn named(action: &Action) -> Option<Vec<u8>> {
    Some(action.canonical_bytes()).filter(|action| action.len() <= DENIED_ACTION_BYTES_MAX)
}

/// A poisoned lock means that another thread panicked. The data behind these locks is consistent at all times.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
