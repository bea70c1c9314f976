//! Observing and stopping a run from outside.

use std::sync::Arc;

use tokio::sync::watch;
use wasm_agent_ids::RunId;

use crate::gate::{Ending, Progress, ProgressTracker, Stage};

/// Observes a run and can stop it. Clones refer to the same run, which goes on when they are dropped.
#[derive(Clone, Debug)]
pub struct RunHandle {
    id: RunId,
    ending: Arc<Ending>,
    tracker: Arc<ProgressTracker>,
    progress: watch::Receiver<Progress>,
}

impl RunHandle {
    pub(super) fn new(id: RunId, ending: Arc<Ending>, tracker: Arc<ProgressTracker>) -> Self {
        Self { id, ending, progress: tracker.subscribe(), tracker }
    }

    /// The run's identifier.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.id
    }

    /// Stops the run, if it has not ended: at the tool's next host call, or within a few milliseconds of computing. It
    /// ends with [`Outcome::Cancelled`](crate::Outcome::Cancelled), and its journal ends as usual. An effect that is
    /// under way is recorded as one that may have happened.
    pub fn stop(&self, reason: impl Into<String>) {
        drop(self.ending.cancel(reason.into()));
    }

    /// Whether the run is ending or its time is used up. Nothing should wait on its behalf any more, such as an
    /// [`OutputSink`](crate::OutputSink) for a reader.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ending.reason().is_some() || self.tracker.is_out_of_time()
    }

    /// Stops the run's clock until the returned guard is dropped: for the time in which the whole process stands still,
    /// as after Ctrl-Z. The time limit does not count it, and the report counts it as waited.
    #[must_use = "the clock goes on when the guard is dropped"]
    pub fn hold(&self) -> impl Drop + Send + use<> {
        self.tracker.waits().hold()
    }

    /// Host calls that the tool has begun so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.tracker.calls()
    }

    /// The run's progress.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// Waits until the progress changes from what this handle last saw, and returns it. `None` once the handle has seen
    /// the end.
    ///
    /// Several changes in between are seen as one, in their latest state. Calls alone are not a change.
    pub async fn changed(&mut self) -> Option<Progress> {
        let seen_the_end = !self.progress.has_changed().unwrap_or(false) && self.progress().stage == Stage::Ended;
        if seen_the_end || self.progress.changed().await.is_err() {
            return None;
        }
        Some(self.progress.borrow_and_update().clone())
    }
}
