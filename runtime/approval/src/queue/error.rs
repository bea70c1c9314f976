//! Why a queue can't be used.

use std::io;
use std::path::PathBuf;

/// Why a queue, or something in it, can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The system refused a step.
    #[error("cannot {doing} `{}`", .path.display())]
    Io {
        /// The step, as in "cannot open".
        doing: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// Others than the owner could put questions or answers there, or read them.
    #[error(
        "queue `{}` has mode {found:04o}, expected 0700, or 3770 with a group that may answer",
        .path.display()
    )]
    NotPrivate {
        /// The directory.
        path: PathBuf,
        /// Its permissions, with the set-group and sticky bits.
        found: u32,
    },
    /// The directory belongs to another user, who could answer in this one's name.
    #[error("queue `{}` belongs to user {found}, and runs of user {expected} can't ask there", .path.display())]
    OtherOwner {
        /// The directory.
        path: PathBuf,
        /// Its owner.
        found: u32,
        /// The user of the run.
        expected: u32,
    },
    /// Only the owner may answer in a private queue.
    #[error("queue `{}` belongs to user {owner}, and user {user} may not answer there", .path.display())]
    Stranger {
        /// The directory.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// Who would answer.
        user: u32,
    },
    /// No question has this name.
    #[error("no question `{}` waits", .name.escape_debug())]
    NoQuestion {
        /// What was asked for.
        name: String,
    },
    /// More than one question begins like this.
    #[error("{count} questions begin with `{}`", .name.escape_debug())]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// How many there are.
        count: usize,
    },
    /// A file is not a question, or not one of the directory's owner.
    #[error("`{}` is not a question: {problem}", .path.display())]
    NotAQuestion {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// Somebody answered before.
    #[error("question `{id}` was answered already, by user {by}")]
    Answered {
        /// The question.
        id: String,
        /// Who answered.
        by: u32,
    },
    /// The run does not wait any more.
    #[error("nobody waits for an answer to `{id}` any more")]
    Gone {
        /// The question.
        id: String,
    },
}
