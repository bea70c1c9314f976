//! State that a live run and a replay share: when the run began, how long it may take, and why it ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::{Duration, Instant};

use wasm_agent_ids::RunId;

use super::ending::Ending;
use super::progress::ProgressTracker;
use crate::run::limits::Stopwatch;

/// A run under way, live or replayed.
pub(crate) struct Session {
    pub(crate) run: RunId,
    pub(crate) clock: Arc<Stopwatch>,
    pub(crate) ending: Arc<Ending>,
    pub(crate) tracker: Arc<ProgressTracker>,
    /// The tool read standard input that was given in advance.
    pub(crate) has_read_input: AtomicBool,
    /// Pollables that the tool waits for with one call, if it waits for pollables.
    pub(crate) polled: AtomicUsize,
}

impl Session {
    /// Begins now, and may take this long.
    pub(crate) fn new(run: RunId, time: Duration, ending: Arc<Ending>, tracker: Arc<ProgressTracker>) -> Self {
        let (has_read_input, polled) = (AtomicBool::new(false), AtomicUsize::new(0));
        Self { run, clock: tracker.start(time), ending, tracker, has_read_input, polled }
    }

    /// Nanoseconds since the run started.
    pub(crate) fn now_ns(&self) -> u64 {
        nanoseconds(self.clock.elapsed())
    }

    /// Nanoseconds from the start of the run to `instant`.
    pub(crate) fn since_start_ns(&self, instant: Instant) -> u64 {
        nanoseconds(instant.saturating_duration_since(self.clock.started()))
    }

    /// Ends the run if its time is used up at `now`.
    pub(crate) fn limit_time(&self, now: Instant) {
        if self.clock.is_over(now) {
            self.ending.limit("time");
        }
    }

    /// Fails once the run is over: it is ending, or its time is used up.
    pub(crate) fn check(&self) -> wasmtime::Result<()> {
        if self.clock.left().is_none() {
            self.ending.limit("time");
        }
        self.ending.check()
    }
}

pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
