//! Staying awake for an answer that is about to come.
//!
//! A thread that goes to sleep for an answer, and its core with it, takes longer to be woken than a server close by
//! takes to answer: on a virtual machine several times as long. So it looks for the answer a moment longer before it
//! sleeps.
//!
//! The rule: it costs nothing but processor time, and [`AWAKE`] bounds that. Whoever else wants the core has it at
//! once.

#![expect(
    clippy::disallowed_methods,
    reason = "bounds how long a thread stays awake; nothing that is recorded has the time"
)]

use std::convert::Infallible;
use std::time::{Duration, Instant};

/// How long an answer is looked for before the thread may sleep: a few round trips to a server on the same machine, and
/// a small part of one to any other.
const AWAKE: Duration = Duration::from_micros(100);

/// Waits for an answer, the first moments without sleeping.
pub(crate) async fn awake<F: Future>(answer: F) -> F::Output {
    tokio::select! {
        biased;
        answer = answer => answer,
        never = stay() => match never {},
    }
}

/// Keeps the event loop from sleeping for [`AWAKE`]. It does all its other work meanwhile.
async fn stay() -> Infallible {
    let start = Instant::now();
    while start.elapsed() < AWAKE {
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
        assert_eq!(awake(std::future::ready(7)).await, 7);
    }

    #[tokio::test]
    async fn other_tasks_go_on_and_their_answer_is_taken() {
        let (sender, answer) = oneshot::channel();
        tokio::spawn(async move { sender.send(7) });
        assert_eq!(awake(answer).await, Ok(7));
    }

    #[tokio::test(start_paused = true)]
    async fn it_sleeps_when_the_answer_takes_longer() {
        // The clock of the test goes on only once nothing is left to do: were it kept awake, this would never end.
        let mut looked = 0;
        let mut late = Box::pin(tokio::time::sleep(Duration::from_secs(3600)));
        let answer = poll_fn(|task| {
            looked += 1;
            late.as_mut().poll(task).map(|()| looked)
        });
        assert!(awake(answer).await >= 2);
    }
}
