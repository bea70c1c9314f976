//! How far a run has come, for those who follow it from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

/// How far a run has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Where it is on its way.
    pub stage: Stage,
    /// The actions that wait for an approver's answer now, as they are shown to people.
    pub asking: Vec<Arc<str>>,
}

/// The stages of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// It is set up, and nothing has happened.
    #[default]
    Ready,
    /// The tool runs.
    Running,
    /// It is over. The journal has its end, unless the run was dropped or the journal failed.
    Ended,
}

/// What a run shows of itself while it goes on.
#[derive(Debug, Default)]
pub(crate) struct Follow {
    calls: AtomicU64,
    progress: watch::Sender<Progress>,
}

impl Follow {
    /// Notes that so many host calls have begun. Nobody is woken for one.
    pub(crate) fn calls_begun(&self, calls: u64) {
        self.calls.store(calls, Ordering::Relaxed);
    }

    /// Host calls begun so far.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// A view that is told of every change of [`Progress`].
    pub(crate) fn subscribe(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// The run begins. It has ended once the guard is dropped, however that comes about.
    pub(crate) fn run(self: &Arc<Self>) -> impl Drop + Send + use<> {
        struct Running(Arc<Follow>);
        impl Drop for Running {
            fn drop(&mut self) {
                self.0.progress.send_modify(|progress| progress.stage = Stage::Ended);
            }
        }
        self.progress.send_modify(|progress| progress.stage = Stage::Running);
        Running(Arc::clone(self))
    }

    /// An action waits for an answer until the guard is dropped.
    pub(super) fn ask(&self, action: &str) -> impl Drop + Send + '_ {
        struct Asking<'a>(&'a Follow, Arc<str>);
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
    fn equal_questions_are_told_apart() {
        let follow = Follow::default();
        let seen = follow.subscribe();
        let asking = || seen.borrow().asking.len();
        let first = follow.ask("file.delete /a");
        let second = follow.ask("file.delete /a");
        assert_eq!(asking(), 2);
        drop(first);
        assert_eq!(asking(), 1);
        drop(second);
        assert_eq!(asking(), 0);
    }

    #[test]
    fn a_run_that_is_dropped_has_ended() {
        let follow = Arc::new(Follow::default());
        let seen = follow.subscribe();
        assert_eq!(seen.borrow().stage, Stage::Ready);
        let running = follow.run();
        assert_eq!(seen.borrow().stage, Stage::Running);
        drop(running);
        assert_eq!(seen.borrow().stage, Stage::Ended);
    }
}
