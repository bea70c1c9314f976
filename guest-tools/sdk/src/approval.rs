//! Checkpoints: asking a person before a step that only the tool understands.

use std::error::Error;
use std::fmt;

use crate::bindings::wasm_agent::host::approval;

/// Why a checkpoint was not approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Someone looked at it and said no.
    Refused,
    /// Nobody answered in time.
    TimedOut,
    /// Nobody can be asked in this run.
    Unavailable,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "it was refused",
            Self::TimedOut => "nobody answered in time",
            Self::Unavailable => "nobody can be asked in this run",
        })
    }
}

impl Error for Refusal {}

/// Waits until a person has answered, and returns only when the checkpoint is approved.
///
/// `title` is one line that says what is about to happen. `detail` has what a person needs to judge it.
///
/// # Errors
/// When it is not approved. The step must then not be taken.
pub fn checkpoint(title: &str, detail: &str) -> Result<(), Refusal> {
    approval::checkpoint(title, detail).map_err(|refusal| match refusal {
        approval::Refusal::Refused => Refusal::Refused,
        approval::Refusal::TimedOut => Refusal::TimedOut,
        approval::Refusal::Unavailable => Refusal::Unavailable,
    })
}
