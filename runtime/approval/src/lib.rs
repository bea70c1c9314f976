//! Approvals: asking somebody about an action that can't be undone, and the permit that an approval gives.
//!
//! This crate owns the [`Permit`], which everything that performs an action takes; the question ([`ApprovalRequest`])
//! and the answer ([`Answer`]); the approvers that need no terminal; and [`settle`], the only code that waits for an
//! answer. The policy decides which actions are asked about.
//!
//! Two rules must hold. Only an answer that is in time, complete and in the published form approves: everything else (a
//! timeout, a broken approver, extra output) is a refusal. And only the policy or such an answer makes a permit.

#![forbid(unsafe_code)]

mod answer;
mod in_order;
mod permit;
mod preview;
mod program;
pub mod queue;
mod refuse;
mod remembered;
mod request;
mod settle;
mod watch;

use std::future::Future;
use std::io;
use std::pin::Pin;

pub use answer::{APPROVER_CHARS_MAX, Answer, AnswerError, REASON_CHARS_MAX, Remember, Settled};
pub use in_order::InOrder;
pub use permit::{OtherAction, Permit};
pub use preview::{BINARY_PREVIEW_BYTES_MAX, PREVIEW_BYTES_MAX, Preview};
pub use program::{ANSWER_BYTES_MAX, DIAGNOSTICS_BYTES_MAX, Program};
pub use refuse::RefuseAll;
pub use remembered::{REMEMBERED_MAX, Remembered};
pub use request::{ActionSummary, ApprovalRequest, ComponentSummary, Detail, Question, REQUEST_VERSION};
pub use settle::{AnswerStatus, Settlement, settle};

#[cfg(feature = "testing")]
pub use request::samples as testing;

/// The answer to one request, when it comes.
///
/// Boxed, because a run chooses its approver when it starts.
pub type AnswerFuture<'a> = Pin<Box<dyn Future<Output = Result<Settled, ApproverError>> + Send + 'a>>;

/// A person or a program that answers for an action.
///
/// Ask through [`settle`], never directly: only it turns silence and failure into refusals.
///
/// When nobody answers in time, the future is dropped. The approver must then release what it asked with: end its
/// process, stop reading the terminal.
pub trait Approver: Send + Sync {
    /// The approver's name, which the journal records if an answer does not name a person.
    fn name(&self) -> String;

    /// Whether there is anybody to ask. If not, [`ask`](Self::ask) refuses everything, and a tool learns at its
    /// checkpoints that nobody is there.
    fn can_ask(&self) -> bool {
        true
    }

    /// Asks once.
    ///
    /// # Errors
    ///
    /// When the approver could not ask, or gave no valid answer. Neither ever approves.
    fn ask<'a>(&'a self, request: &'a ApprovalRequest) -> AnswerFuture<'a>;
}

/// Why an approver gave no answer.
///
/// Text from a program is quoted with its control characters escaped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApproverError {
    /// The approver cannot ask at all, for instance because there is no terminal.
    #[error("{message}")]
    Unavailable {
        /// What is missing, as one line for the operator.
        message: String,
    },
    /// Asking began, and reading or writing failed.
    #[error("cannot {doing}")]
    Io {
        /// The step that failed, as in "cannot read the terminal".
        doing: &'static str,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The program could not be started.
    #[error("cannot start `{program}`")]
    Start {
        /// The program as the operator named it.
        program: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The request could not be written as JSON.
    #[error("cannot write the request as JSON")]
    Request(#[source] serde_json::Error),
    /// The program wrote more than an answer may have.
    #[error("`{program}` wrote more than {limit_bytes} bytes")]
    TooMuchOutput {
        /// The program as the operator named it.
        program: String,
        /// The most it may write, in bytes.
        limit_bytes: usize,
    },
    /// The program ended without success, so its output is not read as an answer.
    #[error("`{program}` ended with {status}{}", quoted(.diagnostics))]
    Failed {
        /// The program as the operator named it.
        program: String,
        /// How it ended, in the system's words.
        status: String,
        /// The first of what it wrote to standard error, at most [`DIAGNOSTICS_BYTES_MAX`] bytes.
        diagnostics: String,
    },
    /// The program's output is not a valid answer.
    #[error("`{program}` gave no valid answer")]
    Answer {
        /// The program as the operator named it.
        program: String,
        /// Why it is not valid.
        #[source]
        source: AnswerError,
    },
}

/// Appends foreign text to a message, on the same line and with its control characters escaped.
fn quoted(diagnostics: &str) -> String {
    match diagnostics.trim() {
        "" => String::new(),
        text => format!(", saying `{}`", text.escape_debug()),
    }
}

#[cfg(test)]
mod schema_tests;

#[cfg(test)]
mod samples {
    use wasm_agent_ids::{CallId, RunId, ToolDigest};
    use wasm_agent_policy::{Act, Asker, Decision, GuestPath, Origin, Pending, Policy, kind::Delete};

    use super::{Detail, Question};

    pub(crate) const ASKER: Asker = Asker { run: RunId::from_bytes([7; 16]), call: CallId(3) };

    /// Asks before something is deleted.
    pub(crate) fn policy() -> Policy {
        let text = "version = 1\n[[filesystem]]\nhost = \".\"\nguest = \"/notes\"\naccess = \"write\"\n";
        Policy::parse(text).unwrap()
    }

    pub(crate) fn pending(path: &str) -> Pending<Delete> {
        match policy().check(Act::delete(GuestPath::parse(path).unwrap()), Origin::Foreign, ASKER) {
            Decision::Ask(pending) => pending,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn question() -> Question {
        Question {
            component: "tool".to_owned(),
            tool: ToolDigest::from_bytes([1; 32]),
            policy: *policy().digest(),
            grant: None,
            intent: None,
            detail: Detail::File { path: "/notes/a".to_owned(), to: None, size: None, preview: None },
        }
    }
}
