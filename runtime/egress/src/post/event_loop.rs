//! An event loop that is not waited for when it is dropped.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// An event loop of one thread.
///
/// A name server that does not answer keeps the thread that asks it for ten seconds and more. Dropping a [`Runtime`]
/// waits for such threads; dropping this does not.
pub(super) struct EventLoop {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
}

impl EventLoop {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { runtime: Some(Builder::new_current_thread().enable_all().build()?) })
    }

    /// Runs until the future has completed. `None` never occurs: it is not being dropped.
    pub(super) fn block_on<F: Future>(&self, future: F) -> Option<F::Output> {
        self.runtime.as_ref().map(|runtime| runtime.block_on(future))
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_thread_that_waits_is_not_waited_for() {
        let (sender, receiver) = channel::<()>();
        let (begun, waits) = channel();
        let events = EventLoop::new().unwrap();
        events.block_on(async {
            tokio::task::spawn_blocking(move || {
                begun.send(()).unwrap();
                receiver.recv()
            });
        });
        waits.recv().unwrap();
        // This would not return before the thread ends.
        drop(events);
        drop(sender);
    }
}
