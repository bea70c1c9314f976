//! Waits for a descriptor on the event loop.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Watches whether a descriptor can be read.
#[expect(
    deprecated,
    reason = "deprecated for types whose descriptor may change or close while it is watched; an `OwnedFd` keeps its own"
)]
pub(crate) fn watch(handle: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(handle, Interest::READABLE)
}
