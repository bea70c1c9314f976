//! A run as spans, for programs that draw and search traces.
//!
//! [`Spans`] turns records into spans; [`Otlp`] and [`ChromeTrace`] write them. All of it streams: what is kept is bounded by
//! the constants here, however long the journal is. Contents of files and bodies stay in the journal: a trace has names,
//! numbers and lengths.

mod attributes;
mod chrome;
mod facts;
mod otlp;
mod spans;

pub use chrome::ChromeTrace;
pub use facts::{ActionFacts, CallFacts};
pub use otlp::{Batch, Otlp};
pub use spans::{Id, Reason, Span, Spans, Subject};

#[cfg(test)]
mod tests;
