//! Waits until something in a queue changes.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::io::unix::AsyncFd;
use tokio::time::timeout;

use super::directory::Queue;
use crate::watch::watch;

/// How often to look where the system reports no changes, as on network file systems, and for runs that are gone, which
/// change nothing.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Bytes for reports of changes. They are only counted as a reason to look.
const REPORT_BYTES: usize = 4 << 10;

/// Tells that a file came into the queue or left it.
#[derive(Debug)]
pub struct Changes {
    /// `None` if the system reports none: it lets each user watch a few directories only.
    reports: Option<OwnedFd>,
}

/// The same, for a task.
pub(super) struct AsyncChanges {
    reports: Option<AsyncFd<OwnedFd>>,
}

impl Changes {
    /// Watches from now on.
    #[must_use]
    pub fn of(queue: &Queue) -> Self {
        let watched = || -> rustix::io::Result<OwnedFd> {
            let reports = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            // A link appears as a new file.
            let changes = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::DELETE;
            inotify::add_watch(&reports, queue.path(), changes)?;
            Ok(reports)
        };
        Self { reports: watched().ok() }
    }

    /// Waits for a change, and half a second at most: whoever calls looks again in any case.
    ///
    /// # Errors
    ///
    /// When waiting fails.
    pub fn wait(&self) -> io::Result<()> {
        let most = Timespec { tv_sec: 0, tv_nsec: i64::from(LOOK_AGAIN.subsec_nanos()) };
        let mut watched = self.reports.iter().map(|reports| PollFd::new(reports, PollFlags::IN)).collect::<Vec<_>>();
        match (poll(&mut watched, Some(&most)), &self.reports) {
            (Ok(1..), Some(reports)) => drain(reports),
            (Ok(_) | Err(rustix::io::Errno::INTR), _) => Ok(()),
            (Err(error), _) => Err(error.into()),
        }
    }

    pub(super) fn on_the_event_loop(self) -> io::Result<AsyncChanges> {
        Ok(AsyncChanges { reports: self.reports.map(watch).transpose()? })
    }
}

impl AsyncChanges {
    /// As [`Changes::wait`].
    pub(super) async fn wait(&self) -> io::Result<()> {
        let Some(reports) = &self.reports else {
            tokio::time::sleep(LOOK_AGAIN).await;
            return Ok(());
        };
        let Ok(ready) = timeout(LOOK_AGAIN, reports.readable()).await else { return Ok(()) };
        let mut ready = ready?;
        drain(reports.get_ref())?;
        ready.clear_ready();
        Ok(())
    }
}

/// Throws away all reports. Whatever they say, the caller looks; what comes later is reported again.
fn drain(reports: &OwnedFd) -> io::Result<()> {
    let mut report = [0; REPORT_BYTES];
    loop {
        match rustix::io::read(reports, &mut report) {
            Ok(1..) => {}
            Ok(_) | Err(rustix::io::Errno::AGAIN) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn without_reports_it_looks_again_after_a_while() {
        let changes = Changes { reports: None }.on_the_event_loop().unwrap();
        let start = Instant::now();
        changes.wait().await.unwrap();
        assert!(start.elapsed() >= LOOK_AGAIN && start.elapsed() < 2 * LOOK_AGAIN);
    }
}
