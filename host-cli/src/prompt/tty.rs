//! The terminal itself: writing, reading a line at a time, and stopping at once on request.

use std::fs::File;
use std::io::{self, ErrorKind, PipeReader, Read, Write};
use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::termios::{LocalModes, QueueSelector};
use wasm_agent_host::approval::ApproverError;

use crate::process::own_group;

/// Longest line, in bytes: the kernel's own limit. An answer is a letter, and perhaps a reason.
const LINE_BYTES_MAX: usize = 4096;

/// Assumed columns of a terminal that does not know its size, such as a serial line.
const WIDTH_UNKNOWN: usize = 80;

/// What a prompt needs of a terminal.
pub(super) trait Tty {
    /// Writes all of the text.
    fn write(&mut self, text: &str) -> io::Result<()>;

    /// Discards input that has not been read.
    fn flush_input(&mut self) -> io::Result<()>;

    /// Waits for a line.
    fn read_line(&mut self) -> io::Result<Line>;

    /// Columns from edge to edge.
    fn width(&self) -> io::Result<usize>;
}

/// The result of reading a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A whole line, without its line break.
    Text(String),
    /// A line that is too long, or not UTF-8.
    Unreadable,
    /// There will be no more lines.
    End,
    /// Nobody waits for the line any more.
    Cancelled,
}

/// A real terminal.
///
/// Reads and writes never block. Every wait also watches the cancellation pipe, so no thread stays behind that would
/// take the next line somebody types.
pub(super) struct Terminal {
    tty: File,
    cancelled: PipeReader,
}

impl Terminal {
    /// Opens the terminal that the process was started from.
    ///
    /// All waiting ends when the other end of `cancelled` is closed.
    ///
    /// # Errors
    ///
    /// When there is no terminal, or its state makes answers untrustworthy.
    pub(super) fn controlling(cancelled: PipeReader) -> Result<Self, ApproverError> {
        let tty = open().map_err(|error| unusable(&format!("cannot open `/dev/tty`: {error}")))?;
        // Reading would stop a process in the background, and the run with it.
        let in_front = rustix::termios::tcgetpgrp(&tty)
            .map_err(|error| unusable(&format!("cannot tell who reads it: {error}")))?;
        match own_group() {
            Some(group) if group == in_front.as_raw_pid() => {}
            Some(_) => return Err(unusable("this run is in the background")),
            None => return Err(unusable("cannot tell who reads it: `/proc/self/status` does not name the group")),
        }
        // This question may have timed out while an earlier one was waiting.
        if is_over(&cancelled).map_err(|error| unusable(&error.to_string()))? {
            return Err(unusable("nobody waits for the answer any more"));
        }
        Self::new(tty, cancelled)
    }

    /// Wraps an open terminal, which must be non-blocking.
    fn new(tty: OwnedFd, cancelled: PipeReader) -> Result<Self, ApproverError> {
        let modes = rustix::termios::tcgetattr(&tty)
            .map_err(|error| unusable(&format!("not a terminal: {error}")))?
            .local_modes;
        // Otherwise each key is an answer, or another program reads keys.
        if !modes.contains(LocalModes::ICANON) {
            return Err(unusable("it is in raw mode"));
        }
        Ok(Self { tty: File::from(tty), cancelled })
    }

    /// Waits until the terminal is ready. False if the wait was cancelled.
    fn wait(&self, flags: PollFlags) -> io::Result<bool> {
        loop {
            let mut watched = [PollFd::new(&self.cancelled, PollFlags::empty()), PollFd::new(&self.tty, flags)];
            match poll(&mut watched, None) {
                Ok(_) => {
                    let [cancelled, _] = watched;
                    return Ok(cancelled.revents().is_empty());
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Opens the terminal that the process was started from, for reading and writing that never blocks.
fn open() -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC | OFlags::NONBLOCK;
    rustix::fs::open("/dev/tty", flags, Mode::empty())
}

/// Whether the other end of the pipe is closed. Does not wait.
fn is_over(cancelled: &PipeReader) -> io::Result<bool> {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    Ok(poll(&mut [PollFd::new(cancelled, PollFlags::empty())], Some(&now))? > 0)
}

fn unusable(why: &str) -> ApproverError {
    ApproverError::Unavailable { message: format!("cannot ask at the terminal: {why}") }
}

impl Tty for Terminal {
    fn write(&mut self, text: &str) -> io::Result<()> {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            match self.tty.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !self.wait(PollFlags::OUT)? {
                        return Err(ErrorKind::TimedOut.into());
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn flush_input(&mut self) -> io::Result<()> {
        Ok(rustix::termios::tcflush(&self.tty, QueueSelector::IFlush)?)
    }

    fn read_line(&mut self) -> io::Result<Line> {
        let mut line = Vec::new();
        let mut part = [0; LINE_BYTES_MAX];
        loop {
            if !self.wait(PollFlags::IN)? {
                return Ok(Line::Cancelled);
            }
            match self.tty.read(&mut part) {
                // This ends an incomplete line too: it was not submitted.
                Ok(0) => return Ok(Line::End),
                Ok(read) => line.extend_from_slice(part.get(..read).unwrap_or_default()),
                // The line was discarded between waiting and reading.
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) => return Err(error),
            }
            if line.last() == Some(&b'\n') {
                line.pop();
                return Ok(String::from_utf8(line).map_or(Line::Unreadable, Line::Text));
            }
            if line.len() >= LINE_BYTES_MAX {
                // Its rest is discarded before the next question.
                return Ok(Line::Unreadable);
            }
        }
    }

    fn width(&self) -> io::Result<usize> {
        let columns = rustix::termios::tcgetwinsize(&self.tty)?.ws_col;
        Ok(match columns {
            0 => WIDTH_UNKNOWN,
            columns => usize::from(columns),
        })
    }
}

#[cfg(test)]
mod tests;
