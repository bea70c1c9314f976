//! The journal of a run: what a tool did, in one file that can be checked, shown and replayed.
//!
//! [`Writer`] takes events from the gate and writes them; [`Reader`] gives them back; [`verify()`] says whether the
//! file is whole. `FORMAT.md` beside this crate describes the file for readers in other languages.
//!
//! Knows nothing of the engine, of the policy or of approvers: actions, decisions and answers are recorded as they
//! are handed over. Opens no files and reads no clock but the one that spaces out seals. Whatever a journal contains,
//! reading it neither panics nor takes memory that grows with the file.

#![forbid(unsafe_code)]

pub mod format;

mod blob;
mod cbor;
mod chain;
mod encoded;
mod error;
mod event;
mod json;
mod payload;
mod reader;
mod verify;
mod writer;

pub use encoded::{Encoded, Keep};
pub use error::{BlobProblem, Damage, JournalError, ReadError, Tampered};
pub use event::{
    Answer, ApprovalAsked, ApprovalRecord, ApprovalSettled, Call, CallEvent, DecisionRecord, EffectResult, End, Event,
    Function, FunctionId, Header, Intent, Invocation, Note, Outcome, OutcomeEvent, Record, Remember, RunResult, Seal,
    Verdict,
};
pub use json::to_json;
pub use payload::{BlobRef, Digest, PayloadRef};
pub use reader::{Reader, Tail};
pub use verify::{OpenEffects, Verification, verify};
pub use writer::{Fsync, JournalStore, Options, Summary, Writer};
