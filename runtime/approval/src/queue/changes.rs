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
    reports: OwnedFd,
}

/// The same, for a task.
pub(super) struct AsyncChanges {
    reports: AsyncFd<OwnedFd>,
}

impl Changes {
    /// Watches from now on.
    ///
    /// # Errors
    ///
    /// When the system watches no more directories.
    pub fn of(queue: &Queue) -> io::Result<Self> {
        let reports = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        // A link appears as a new file.
        let changes = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::DELETE;
        inotify::add_watch(&reports, queue.path(), changes)?;
        Ok(Self { reports })
    }

    /// Waits for a change, and half a second at most: whoever calls looks again in any case.
    ///
    /// # Errors
    ///
    /// When waiting fails.
    pub fn wait(&self) -> io::Result<()> {
        let most = Timespec { tv_sec: 0, tv_nsec: i64::from(LOOK_AGAIN.subsec_nanos()) };
        match poll(&mut [PollFd::new(&self.reports, PollFlags::IN)], Some(&most)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => Ok(()),
            Ok(_) => drain(&self.reports),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn on_the_event_loop(self) -> io::Result<AsyncChanges> {
        Ok(AsyncChanges { reports: watch(self.reports)? })
    }
}

impl AsyncChanges {
    /// As [`Changes::wait`].
    pub(super) async fn wait(&self) -> io::Result<()> {
        let Ok(ready) = timeout(LOOK_AGAIN, self.reports.readable()).await else { return Ok(()) };
        let mut ready = ready?;
        drain(self.reports.get_ref())?;
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
