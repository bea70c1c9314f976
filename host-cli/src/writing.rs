//! Writes output, and waits for its reader no longer than the run may go on.
//!
//! A reader that stops reading, such as a pager or a terminal after Ctrl-S, must not keep a run from being stopped: the
//! run's own thread writes its output.

use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, fstat};
use rustix::io::{Errno, write};
use wasm_agent_host::{RunHandle, Stream};

use crate::fresh_line;

/// Most bytes written at once where a write can wait: a pipe that has room for any takes as many (`PIPE_BUF` of Linux).
const PIECE_BYTES_MAX: usize = 4096;

/// How long to wait for a reader before looking whether the run is over.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

const NO_TIME: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// The run whose output is written. A process has one at most; in a replay, nothing stops the writing.
static RUN: OnceLock<RunHandle> = OnceLock::new();

/// From now on, nothing waits for a reader once this run is over.
pub(crate) fn only_while(run: RunHandle) {
    let _ = RUN.set(run);
}

/// Writes all of the bytes, unbuffered: somebody may be waiting for them.
///
/// # Errors
///
/// When they can't be written, or the run is over before there is room for them.
pub(crate) fn emit(stream: Stream, mut bytes: &[u8]) -> io::Result<()> {
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let shared = match stream {
        Stream::Stdout => stdout.as_fd(),
        Stream::Stderr => stderr.as_fd(),
    };
    while !bytes.is_empty() {
        match attempt(stream, shared, bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(length) => {
                let (written, rest) = bytes.split_at_checked(length).unwrap_or((bytes, &[]));
                fresh_line::wrote(stream, written);
                bytes = rest;
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) if RUN.get().is_some_and(RunHandle::is_over) => {
                return Err(io::Error::new(ErrorKind::TimedOut, "nobody has read it, and the run is over"));
            }
            Err(Errno::AGAIN) => drop(ready(shared, &PAUSE)),
            // Open for reading only. The standard library drops what is printed there, too.
            Err(Errno::BADF) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Writes some of the bytes, if that is possible without waiting.
fn attempt(stream: Stream, shared: BorrowedFd<'_>, bytes: &[u8]) -> rustix::io::Result<usize> {
    if let Some(own) = own(stream, shared) {
        return write(own, bytes);
    }
    if !ready(shared, &NO_TIME)? {
        return Err(Errno::AGAIN);
    }
    write(shared, bytes.get(..PIECE_BYTES_MAX).unwrap_or(bytes))
}

fn ready(descriptor: BorrowedFd<'_>, wait: &Timespec) -> rustix::io::Result<bool> {
    Ok(poll(&mut [PollFd::new(&descriptor, PollFlags::OUT)], Some(wait))? > 0)
}

/// The stream's pipe or terminal, opened once more so that writing there never blocks: a terminal that has room for
/// some bytes makes a longer write wait. Other programs share the first descriptor, which has to stay as it is.
///
/// `None` for other files, and where it can't be opened, as after `su`.
fn own(stream: Stream, shared: BorrowedFd<'_>) -> Option<&'static OwnedFd> {
    static OWN: [OnceLock<Option<OwnedFd>>; 2] = [const { OnceLock::new() }; 2];
    let [stdout, stderr] = &OWN;
    let own = match stream {
        Stream::Stdout => stdout,
        Stream::Stderr => stderr,
    };
    own.get_or_init(|| {
        let is_pipe = || fstat(shared).is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Fifo);
        if !rustix::termios::isatty(shared) && !is_pipe() {
            return None;
        }
        let flags = OFlags::WRONLY | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        rustix::fs::open(format!("/proc/self/fd/{}", shared.as_raw_fd()), flags, Mode::empty()).ok()
    })
    .as_ref()
}
