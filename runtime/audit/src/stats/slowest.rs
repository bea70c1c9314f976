//! The slowest calls of a run.

use wasm_agent_journal::Call;

/// How many of the slowest calls are kept.
pub const SLOWEST_MAX: usize = 10;

/// Longest description of a call, in characters: it must fit on a line.
const DESCRIPTION_CHARS_MAX: usize = 512;

/// One of the slowest calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlowCall {
    /// Sequence number of the call.
    pub call: u64,
    /// The function's name.
    pub function: String,
    /// Time of the call since the start of the run, in nanoseconds.
    pub at_ns: u64,
    /// How long it took, in nanoseconds.
    pub duration_ns: u64,
    /// The call in a few words.
    pub description: String,
}

/// The slowest calls so far, slowest first. Of equally slow ones, the earliest first.
#[derive(Debug, Default)]
pub(super) struct Slowest {
    calls: Vec<SlowCall>,
}

impl Slowest {
    /// Keeps a call if it is one of the slowest.
    pub(super) fn offer(&mut self, call: &Call, describe: impl FnOnce() -> String) {
        let place = self.calls.partition_point(|kept| kept.duration_ns >= call.duration_ns);
        if place >= SLOWEST_MAX {
            return;
        }
        self.calls.truncate(SLOWEST_MAX - 1);
        self.calls.insert(
            place,
            SlowCall {
                call: call.seq.0,
                function: call.function.name.clone(),
                at_ns: call.at_ns,
                duration_ns: call.duration_ns,
                description: describe().chars().take(DESCRIPTION_CHARS_MAX).collect(),
            },
        );
    }

    pub(super) fn calls(&self) -> &[SlowCall] {
        &self.calls
    }
}
