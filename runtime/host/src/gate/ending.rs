//! Why a run ends before its tool does.

use std::sync::OnceLock;

use tokio::sync::Notify;
use wasm_agent_journal::JournalError;

use crate::replay::ReplayError;

/// Why a run ends before its tool does, for whoever comes first to set it.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    reason: OnceLock<Ended>,
    set: Notify,
}

/// A reason outside of the guest for a run to end.
#[derive(Debug, Clone)]
pub(crate) enum Ended {
    /// The journal can't be written.
    Journal(JournalError),
    /// An approver refused this action and stopped the run.
    Stopped(String),
    /// Whoever runs the tool stopped the run, for this reason.
    Cancelled(String),
    /// A limit is used up.
    Limit(&'static str),
    /// A replay and its journal part.
    Diverged(Box<ReplayError>),
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Journal(error) => write!(f, "the journal can't be written: {}", crate::error::chain(error)),
            Self::Stopped(action) => write!(f, "stopped when `{action}` was refused"),
            Self::Cancelled(reason) => write!(f, "cancelled: {reason}"),
            Self::Limit(which) => write!(f, "the limit `{which}` is used up"),
            Self::Diverged(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Ended {}

impl Ending {
    /// Ends the run, unless it is ending already, and gives the error that ends the guest.
    pub(crate) fn end(&self, reason: Ended) -> wasmtime::Error {
        let reason = self.reason.get_or_init(|| reason).clone();
        self.set.notify_one();
        wasmtime::Error::new(reason)
    }

    pub(crate) fn journal(&self, error: JournalError) -> wasmtime::Error {
        self.end(Ended::Journal(error))
    }

    pub(crate) fn stop(&self, action: String) -> wasmtime::Error {
        self.end(Ended::Stopped(action))
    }

    /// Ends the run from outside of it.
    pub(crate) fn cancel(&self, reason: String) {
        self.end(Ended::Cancelled(reason));
    }

    pub(crate) fn limit(&self, which: &'static str) -> wasmtime::Error {
        self.end(Ended::Limit(which))
    }

    pub(crate) fn replay(&self, error: ReplayError) -> wasmtime::Error {
        self.end(Ended::Diverged(Box::new(error)))
    }

    /// Nothing a guest asks for happens once the run is ending.
    pub(crate) fn check(&self) -> wasmtime::Result<()> {
        match self.reason.get() {
            None => Ok(()),
            Some(reason) => Err(wasmtime::Error::new(reason.clone())),
        }
    }

    pub(crate) fn reason(&self) -> Option<Ended> {
        self.reason.get().cloned()
    }

    /// Returns when the run is ending.
    pub(crate) async fn wait(&self) {
        while self.reason().is_none() {
            self.set.notified().await;
        }
    }
}
