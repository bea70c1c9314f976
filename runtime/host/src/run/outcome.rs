//! How a run ended. The journal records it too.

use wasm_agent_journal::{RunResult, Stop};

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// A command ended with this status.
    Exited(u8),
    /// A typed export returned.
    Returned {
        /// Its result in WAVE syntax; empty if it has none.
        wave: String,
        /// Its result as the text of JSON, if it has such a form, as [`wasm_agent_values`] defines it.
        json: Option<String>,
        /// Whether the result is an `err` of WIT's `result`.
        failed: bool,
    },
    /// The tool trapped.
    Trapped {
        /// What trapped.
        message: String,
    },
    /// A limit was used up.
    Limit {
        /// Its name, as in the policy's `[limits]`.
        which: String,
    },
    /// An approver refused an action and stopped the run.
    Stopped {
        /// The action.
        action: String,
    },
    /// The program that runs the tool stopped the run, through a [`RunHandle`](crate::RunHandle).
    Cancelled {
        /// The reason it gave.
        reason: String,
    },
    /// The host could not carry the run on. Only a replay of such a run ends so: the run itself failed with a
    /// [`RunError`](crate::RunError).
    HostFailed {
        /// What failed.
        message: String,
    },
}

impl Outcome {
    pub(crate) fn to_record(&self) -> RunResult {
        match self {
            Self::Exited(code) => RunResult::Exited { code: (*code).into() },
            Self::Returned { wave, json, .. } => RunResult::Returned { wave: wave.clone(), json: json.clone() },
            Self::Trapped { message } => RunResult::Trapped { message: message.clone() },
            Self::Limit { which } => RunResult::Limit { which: which.clone() },
            Self::Stopped { action } => Stop::Refused(action).into(),
            Self::Cancelled { reason } => Stop::Cancelled(reason).into(),
            Self::HostFailed { message } => RunResult::HostFailed { message: message.clone() },
        }
    }

    /// The outcome from the message of [`RunResult::Stopped`].
    pub(crate) fn stopped(message: &str) -> Self {
        match Stop::parse(message) {
            Stop::Refused(action) => Self::Stopped { action: action.to_owned() },
            Stop::Cancelled(reason) => Self::Cancelled { reason: reason.to_owned() },
        }
    }
}
