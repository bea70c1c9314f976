//! Events: one type for each kind of record.
//!
//! The writer takes, and the reader gives, the same types, except for calls and outcomes: their writer side borrows
//! ([`CallEvent`], [`OutcomeEvent`]), so that handing over a call allocates nothing. Each type is in one file with its
//! encoding. There is no input or output here, and no clock.

mod call;
mod decision;
mod effect;
mod end;
mod fields;
mod function;
mod header;
mod record;
mod tables;

pub use call::{Call, CallEvent};
pub use decision::{Answer, ApprovalRecord, DecisionRecord, Remember, Verdict};
pub use effect::{ApprovalAsked, ApprovalSettled, Before, EffectResult, Intent, Outcome, OutcomeEvent};
pub use end::{End, RunResult, Stop};
pub use function::{Function, FunctionId};
pub use header::{Header, Invocation, Redaction};
pub use record::{Event, Note, Record, Seal};

pub(crate) use decision::LabelOrText;
pub(crate) use effect::write_outcome;
pub(crate) use record::{RECOVERED, header_version, is_call};
pub(crate) use tables::Tables;
