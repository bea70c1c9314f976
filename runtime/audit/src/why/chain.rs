//! [`Chain`]: what led to the effects on a target.

use std::sync::Arc;

use wasm_agent_journal::{ApprovalRecord, Before, DecisionRecord};
use wasm_agent_policy::{Action, GuestPath};

use super::names::EarlierName;
use super::sources::Source;
use super::target::Target;

/// An effect on the target, done, denied or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The call that asked for it.
    pub call: u64,
    /// Time since the start of the run, in nanoseconds.
    pub at_ns: u64,
    /// Number of the effect. A denial has none.
    pub effect: Option<u64>,
    /// The action.
    pub action: Action,
    /// The target's name at that time, if it was another one.
    pub earlier_name: Option<GuestPath>,
    /// How it ended.
    pub result: StepResult,
    /// What went wrong, for people.
    pub detail: Option<String>,
    /// Status of the response, if there was one.
    pub status: Option<u64>,
    /// The policy's decision. `None` if the question was refused or never answered.
    pub decision: Option<DecisionRecord>,
    /// The answer, if somebody was asked.
    pub approval: Option<ApprovalRecord>,
    /// The state of the file before it was changed or lost.
    pub before: Option<Before>,
    /// The reason that the tool had declared.
    pub reason: Option<Reason>,
    /// What the tool had read since the previous step, most recent first.
    pub read: Vec<Source>,
    /// How many further sources it had read.
    pub more_read: u64,
    /// What was written to the file between this step and the next.
    pub wrote: Option<Writes>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepResult {
    /// It happened.
    Done,
    /// It failed, and may have happened in part.
    Failed,
    /// It began, and has no outcome: it may have happened.
    Begun,
    /// The policy denied it, or it was not tried.
    Denied,
    /// The approver refused it.
    Refused,
    /// The run ended before there was an answer.
    Unanswered,
}

/// A reason that the tool gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The reason, in the tool's words.
    pub text: Arc<str>,
    /// The call that declared it.
    pub call: u64,
}

/// Bytes that were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writes {
    /// How many bytes.
    pub bytes: u64,
    /// The first and the last call that wrote.
    pub calls: (u64, u64),
}

/// Everything that a journal says about a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The target.
    pub target: Target,
    /// Its earlier names, the last one first.
    pub earlier: Vec<EarlierName>,
    /// Effects, in order.
    pub steps: Vec<Step>,
    /// How many further effects there were.
    pub more_steps: u64,
    /// How much of the target the tool read.
    pub read: Option<Source>,
    /// Similar names, if nothing touched the target.
    pub similar: Vec<String>,
    /// How many names and handles were not followed, as there were too many.
    pub lost: u64,
}

impl StepResult {
    /// The result's stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Begun => "begun",
            Self::Denied => "denied",
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
        }
    }
}
