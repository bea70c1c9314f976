//! Confines a child process before it touches anything hostile: limits, Landlock, seccomp.
//!
//! A child calls [`enter`] first, while it has one thread; threads that it starts later inherit all of it. It keeps
//! standard input, output and error, memory and processor time up to its [`Limits`], and threads. It opens no file or
//! socket, starts no program or process, and ends with its parent.
//!
//! Descriptors that a child was started with stay open, so a program calls [`pass_nothing_on`] before it starts one. A
//! descriptor that is open all the same can't be read, written or mapped (seccomp).
//!
//! Limits work on every Linux, and a process that can't set them must not go on. Landlock and seccomp depend on the
//! kernel. They are a second line of defence, used as far as the kernel has them: [`Confinement`] says how far.

#![forbid(unsafe_code)]

mod landlock;
mod limits;
mod seccomp;

use std::fmt;
use std::io;

pub use limits::Limits;

/// How much of a mechanism the kernel enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// Everything that was asked for.
    Full,
    /// Some of it, because the kernel is older.
    Partial,
    /// None of it.
    None,
}

/// What confines this process besides its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// Opens no file, binds and connects to no port, signals no process outside
    /// ([Landlock](https://docs.kernel.org/userspace-api/landlock.html)).
    pub landlock: Enforcement,
    /// Makes only the system calls that memory, threads and the three descriptors need
    /// ([seccomp](https://docs.kernel.org/userspace-api/seccomp_filter.html)).
    pub seccomp: Enforcement,
}

/// Why a process can't be confined. It must end.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what}")]
pub struct JailError {
    /// The step that failed.
    pub what: &'static str,
    /// The operating system's error.
    pub source: io::Error,
}

impl JailError {
    fn new(what: &'static str) -> impl FnOnce(rustix::io::Errno) -> Self {
        move |errno| Self { what, source: errno.into() }
    }
}

/// Closes all descriptors but standard input, output and error in the processes that this one starts.
///
/// Rust's standard library opens descriptors like this already. This is for descriptors that the parent of this program
/// left open.
pub fn pass_nothing_on() {
    close_fds::set_fds_cloexec_threadsafe(3, &[]);
}

/// Confines this process, for good. `parent` is the process that started it, and with which it ends.
///
/// It gets a session of its own, so that no signal from a terminal reaches it: only the end of its parent ends it.
///
/// # Errors
///
/// When the operating system refuses a limit or a session, or when the parent is gone.
pub fn enter(parent: u32, limits: &Limits) -> Result<Confinement, JailError> {
    leave_with(parent)?;
    rustix::process::setsid().map_err(JailError::new("begin a session"))?;
    limits::set(limits)?;
    let landlock = landlock::restrict();
    // Landlock needs a descriptor while it is set up; nothing does from here on.
    limits::no_more_descriptors()?;
    Ok(Confinement { landlock, seccomp: seccomp::restrict() })
}

/// Ends this process with its parent, even if the parent ended before this call.
fn leave_with(parent: u32) -> Result<(), JailError> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(JailError::new("end with the parent process"))?;
    let now = getppid().map_or(0, |pid| pid.as_raw_nonzero().get());
    if i64::from(now) == i64::from(parent) {
        return Ok(());
    }
    Err(JailError { what: "end with the parent process", source: io::Error::other("it is gone already") })
}

impl fmt::Display for Enforcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "whole",
            Self::Partial => "partial",
            Self::None => "missing",
        })
    }
}
