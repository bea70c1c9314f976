//! The gate: the one way from a guest to anything outside of it. [`Gate::effect`] is the function that holds it: check,
//! ask, intent, perform, outcome.

mod ask;
mod effect;
mod ending;
mod labels;
mod ledger;
mod progress;
mod session;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::task::TaskTracker;
use wasm_agent_approval::{Approver, Remembered};
use wasm_agent_ids::ToolDigest;
use wasm_agent_journal::{DecisionRecord, Verdict};
use wasm_agent_policy::{Act, Action, Asker, Decision, Denial, DenialReason, Origin};

pub(crate) use effect::{Effect, NotDone};
pub(crate) use ending::{Ended, Ending};
pub(crate) use ledger::{Extra, Ledger};
pub(crate) use progress::Follow;
pub use progress::{Progress, Stage};
pub(crate) use session::{Session, nanoseconds};

use crate::grants::Grants;
use labels::Labels;

/// Longest action that a denial names, in bytes: a request with all the headers it may have. The arguments of a call
/// with a longer one, a link to a text without end, tell it themselves, and its record has no room for it twice.
const DENIED_ACTION_BYTES_MAX: usize = 256 << 10;

/// Who decides, who answers, and where it is written down, for one live run. Shared with the tasks that carry out its
/// requests. A replay has none: it can't touch anything.
pub(crate) struct Gate {
    pub(crate) session: Arc<Session>,
    pub(crate) grants: Arc<Grants>,
    pub(crate) ledger: Arc<Ledger>,
    /// The tasks that carry out requests. The run has ended once they have.
    pub(crate) tasks: TaskTracker,
    approver: Arc<dyn Approver>,
    tool: ToolName,
    labels: Labels,
    effects: AtomicU64,
    /// What the policy denied: calls, and requests once it was known where they lead.
    denied: AtomicU64,
    remembered: Mutex<Remembered>,
    /// Questions in a row that nobody answered in time.
    unanswered: AtomicU64,
    /// The reason that the tool gives for its next calls.
    intent: Mutex<Option<String>>,
}

/// The tool, as an approver is told of it.
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
            denied: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
            intent: Mutex::default(),
        }
    }

    /// Takes an action to the policy: nothing but a decision comes of it, and its record.
    ///
    /// A denial names the action: it has no intent, and its call need not tell.
    pub(crate) fn check<K>(&self, act: Act<K>, origin: Origin, asker: Asker) -> (Decision<K>, DecisionRecord) {
        let decision = self.grants.policy().check(act, origin, asker);
        let record = match &decision {
            Decision::Allow(allowed) => self.labels.granted(Verdict::Allow, allowed.grant()),
            Decision::Ask(pending) => self.labels.granted(Verdict::Ask, pending.grant()),
            Decision::Deny(denied) => {
                self.denied.fetch_add(1, Ordering::Relaxed);
                DecisionRecord { action: named(&denied.action), ..self.labels.denied(&denied.denial) }
            }
        };
        (decision, record)
    }

    /// The record of an action that the policy denies; nothing for one that it does not. No permit comes of it.
    pub(crate) fn denies(&self, action: &Action, origin: Origin) -> Option<DecisionRecord> {
        let denial = self.grants.policy().judge(action, origin).denial()?;
        self.count_denied();
        Some(DecisionRecord { action: named(action), ..self.labels.denied(&denial) })
    }

    /// The record of a path that leads out of the directory it starts in.
    pub(crate) fn outside(&self) -> DecisionRecord {
        self.count_denied();
        self.labels.denied(&Denial::new(DenialReason::NoGrant, None))
    }

    /// The record of what no policy grants: it says so, and which action it was about.
    pub(crate) fn barred(&self, action: &Action, reason: DenialReason) -> DecisionRecord {
        self.count_denied();
        DecisionRecord { action: named(action), ..self.labels.denied(&Denial::new(reason, None)) }
    }

    /// Counts something that was denied.
    pub(crate) fn count_denied(&self) {
        self.denied.fetch_add(1, Ordering::Relaxed);
    }

    /// What was denied so far.
    pub(crate) fn denied(&self) -> u64 {
        self.denied.load(Ordering::Relaxed)
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
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
