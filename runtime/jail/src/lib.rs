//! What a child process shuts itself into before it touches anything hostile: limits, Landlock, seccomp.
//!
//! A child calls [`enter`] first, while it has one thread: what it then starts inherits all of it. It keeps standard
//! input, output and error, memory and processor time up to its [`Limits`], and threads. It opens no file and no
//! socket, starts no program and no process, and ends with its parent.
//!
//! Descriptors that a child was started with stay open, so a program calls [`pass_nothing_on`] before it starts one.
//! What is open all the same can't be read, written or mapped (seccomp).
//!
//! Limits are the same on every Linux, and a process that can't have them does not go on. Landlock and seccomp depend
//! on the kernel: they are walls behind the walls, taken as far as they are there, and [`Walls`] says how far that was.

#![forbid(unsafe_code)]

mod calls;
mod limits;
mod walls;

use std::fmt;
use std::io;

pub use limits::Limits;

/// How much of a wall the kernel has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wall {
    /// All that was asked for.
    Whole,
    /// Some of it: an older kernel.
    Partial,
    /// Nothing of it.
    Missing,
}

/// What stands around this process besides its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walls {
    /// No file is opened, no port bound or connected to, no process outside signalled
    /// ([Landlock](https://docs.kernel.org/userspace-api/landlock.html)).
    pub landlock: Wall,
    /// System calls that memory, threads and the three descriptors need, and no others
    /// ([seccomp](https://docs.kernel.org/userspace-api/seccomp_filter.html)).
    pub seccomp: Wall,
}

/// Why a process can't be shut in. It must end.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what}")]
pub struct JailError {
    /// What was attempted.
    pub what: &'static str,
    /// What the operating system reports.
    pub source: io::Error,
}

impl JailError {
    fn new(what: &'static str) -> impl FnOnce(rustix::io::Errno) -> Self {
        move |errno| Self { what, source: errno.into() }
    }
}

/// Has this process pass no descriptor on to what it starts, but standard input, output and error.
///
/// A program opens all of its own like this, as Rust's standard library does. This is for what was left open by who
/// started the program.
pub fn pass_nothing_on() {
    close_fds::set_fds_cloexec_threadsafe(3, &[]);
}

/// Shuts this process in, for good. `parent` is the process that started it, with which it ends.
///
/// It gets a session of its own, so that no terminal's signal reaches it: it is ended by its parent's end alone.
///
/// # Errors
///
/// When the operating system refuses a limit or a session, or when the parent is gone.
pub fn enter(parent: u32, limits: &Limits) -> Result<Walls, JailError> {
    leave_with(parent)?;
    rustix::process::setsid().map_err(JailError::new("begin a session"))?;
    limits::set(limits)?;
    let landlock = walls::landlock();
    // Landlock takes a descriptor while it is set up; nothing does from here on.
    limits::no_more_descriptors()?;
    Ok(Walls { landlock, seccomp: calls::restrict() })
}

/// Ends this process with its parent, also where that ended before it could be said.
fn leave_with(parent: u32) -> Result<(), JailError> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(JailError::new("end with the parent process"))?;
    let now = getppid().map_or(0, |pid| pid.as_raw_nonzero().get());
    if i64::from(now) == i64::from(parent) {
        return Ok(());
    }
    Err(JailError { what: "end with the parent process", source: io::Error::other("it is gone already") })
}

impl fmt::Display for Wall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "whole",
            Self::Partial => "partial",
            Self::Missing => "missing",
        })
    }
}
