//! The progress of a run, for observers outside of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::watch;

use crate::run::limits::{Stopwatch, Waits};

/// The progress of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The stage that it is in.
    pub stage: Stage,
    /// The actions that wait for an approver's answer now, as people see them.
    pub asking: Vec<Arc<str>>,
}

/// The stages of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The run is set up, and nothing has happened yet.
    #[default]
    Ready,
    /// The tool runs.
    Running,
    /// The run is over. Its journal has its end, unless the run was dropped or the journal failed.
    Ended,
}

/// The progress of a run, updated while it goes on.
#[derive(Debug, Default)]
pub(crate) struct ProgressTracker {
    calls: AtomicU64,
    waits: Waits,
    clock: OnceLock<Arc<Stopwatch>>,
    progress: watch::Sender<Progress>,
}

impl ProgressTracker {
    /// Sets the number of host calls begun. It wakes nobody.
    pub(crate) fn calls_begun(&self, calls: u64) {
        self.calls.store(calls, Ordering::Relaxed);
    }

    /// Host calls begun so far.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Why the run's clock stands still.
    pub(crate) fn waits(&self) -> &Waits {
        &self.waits
    }

    /// Measures the run's time from now on, unless it is measured already.
    pub(super) fn start(&self, limit: Duration) -> Arc<Stopwatch> {
        Arc::clone(self.clock.get_or_init(|| Arc::new(Stopwatch::start(limit, self.waits.clone()))))
    }

    /// Whether the run has begun and its time is used up.
    pub(crate) fn is_out_of_time(&self) -> bool {
        self.clock.get().is_some_and(|clock| clock.left().is_none())
    }

    /// Whether somebody is being asked.
    pub(crate) fn is_asking(&self) -> bool {
        !self.progress.borrow().asking.is_empty()
    }

    /// Waits until nobody is being asked.
    pub(crate) async fn unasked(&self) {
        // The sender is here, so this does not fail.
        let _ = self.subscribe().wait_for(|progress| progress.asking.is_empty()).await;
    }

    /// A receiver that is notified of every change of [`Progress`].
    pub(crate) fn subscribe(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Marks the run as running, and as ended once the guard is dropped, for whatever reason.
    pub(crate) fn run(self: &Arc<Self>) -> impl Drop + Send + use<> {
        struct Running(Arc<ProgressTracker>);
        impl Drop for Running {
            fn drop(&mut self) {
                self.0.progress.send_modify(|progress| progress.stage = Stage::Ended);
            }
        }
        self.progress.send_modify(|progress| progress.stage = Stage::Running);
        Running(Arc::clone(self))
    }

    /// Marks an action as waiting for an answer until the guard is dropped.
    pub(super) fn ask(&self, action: &str) -> impl Drop + Send + '_ {
        struct Asking<'a>(&'a ProgressTracker, Arc<str>);
        impl Drop for Asking<'_> {
            fn drop(&mut self) {
                self.0.progress.send_modify(|progress| progress.asking.retain(|asked| !Arc::ptr_eq(asked, &self.1)));
            }
        }
        let action: Arc<str> = action.into();
        self.progress.send_modify(|progress| progress.asking.push(Arc::clone(&action)));
        Asking(self, action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_questions_count_separately() {
        let tracker = ProgressTracker::default();
        let seen = tracker.subscribe();
        let asking = || seen.borrow().asking.len();
        let first = tracker.ask("file.delete /a");
        let second = tracker.ask("file.delete /a");
        assert_eq!(asking(), 2);
        drop(first);
        assert_eq!(asking(), 1);
        drop(second);
        assert_eq!(asking(), 0);
    }

    #[test]
    fn a_run_that_is_dropped_has_ended() {
        let tracker = Arc::new(ProgressTracker::default());
        let seen = tracker.subscribe();
        assert_eq!(seen.borrow().stage, Stage::Ready);
        let running = tracker.run();
        assert_eq!(seen.borrow().stage, Stage::Running);
        drop(running);
        assert_eq!(seen.borrow().stage, Stage::Ended);
    }
}
