//! Why a run ends before its tool does.

use std::sync::OnceLock;

use tokio::sync::Notify;

use crate::replay::ReplayError;

/// Why a run ends before its tool does, for whoever comes first to set it.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    reason: OnceLock<Ended>,
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
        let reason = self.reason.get_or_init(|| reason).clone();
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
