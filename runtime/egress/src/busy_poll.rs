//! Busy-polls for a moment before sleeping, because the answer may be about to come.
//!
//! When a thread sleeps, and its core with it, waking it takes longer than a nearby server takes to answer: on a
//! virtual machine several times as long. So the thread polls a moment longer before it sleeps.
//!
//! The rule: this costs nothing but processor time, and [`BUSY_POLL`] bounds that. Any other thread that wants the core
//! gets it at once.

#![expect(clippy::disallowed_methods, reason = "bounds how long a thread polls; no record contains this time")]

use std::convert::Infallible;
use std::time::{Duration, Instant};

/// How long to poll before the thread may sleep: a few round trips to a server on the same machine, and a small part of
/// one to any other.
const BUSY_POLL: Duration = Duration::from_micros(100);

/// Waits for an answer, and does not sleep for the first moments.
pub(crate) async fn busy_poll<F: Future>(answer: F) -> F::Output {
    tokio::select! {
        biased;
        answer = answer => answer,
        never = keep_polling() => match never {},
    }
}

/// Keeps the event loop from sleeping for [`BUSY_POLL`]. The loop does all its other work meanwhile.
async fn keep_polling() -> Infallible {
    let start = Instant::now();
    while start.elapsed() < BUSY_POLL {
        std::thread::yield_now();
        tokio::task::yield_now().await;
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn answer_that_is_there_is_taken_at_once() {
        assert_eq!(busy_poll(std::future::ready(7)).await, 7);
    }

    #[tokio::test]
    async fn other_tasks_go_on_and_their_answer_is_taken() {
        let (sender, answer) = oneshot::channel();
        tokio::spawn(async move { sender.send(7) });
        assert_eq!(busy_poll(answer).await, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn it_sleeps_when_the_answer_takes_longer() {
        // The test's clock advances only when nothing is left to do: if the loop were kept awake, this would never end.
        let mut looked = 0;
        let mut late = Box::pin(tokio::time::sleep(Duration::from_secs(3600)));
        let answer = poll_fn(|task| {
            looked += 1;
            late.as_mut().poll(task).map(|()| looked)
        });
        assert!(busy_poll(answer).await >= 2);
    }
}
