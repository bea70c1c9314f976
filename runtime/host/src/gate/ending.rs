//! Why a run ends before its tool does.

use std::sync::OnceLock;

use tokio::sync::Notify;
use wasm_agent_journal::JournalError;

use crate::replay::ReplayError;

/// Why a run ends before its tool does. The first reason to be set stays.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    reason: OnceLock<EndReason>,
    set: Notify,
}

/// A reason outside of the guest to end a run.
#[derive(Debug, Clone)]
pub(crate) enum EndReason {
    /// The journal can't be written.
    Journal(JournalError),
    /// An approver refused this action and stopped the run.
    Stopped(String),
    /// The program that runs the tool stopped the run, for this reason.
    Cancelled(String),
    /// A limit is used up.
    Limit(&'static str),
    /// A replay and its journal differ.
    Diverged(Box<ReplayError>),
}

impl std::fmt::Display for EndReason {
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

impl std::error::Error for EndReason {}

impl Ending {
    /// Ends the run, unless it is ending already, and returns the error that ends the guest.
    pub(crate) fn end(&self, reason: EndReason) -> wasmtime::Error {
        let reason = self.reason.get_or_init(|| reason).clone();
        self.set.notify_one();
        wasmtime::Error::new(reason)
    }

    pub(crate) fn journal(&self, error: JournalError) -> wasmtime::Error {
        self.end(EndReason::Journal(error))
    }

    pub(crate) fn stop(&self, action: String) -> wasmtime::Error {
        self.end(EndReason::Stopped(action))
    }

    /// Ends the run from outside of it.
    pub(crate) fn cancel(&self, reason: String) -> wasmtime::Error {
        self.end(EndReason::Cancelled(reason))
    }

    pub(crate) fn limit(&self, which: &'static str) -> wasmtime::Error {
        self.end(EndReason::Limit(which))
    }

    pub(crate) fn replay(&self, error: ReplayError) -> wasmtime::Error {
        self.end(EndReason::Diverged(Box::new(error)))
    }

    /// Fails once the run is ending, so that nothing more happens for the guest.
    pub(crate) fn check(&self) -> wasmtime::Result<()> {
        match self.reason.get() {
            None => Ok(()),
            Some(reason) => Err(wasmtime::Error::new(reason.clone())),
        }
    }

    pub(crate) fn reason(&self) -> Option<EndReason> {
        self.reason.get().cloned()
    }

    /// Returns when the run is ending.
    pub(crate) async fn wait(&self) {
        while self.reason().is_none() {
            self.set.notified().await;
        }
    }
}
