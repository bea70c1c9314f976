//! The tests of files once more, on other file systems: each in a user and mount namespace of its own.
//!
//! The modules of other groups are included here, so that this program can run them in a folder on such a mount. By
//! itself it runs them where `TMPDIR` points. `mounts` starts it again on each file system.

mod mounts;
mod there;

#[path = "../integration/edit_files.rs"]
mod edit_files;
#[path = "../attacks/existence.rs"]
mod existence;
#[path = "../integration/file_errors.rs"]
mod file_errors;
#[path = "../attacks/files.rs"]
mod files;
#[path = "../attacks/filesystem.rs"]
mod filesystem;
#[path = "../attacks/fixture.rs"]
mod fixture;
#[path = "../attacks/links.rs"]
mod links;
#[path = "../integration/listing.rs"]
mod listing;
#[path = "../attacks/moved.rs"]
mod moved;
#[path = "../attacks/own.rs"]
mod own;
#[path = "../attacks/swapped.rs"]
mod swapped;
