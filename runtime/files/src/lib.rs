//! Files: resolves a guest's paths, identifies files, knows which of them a run created, and acts on them with permits.
//!
//! This crate owns path resolution, the identity of files, the host's own things, and the functions that act. It does
//! not decide: each function of [`Target`] takes the permit for exactly its action, and refuses any other before it
//! touches anything.

#![forbid(unsafe_code)]
#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests make their own files"))]

mod bounds;
mod created;
mod directory;
mod disk;
mod found;
mod handles;
mod last_look;
mod links;
mod mount_points;
mod names;
mod open;
mod own;
mod peek;
mod perform;
mod pseudo;
mod resolve;

pub use bounds::Bounds;
pub use created::Created;
pub use directory::{Directory, Mount};
pub use disk::{Disk, DiskLimit};
pub use found::{FileId, Found, Identity, look, look_at, look_for};
pub(crate) use found::{FileMap, FileSet};
pub use handles::Files;
pub use last_look::LastLook;
pub use links::Links;
pub use names::Names;
pub use open::Opened;
pub use own::{Guard, OwnThing, OwnThingError, OwnThings, Reached, policy_folder, reached};
pub use peek::Contents;
pub use perform::{Target, open_last_look};
pub use pseudo::{pseudo_filesystem, pseudo_filesystem_at};
pub use resolve::{Place, Unresolved, resolve};
pub use rustix::fs::{FileType, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
pub use rustix::io::Errno;
