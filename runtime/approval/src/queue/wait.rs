//! The approver of a run that asks in a queue.

use std::io;

use rustix::fs::{FlockOperation, flock};

use super::changes::Changes;
use super::directory::Queue;
use super::question::{QUESTION_BYTES_MAX, Waiting};
use crate::{AnswerFuture, ApprovalRequest, Approver, ApproverError, Settled};

/// Asks in a queue, and waits for the answer of another process.
///
/// # Authority
///
/// Makes and removes files in the queue's directory.
#[derive(Debug)]
pub struct QueueApprover {
    queue: Queue,
}

impl QueueApprover {
    /// Asks in this queue.
    #[must_use]
    pub fn new(queue: Queue) -> Self {
        Self { queue }
    }

    async fn answer(&self, request: &ApprovalRequest) -> Result<Settled, ApproverError> {
        // Watched before it is asked, so that no answer is missed.
        let changes = Changes::of(&self.queue).on_the_event_loop().map_err(failed("watch the queue"))?;
        let question = Asked::put(&self.queue, request)?;
        loop {
            let answered = self.queue.answered(&question.waiting);
            if let Some(settled) = answered.map_err(|error| failed("read the answer")(io::Error::other(error)))? {
                return Ok(settled);
            }
            changes.wait().await.map_err(failed("watch the queue"))?;
        }
    }
}

impl Approver for QueueApprover {
    fn name(&self) -> String {
        "queue".to_owned()
    }

    fn ask<'a>(&'a self, request: &'a ApprovalRequest) -> AnswerFuture<'a> {
        Box::pin(self.answer(request))
    }
}

/// A question in the queue. It is taken away when nobody waits any more.
struct Asked<'a> {
    queue: &'a Queue,
    waiting: Waiting,
    /// Locked as long as the run waits.
    _lock: std::fs::File,
}

impl<'a> Asked<'a> {
    fn put(queue: &'a Queue, request: &ApprovalRequest) -> Result<Self, ApproverError> {
        let asking = failed("put the question into the queue");
        let waiting = Waiting::new(request).map_err(&asking)?;
        let bytes = serde_json::to_vec(&waiting).map_err(ApproverError::Request)?;
        // Nobody could read it: a tool can ask with a text of any length.
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > QUESTION_BYTES_MAX {
            let message = format!("the question has more than the {QUESTION_BYTES_MAX} bytes of one in a queue");
            return Err(ApproverError::Unavailable { message });
        }
        let lock = |file: std::fs::File| {
            flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            Ok(file)
        };
        let put = queue.put(&waiting.file(), &bytes, lock).map_err(|error| asking(io::Error::other(error)))?;
        let lock = put.ok_or_else(|| asking(io::ErrorKind::AlreadyExists.into()))?;
        Ok(Self { queue, waiting, _lock: lock })
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.queue.end(&self.waiting);
    }
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> ApproverError {
    move |source| ApproverError::Io { doing, source }
}
