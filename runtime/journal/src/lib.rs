//! The journal of a run: everything a tool did, in one file that can be verified, shown and replayed.
//!
//! [`Writer`] takes events from the gate and writes them. [`Reader`] reads them back. [`verify()`] checks that the file
//! is complete and unchanged. `FORMAT.md` beside this crate describes the file for readers in other languages.
//!
//! Knows neither the engine nor the policy nor approvers: it records actions, decisions and answers as it gets them. It
//! opens no files, and reads a clock only to space out seals. Reading never panics, whatever the file contains, and its
//! memory does not grow with the file.
//!
//! # Examples
//!
//! ```
//! use std::fs::File;
//! use wasm_agent_journal::{CallEvent, Encoded, End, Event, Header, Options, Reader, RunResult, Writer};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("run.journal");
//! # let header = Header::sample();
//! # let result = RunResult::Exited { code: 0 };
//! # let end = End { result, at_ns: 900, fuel: 21, calls: 1, waited_ns: 0, memory_high_bytes: 65_536 };
//! let writer = Writer::create(File::create_new(&path)?, &header, Options::default())?;
//! let now = writer.intern("wasi:clocks/monotonic-clock#now", &[])?;
//! let (mut arguments, mut outcome) = (Encoded::new(), Encoded::new());
//! arguments.array(0);
//! outcome.u64(123_456);
//! writer.call(&CallEvent {
//!     function: now,
//!     at_ns: 800,
//!     duration_ns: 40,
//!     fuel: 12,
//!     arguments: &arguments,
//!     outcome: &outcome,
//!     decision: None,
//! })?;
//! writer.finish(&end)?;
//!
//! let mut reader = Reader::open(File::open(&path)?)?;
//! while let Some(record) = reader.next()? {
//!     if let Event::Call(call) = record.event {
//!         assert_eq!(call.function.name, "wasi:clocks/monotonic-clock#now");
//!     }
//! }
//! assert!(reader.is_complete());
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

pub mod format;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

mod blob;
mod chain;
mod copy;
mod encoded;
mod error;
mod event;
mod item;
mod json;
mod payload;
mod reader;
mod recover;
mod sign;
mod verify;
mod writer;

pub use copy::Copier;
pub use encoded::{Encoded, Keep};
pub use error::{BlobProblem, Damage, JournalError, ReadError, Tampered};
pub use event::{
    Answer, ApprovalAsked, ApprovalRecord, ApprovalSettled, Before, Call, CallEvent, DecisionRecord, EffectResult, End,
    Event, Function, FunctionId, Header, Intent, Invocation, Note, Outcome, OutcomeEvent, Record, Redaction, Remember,
    RunResult, Seal, Stop, Verdict,
};
pub use json::{arguments_to_json, item_to_json, to_json};
pub use payload::{BlobRef, Digest, PayloadRef};
pub use reader::{Reader, Tail};
pub use recover::{NotRecoverable, RecoverError, Recovered, recover, recoverable};
pub use sign::{KeyError, PublicKey, Signer, SigningKey};
pub use verify::{OpenEffect, OpenEffects, Verification, verify, verify_signed};
pub use writer::{Fsync, JournalStore, Options, Summary, Writer};
// Ids that stand in records.
pub use wasm_agent_ids::{CallId, EffectId, PolicyDigest, RunId, ToolDigest};
