//! Following a run and stopping it, from outside.

use std::sync::Arc;

use tokio::sync::watch;
use wasm_agent_ids::RunId;

use crate::gate::{Ending, Follow, Progress, Stage};

/// Follows a run and can stop it. Clones are of the same run; it goes on when they are dropped.
#[derive(Clone, Debug)]
pub struct RunHandle {
    id: RunId,
    ending: Arc<Ending>,
    follow: Arc<Follow>,
    progress: watch::Receiver<Progress>,
}

impl RunHandle {
    pub(super) fn new(id: RunId, ending: Arc<Ending>, follow: Arc<Follow>) -> Self {
        Self { id, ending, progress: follow.subscribe(), follow }
    }

    /// The run.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.id
    }

    /// Stops the run, if it has not ended: at the tool's next host call, or within a few milliseconds of computing. It
    /// ends with [`Outcome::Cancelled`](crate::Outcome::Cancelled), and its journal like any other. An effect that is
    /// under way is recorded as one that may have happened.
    pub fn stop(&self, reason: impl Into<String>) {
        self.ending.cancel(reason.into());
    }

    /// Host calls that the tool has begun so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.follow.calls()
    }

    /// How far the run has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// Waits until the run has got further than this handle has seen, and says how far. `None` once the handle has seen
    /// its end.
    ///
    /// What changes several times before it is looked at is seen once, as it is then. Calls alone are no change.
    pub async fn changed(&mut self) -> Option<Progress> {
        let seen_the_end = !self.progress.has_changed().unwrap_or(false) && self.progress().stage == Stage::Ended;
        if seen_the_end || self.progress.changed().await.is_err() {
            return None;
        }
        Some(self.progress.borrow_and_update().clone())
    }
}
