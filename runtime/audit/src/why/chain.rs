//! [`Chain`]: what is known of a target.

use std::sync::Arc;

use wasm_agent_journal::{ApprovalRecord, Before, DecisionRecord};
use wasm_agent_policy::{Action, GuestPath};

use super::names::Name;
use super::sources::Source;
use super::target::Target;

/// One effect on the target, or one that was denied or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The call that asked for it.
    pub call: u64,
    /// Time since the start of the run, in nanoseconds.
    pub at_ns: u64,
    /// Number of the effect; a denial has none.
    pub effect: Option<u64>,
    /// What it was.
    pub action: Action,
    /// The earlier name of the target that it was about.
    pub earlier_name: Option<GuestPath>,
    /// What became of it.
    pub result: StepResult,
    /// What went wrong, for people.
    pub detail: Option<String>,
    /// Status of the response, where there was one.
    pub status: Option<u64>,
    /// The policy's decision; not known of what was asked about and never answered.
    pub decision: Option<DecisionRecord>,
    /// The answer, where somebody was asked.
    pub approval: Option<ApprovalRecord>,
    /// The file that was changed or lost, as it was before.
    pub before: Option<Before>,
    /// The reason in force.
    pub reason: Option<Reason>,
    /// What the tool had read by then, since the step before: most recent first.
    pub read: Vec<Source>,
    /// How many more sources it had read.
    pub more_read: u64,
    /// What was written to the file after this step, and before the next one.
    pub wrote: Option<Wrote>,
}

/// What became of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepResult {
    /// It happened.
    Done,
    /// It was tried and failed; it may have happened in part.
    Failed,
    /// It began, and how it ended is not recorded: it may have happened.
    Begun,
    /// The policy did not allow it, or it was not tried.
    Denied,
    /// Whoever was asked did not allow it.
    Refused,
    /// The run ended before there was an answer.
    Unanswered,
}

/// A reason that the tool gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// In its own words.
    pub text: Arc<str>,
    /// The call that declared it.
    pub call: u64,
}

/// Bytes that were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrote {
    /// How many.
    pub bytes: u64,
    /// The first and the last call that wrote.
    pub calls: (u64, u64),
}

/// All that is known of the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// What was asked about.
    pub target: Target,
    /// The names that it had before, the last one first.
    pub earlier: Vec<Name>,
    /// Effects, in order.
    pub steps: Vec<Step>,
    /// How many more there were.
    pub more_steps: u64,
    /// How much of the target itself was read.
    pub read: Option<Source>,
    /// Names much like the target's, where nothing touched it.
    pub near: Vec<String>,
    /// How much of the journal was beyond what is followed.
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
