//! A directory of questions: a run puts its question there, and somebody answers it from another process.
//!
//! No daemon keeps it. A question and its answer are one file each, which appear whole or not at all. Only the user who
//! owns the directory asks; who may answer is what the directory's mode says. The run holds a lock on its question
//! while it waits, so that nobody answers to a run that is gone.
//!
//! The rule: an answer is taken only if it names the question, its action and what was shown, all three.

mod answer;
mod changes;
mod directory;
mod error;
mod question;
mod wait;

pub use answer::Reply;
pub use changes::Changes;
pub use directory::Queue;
pub use error::QueueError;
pub use question::{Entry, Found, QUESTION_BYTES_MAX, Waiting};
pub use wait::QueueApprover;

#[cfg(test)]
mod tests;
