//! Files: where a guest's path leads, what stands there, who put it there, and what a permit lets happen to it.
//!
//! This crate owns path resolution, the identity of files, the host's own things, and the functions that act. Whether
//! something may be done is not decided here: each function in [`perform`](Target) takes the permit for exactly what it
//! does, and refuses any other before anything is touched.

#![forbid(unsafe_code)]
#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests make their own files"))]

mod created;
mod directory;
mod found;
mod handles;
mod links;
mod mount_points;
mod open;
mod own;
mod peek;
mod perform;
mod pseudo;
mod resolve;
mod seen;

pub use created::Created;
pub use directory::{Directory, Mount};
pub use found::{FileId, Found, Identity, look, look_at, look_for};
pub(crate) use found::{FileMap, FileSet};
pub use handles::Files;
pub use links::Links;
pub use open::Opened;
pub use own::{Guard, OwnThing, OwnThingError, OwnThings, Reached, policy_folder, reached};
pub use peek::Lost;
pub use perform::{Target, open_seen};
pub use pseudo::{pseudo_filesystem, pseudo_filesystem_at};
pub use resolve::{Bounds, Place, Unresolved, resolve};
pub use rustix::fs::{FileType, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
pub use rustix::io::Errno;
pub use seen::Seen;
