//! How many files this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::exit::Exit;
use crate::failure::Failure;

/// Open files that this process allows itself if it may. More would only slow down programs that close each number.
const WANTED: u64 = 1 << 16;

/// Open files without which nothing can run: the event loop, the journal, the tool, an approver's pipes.
const NEEDED: u64 = 32;

/// Raises the soft limit on open files: to the hard one, or to as many as are ever useful.
///
/// # Authority
///
/// Changes the limit of this process, and of the programs that it starts.
pub(crate) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.maximum.map_or(WANTED, |maximum| maximum.min(WANTED));
    if limit.current.is_some_and(|now| now < current) {
        // The limit that there is then stays.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(current), maximum: limit.maximum });
    }
}

/// Checks that a tool can be run at all.
///
/// # Errors
///
/// When this process may have too few files open.
pub(crate) fn check() -> Result<(), Failure> {
    match getrlimit(Resource::Nofile).current {
        Some(allowed) if allowed < NEEDED => {
            let message = format!("this process may have {allowed} files open, expected at least {NEEDED}");
            Err(Failure::new(Exit::HostFailed, message).hint("`ulimit -n` shows and sets it"))
        }
        _ => Ok(()),
    }
}
