//! The slowest calls of a run.

use wasm_agent_journal::Call;

/// How many of the slowest calls are kept.
pub const SLOWEST_MAX: usize = 10;

/// Longest description that is kept of a call, in characters: it is for one line.
const DESCRIPTION_CHARS_MAX: usize = 512;

/// One of the slowest calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slow {
    /// Sequence number of the call.
    pub call: u64,
    /// The function's name.
    pub function: String,
    /// When it was called, since the start of the run, in nanoseconds.
    pub at_ns: u64,
    /// Time it took, in nanoseconds.
    pub duration_ns: u64,
    /// What it was, in a few words.
    pub description: String,
}

/// The slowest calls so far, the slowest first; of equal ones the earliest.
#[derive(Debug, Default)]
pub(super) struct Slowest {
    calls: Vec<Slow>,
}

impl Slowest {
    /// Takes a call in if it is one of the slowest.
    pub(super) fn offer(&mut self, call: &Call, describe: impl FnOnce() -> String) {
        let place = self.calls.partition_point(|kept| kept.duration_ns >= call.duration_ns);
        if place >= SLOWEST_MAX {
            return;
        }
        self.calls.truncate(SLOWEST_MAX - 1);
        self.calls.insert(
            place,
            Slow {
                call: call.seq.0,
                function: call.function.name.clone(),
                at_ns: call.at_ns,
                duration_ns: call.duration_ns,
                description: describe().chars().take(DESCRIPTION_CHARS_MAX).collect(),
            },
        );
    }

    pub(super) fn calls(&self) -> &[Slow] {
        &self.calls
    }
}
