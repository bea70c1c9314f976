//! Event loops for runs. Making and closing one costs ten system calls, half of all that a short run makes, so loops
//! are reused.
//!
//! The rule: a loop that is reused holds nothing of the run before. A loop is kept only if it has no task left and
//! never had a thread started. What remains is a timer and a poller with nothing registered: a run's sockets, files and
//! timers end with its store. Any other loop is shut down.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::RunError;

/// Most idle loops that are kept for later runs. Each holds four file descriptors, of which a process often may have no
/// more than 1024.
///
/// This limits idle loops, not busy ones: with more concurrent runs than this, some make a new loop.
const IDLE_MAX: usize = 16;

/// How long to wait for the threads of a run that has ended, such as one that waits for a name server.
const SHUTDOWN_MAX: Duration = Duration::from_secs(5);

/// The idle loops of one engine.
#[derive(Debug, Default)]
pub(crate) struct EventLoops {
    idle: Mutex<Vec<EventLoop>>,
}

/// The event loop of one run. It runs on the current thread, for the guest and its requests.
#[derive(Debug)]
struct EventLoop {
    runtime: Runtime,
    /// Whether a thread was ever started for it, which may work for longer than the run lasts.
    had_thread: Arc<AtomicBool>,
}

impl EventLoops {
    /// Runs a future to its end, on this thread.
    ///
    /// # Errors
    ///
    /// When the thread has an event loop already, or the operating system can't supply a loop's resources.
    pub(crate) fn run<F: Future>(&self, future: F) -> Result<F::Output, RunError> {
        if Handle::try_current().is_ok() {
            let source = std::io::Error::other("this thread runs an event loop: await the run there");
            return Err(RunError::Start { source });
        }
        let event_loop = self.begin()?;
        let output = event_loop.runtime.block_on(future);
        self.end(event_loop);
        Ok(output)
    }

    /// A loop for one run, which passes it to [`EventLoops::end`] afterwards.
    ///
    /// # Errors
    ///
    /// When no loop is idle, and the operating system can't supply a new one's resources.
    fn begin(&self) -> Result<EventLoop, RunError> {
        let idle = self.idle().pop();
        idle.map_or_else(EventLoop::new, Ok)
    }

    /// Ends the use of a loop, once the run has dropped everything that it had in there. Tasks that are still in it end
    /// here.
    ///
    /// A loop that is dropped without this call is not reused.
    fn end(&self, ended: EventLoop) {
        if ended.is_empty() {
            let mut idle = self.idle();
            if idle.len() < IDLE_MAX {
                idle.push(ended);
                return;
            }
        }
        ended.runtime.shutdown_timeout(SHUTDOWN_MAX);
    }

    /// Nothing in here panics while the lock is held.
    fn idle(&self) -> MutexGuard<'_, Vec<EventLoop>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventLoop {
    fn new() -> Result<Self, RunError> {
        let had_thread = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&had_thread);
        let runtime = Builder::new_current_thread()
            .enable_all()
            // Called by the thread that asks for a new one, before that one starts. So the flag is set on the current
            // thread, with no delay.
            .thread_name_fn(move || {
                noted.store(true, Ordering::Relaxed);
                "blocking".to_owned()
            })
            .build()
            .map_err(|source| RunError::Start { source })?;
        Ok(Self { runtime, had_thread })
    }

    fn is_empty(&self) -> bool {
        self.runtime.metrics().num_alive_tasks() == 0 && !self.had_thread.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs one future in a loop; then returns the number of kept loops.
    fn kept_after<F: Future>(run: impl FnOnce() -> F) -> usize {
        let loops = EventLoops::default();
        let event_loop = loops.begin().unwrap();
        event_loop.runtime.block_on(async { run().await });
        loops.end(event_loop);
        loops.idle().len()
    }

    #[test]
    fn loop_in_which_nothing_is_left_serves_the_next_run() {
        let loops = EventLoops::default();
        let first = loops.begin().unwrap();
        let id = first.runtime.handle().id();
        first.runtime.block_on(async { tokio::spawn(async {}).await.unwrap() });
        loops.end(first);
        assert_eq!(loops.begin().unwrap().runtime.handle().id(), id);
        // It is taken, so no other run gets it.
        assert_ne!(loops.begin().unwrap().runtime.handle().id(), id);
    }

    #[test]
    fn loop_with_a_task_is_not_kept_and_the_task_ends() {
        let held = Arc::new(());
        let of_task = Arc::clone(&held);
        let kept = kept_after(|| async {
            tokio::spawn(async move {
                let _held = of_task;
                std::future::pending::<()>().await;
            });
            tokio::task::yield_now().await;
        });
        assert_eq!((kept, Arc::strong_count(&held)), (0, 1));
    }

    #[test]
    fn loop_with_a_task_that_never_ran_is_not_kept() {
        assert_eq!(kept_after(|| async { drop(tokio::spawn(async {})) }), 0);
    }

    #[test]
    fn loop_that_had_a_thread_is_not_kept_though_its_work_is_done() {
        assert_eq!(kept_after(|| async { tokio::task::spawn_blocking(|| ()).await.unwrap() }), 0);
    }

    #[test]
    fn loop_whose_thread_is_only_about_to_begin_is_not_kept() {
        assert_eq!(kept_after(|| async { drop(tokio::task::spawn_blocking(|| ())) }), 0);
    }

    #[test]
    fn few_loops_are_kept_however_many_runs_there_are_at_once() {
        let loops = EventLoops::default();
        let begun: Vec<EventLoop> = (0..IDLE_MAX + 2).map(|_| loops.begin().unwrap()).collect();
        begun.into_iter().for_each(|event_loop| loops.end(event_loop));
        assert_eq!(loops.idle().len(), IDLE_MAX);
    }
}
