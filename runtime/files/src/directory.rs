//! Open directories: their identity, their mount, and whether their path still leads to them.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, ResolveFlags, Statx, StatxFlags};
use rustix::io::Errno;
use wasm_agent_policy::GuestPath;

use super::{FileId, Names, look_at};

/// Directories on the way are opened only to look up names in them.
pub(super) const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// An open directory with its guest path.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The directory, open.
    pub file: Arc<File>,
    /// Its guest path.
    pub path: GuestPath,
    /// Its identity.
    pub id: FileId,
    /// The mount that it was reached through.
    pub mount: Mount,
    /// How it knows its files.
    pub names: Names,
}

impl Directory {
    /// Takes an open directory and its guest path.
    ///
    /// # Errors
    ///
    /// When the kernel can't identify the directory.
    pub fn new(file: Arc<File>, path: GuestPath) -> Result<Self, Errno> {
        let found = look_at(&*file)?;
        Ok(Self { id: found.identity.file(), mount: found.mount, names: Names::of(&*file)?, file, path })
    }

    /// Takes an open directory that was reached through another one.
    ///
    /// # Errors
    ///
    /// As [`Directory::new`].
    pub fn below(above: &Self, file: Arc<File>, path: GuestPath) -> Result<Self, Errno> {
        let found = look_at(&*file)?;
        let is_same_mount = found.mount == above.mount;
        let names = if is_same_mount { above.names.below(&*file) } else { Names::of(&*file)? };
        Ok(Self { id: found.identity.file(), mount: found.mount, names, file, path })
    }

    /// Its descriptor.
    #[must_use]
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Whether its path, from the directory of a grant above it, still leads to it. Another process may have moved it
    /// out of the grant or put another directory in its place.
    ///
    /// # Errors
    ///
    /// `ENOENT` where the path leads nowhere or to another directory.
    pub fn is_in_place(&self, root: &Self) -> Result<(), Errno> {
        if self.id == root.id {
            return Ok(());
        }
        let below = if root.path.is_root() { "" } else { root.path.as_str() };
        let path = self.path.as_str().strip_prefix(below).map(|rest| rest.trim_start_matches('/'));
        let path = path.filter(|path| !path.is_empty()).ok_or(Errno::NOENT)?;
        let now = open_beneath(root.as_fd(), path, true).map_err(|_| Errno::NOENT)?;
        if look_at(now)?.identity.file() == self.id { Ok(()) } else { Err(Errno::NOENT) }
    }
}

/// Opens a directory by a path without links or `..`; crosses mounts only if `mounts` is set.
#[expect(clippy::disallowed_methods, reason = "walks down from a directory that is open, and no further")]
pub(super) fn open_beneath(root: BorrowedFd<'_>, path: &str, mounts: bool) -> Result<File, Errno> {
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let within = if mounts { within } else { within | ResolveFlags::NO_XDEV };
    rustix::fs::openat2(root, path, DIRECTORY, Mode::empty(), within).map(File::from)
}

/// The mount that a file was reached through.
///
/// A bind mount has the same device as the directory that it shows, so the device alone does not identify it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mount {
    /// The kernel's id of the mount.
    Id(u64),
    /// The device, if the kernel does not give an id (before Linux 5.8).
    Device(u32, u32),
}

impl Mount {
    pub(super) fn of(stat: &Statx) -> Self {
        if stat.stx_mask & StatxFlags::MNT_ID.bits() != 0 {
            Self::Id(stat.stx_mnt_id)
        } else {
            Self::Device(stat.stx_dev_major, stat.stx_dev_minor)
        }
    }
}
