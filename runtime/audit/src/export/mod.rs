//! A run as spans, for programs that show and search traces.
//!
//! [`Spans`] turns records into spans; [`Otlp`] and [`ChromeTrace`] write them. All of this streams in bounded memory,
//! however long the journal is. A trace has names, numbers and lengths. Contents of files and bodies are left out.

mod attributes;
mod chrome;
mod facts;
mod otlp;
mod spans;

pub use chrome::ChromeTrace;
pub use facts::{ActionFacts, CallFacts};
pub use otlp::{Batch, Otlp};
pub use spans::{Reason, Span, SpanId, Spans, Subject};

#[cfg(test)]
mod tests;
