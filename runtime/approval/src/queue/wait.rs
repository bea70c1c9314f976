//! The approver of a run that asks in a queue.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock, inotify};
use tokio::io::unix::AsyncFd;
use tokio::time::timeout;

use super::directory::Queue;
use super::question::Waiting;
use crate::watch::watch;
use crate::{AnswerFuture, ApprovalRequest, Approver, ApproverError, Settled};

/// How often to look where the system reports no changes, as on network file systems.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Bytes for reports of changes. They are only counted as a reason to look.
const REPORT_BYTES: usize = 4 << 10;

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
        let changes = Changes::of(&self.queue).map_err(failed("watch the queue"))?;
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
        let lock = |file: std::fs::File| {
            flock(&file, FlockOperation::NonBlockingLockExclusive)?;
            Ok(file)
        };
        let put = queue.put(&waiting.name(), &bytes, lock).map_err(|error| asking(io::Error::other(error)))?;
        let lock = put.ok_or_else(|| asking(io::ErrorKind::AlreadyExists.into()))?;
        Ok(Self { queue, waiting, _lock: lock })
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.queue.end(&self.waiting);
    }
}

/// Tells that something in the queue changed.
struct Changes {
    reports: AsyncFd<OwnedFd>,
}

impl Changes {
    fn of(queue: &Queue) -> io::Result<Self> {
        let reports = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        // A link appears as a new file.
        inotify::add_watch(&reports, queue.path(), inotify::WatchFlags::CREATE | inotify::WatchFlags::MOVED_TO)?;
        Ok(Self { reports: watch(reports)? })
    }

    async fn wait(&self) -> io::Result<()> {
        let Ok(ready) = timeout(LOOK_AGAIN, self.reports.readable()).await else { return Ok(()) };
        let mut ready = ready?;
        // Whatever it was, the caller looks; what comes later is reported again.
        let mut report = [0; REPORT_BYTES];
        loop {
            match ready.try_io(|reports| Ok(rustix::io::read(reports.get_ref(), &mut report)?)) {
                Ok(Ok(1..)) => {}
                Ok(Ok(_)) | Err(_) => return Ok(()),
                Ok(Err(error)) => return Err(error),
            }
        }
    }
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> ApproverError {
    move |source| ApproverError::Io { doing, source }
}
