//! Acts on files. No other module does: every function takes the permit for its action, and refuses a permit for
//! another action before it touches anything.
//!
//! An answer may have taken time, so each function checks again that the place is where its path says, and that the
//! object there is the one that was decided about.

#![expect(clippy::disallowed_methods, reason = "the module that acts, by a permit")]

use std::ffi::CString;
use std::sync::Arc;

use rustix::fs::{AtFlags, Mode, RenameFlags, Timestamps};
use rustix::io::Errno;
use wasm_agent_approval::Permit;
use wasm_agent_policy::{Action, LinkKind, kind};

use crate::open::{Access, open_directory, open_file};
use crate::{Directory, Found, Identity, Opened, Place, look};

/// What a guest's path leads to: a name in a directory, what is there, and the grant's directory above it.
#[derive(Debug)]
pub struct Target {
    /// The name, in an open directory.
    pub place: Place,
    /// What was there when it was looked up.
    pub found: Option<Found>,
    /// The directory of the nearest grant above.
    pub above: Arc<Directory>,
}

/// Uses a permit up, if it is for this action.
fn spend<K>(permit: Permit<K>, is_it: impl FnOnce(&Action) -> bool) -> Result<(), Errno> {
    permit.spend(is_it).map(drop).map_err(|error| {
        tracing::error!(%error, "the permit is for another action");
        Errno::PERM
    })
}

/// The same for a look. If somebody had to answer first, the place must still be where its path says.
fn spend_to_look(
    target: &Target,
    permit: Permit<kind::Read>,
    is_it: impl FnOnce(&Action) -> bool,
) -> Result<(), Errno> {
    let was_asked = permit.approval().is_some();
    spend(permit, is_it)?;
    if was_asked { target.in_place() } else { Ok(()) }
}

impl Target {
    /// Whether the directory is still where its path says.
    fn in_place(&self) -> Result<(), Errno> {
        self.place.dir.is_in_place(&self.above)
    }

    /// Checks the same, and that the object there is the one that was found.
    fn unchanged(&self) -> Result<(), Errno> {
        self.in_place()?;
        let now = look(&self.place)?.map(|found| found.identity);
        let then = self.found.as_ref().map(|found| found.identity);
        if now == then { Ok(()) } else { Err(Errno::AGAIN) }
    }

    fn expected(&self) -> Result<Identity, Errno> {
        self.found.as_ref().map(|found| found.identity).ok_or(Errno::NOENT)
    }

    /// Returns what was found.
    ///
    /// # Errors
    ///
    /// `ENOENT` where there is nothing, or the directory has moved.
    pub fn stat(&self, permit: Permit<kind::Read>) -> Result<&Found, Errno> {
        spend_to_look(self, permit, |action| is_at(action, &self.place))?;
        self.found.as_ref().ok_or(Errno::NOENT)
    }

    /// Returns what was found, for a name that its directory lists: the permit is for reading that directory.
    ///
    /// # Errors
    ///
    /// As [`Target::stat`].
    pub fn stat_listed(&self, permit: Permit<kind::Read>) -> Result<&Found, Errno> {
        let parent = self.place.path.parent();
        spend_to_look(self, permit, |action| parent.is_some() && action.path() == parent.as_ref())?;
        self.found.as_ref().ok_or(Errno::NOENT)
    }

    /// Which file is there, and nothing else about it. That is part of reading the file, or of listing its directory,
    /// for which the permit is.
    ///
    /// # Errors
    ///
    /// As [`Target::stat`].
    pub fn identify(&self, permit: Permit<kind::Read>) -> Result<Identity, Errno> {
        let parent = self.place.path.parent();
        spend_to_look(self, permit, |action| is_at(action, &self.place) || action.path() == parent.as_ref())?;
        self.expected()
    }

    /// Reads the text of a symbolic link.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it is not a link; other errors as the operating system reports them.
    pub fn read_link(&self, permit: Permit<kind::Read>) -> Result<CString, Errno> {
        spend_to_look(self, permit, |action| is_at(action, &self.place))?;
        rustix::fs::readlinkat(self.place.dir.as_fd(), &self.place.name, Vec::new())
    }

    /// Opens the file that was found, to read it.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when another file took its place, `ENXIO` for what is not a regular file.
    pub fn open(&self, permit: Permit<kind::Read>) -> Result<Opened, Errno> {
        spend_to_look(self, permit, |action| is_at(action, &self.place))?;
        open_file(&self.place, READ, Some(self.expected()?), false)
    }

    /// Opens the directory that was found.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when another one took its place.
    pub fn open_directory(&self, permit: Permit<kind::Read>) -> Result<Opened, Errno> {
        spend_to_look(self, permit, |action| is_at(action, &self.place))?;
        open_directory(&self.place, self.expected()?)
    }

    /// Makes a file, and opens it for writing.
    ///
    /// # Errors
    ///
    /// `EEXIST` when there is something by now.
    pub fn create(&self, read: bool, permit: Permit<kind::Create>) -> Result<Opened, Errno> {
        spend(permit, |action| is_at(action, &self.place))?;
        self.in_place()?;
        open_file(&self.place, Access { read, write: true }, None, false)
    }

    /// Opens the file that was found for writing, and discards its contents if the permit says so.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when another file took its place.
    pub fn open_to_modify(&self, read: bool, truncate: bool, permit: Permit<kind::Modify>) -> Result<Opened, Errno> {
        let is_it = |action: &Action| {
            matches!(action, Action::FileModify { path, truncate: permitted }
                if *path == self.place.path && *permitted == truncate)
        };
        spend(permit, is_it)?;
        self.in_place()?;
        open_file(&self.place, Access { read, write: true }, Some(self.expected()?), truncate)
    }

    /// Sets the times of what was found, even if it is a link.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when something else took its place.
    pub fn set_times(&self, times: &Timestamps, permit: Permit<kind::Modify>) -> Result<(), Errno> {
        spend(permit, |action| is_at(action, &self.place))?;
        self.unchanged()?;
        rustix::fs::utimensat(self.place.dir.as_fd(), &self.place.name, times, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Makes a directory. Returns its identity, if that can still be found out.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    pub fn create_directory(&self, permit: Permit<kind::CreateDirectory>) -> Result<Option<Identity>, Errno> {
        spend(permit, |action| is_at(action, &self.place))?;
        self.in_place()?;
        rustix::fs::mkdirat(self.place.dir.as_fd(), &self.place.name, Mode::from_raw_mode(0o777))?;
        Ok(self.made())
    }

    /// Removes the file or link that was found.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when something else took its place.
    pub fn delete(&self, permit: Permit<kind::Delete>) -> Result<(), Errno> {
        spend(permit, |action| is_at(action, &self.place))?;
        self.unchanged()?;
        rustix::fs::unlinkat(self.place.dir.as_fd(), &self.place.name, AtFlags::empty())
    }

    /// Removes the empty directory that was found.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when something else took its place, `ENOTEMPTY`.
    pub fn remove_directory(&self, permit: Permit<kind::RemoveDirectory>) -> Result<(), Errno> {
        spend(permit, |action| is_at(action, &self.place))?;
        self.unchanged()?;
        rustix::fs::unlinkat(self.place.dir.as_fd(), &self.place.name, AtFlags::REMOVEDIR)
    }

    /// Renames what was found. Replaces nothing, unless the permit says so.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when either place has another object by now, `EEXIST`.
    pub fn rename(&self, to: &Self, permit: Permit<kind::Rename>) -> Result<(), Errno> {
        let is_it = |action: &Action| {
            matches!(action, Action::FileRename { from, to: new, replaces, .. }
                if *from == self.place.path && *new == to.place.path && *replaces == to.found.is_some())
        };
        spend(permit, is_it)?;
        self.unchanged()?;
        to.unchanged()?;
        let (old, new) = (&self.place, &to.place);
        if to.found.is_some() {
            return rustix::fs::renameat(old.dir.as_fd(), &old.name, new.dir.as_fd(), &new.name);
        }
        let flags = RenameFlags::NOREPLACE;
        match rustix::fs::renameat_with(old.dir.as_fd(), &old.name, new.dir.as_fd(), &new.name, flags) {
            // FUSE, NFS, 9p and others don't know the flag. A directory that would be moved into itself has the same
            // error, and gets it again.
            Err(Errno::INVAL | Errno::NOSYS) => self.rename_to_absent(to),
            result => result,
        }
    }

    /// Renames to a name that nothing has, where the file system can't do both in one step.
    ///
    /// A second name for a file is given in one step, and never replaces anything. Between that and the removal of the
    /// old name, another process may put another file there, which is then removed. What can't have a second name, such
    /// as a directory, is renamed after one more look, and what another process puts there in between is replaced.
    /// Neither is within a guest's reach: its calls are not carried out at the same time.
    fn rename_to_absent(&self, to: &Self) -> Result<(), Errno> {
        let (old, new) = (&self.place, &to.place);
        let is_dir = self.found.as_ref().is_some_and(Found::is_dir);
        if !is_dir {
            match rustix::fs::linkat(old.dir.as_fd(), &old.name, new.dir.as_fd(), &new.name, AtFlags::empty()) {
                Ok(()) => {
                    let removed = self
                        .unchanged()
                        .and_then(|()| rustix::fs::unlinkat(old.dir.as_fd(), &old.name, AtFlags::empty()));
                    return removed.inspect_err(|_| {
                        rustix::fs::unlinkat(new.dir.as_fd(), &new.name, AtFlags::empty()).ok();
                    });
                }
                Err(Errno::EXIST) => return Err(Errno::EXIST),
                // The file system has no hard links, or not for this file.
                Err(_) => {}
            }
        }
        if look(new)?.is_some() {
            return Err(Errno::EXIST);
        }
        rustix::fs::renameat(old.dir.as_fd(), &old.name, new.dir.as_fd(), &new.name)
    }

    /// Gives the file that was found a second name.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when another file took its place.
    pub fn link(&self, to: &Self, permit: Permit<kind::Link>) -> Result<(), Errno> {
        spend(permit, |action| is_link(action, LinkKind::Hard, &to.place, self.place.path.as_str()))?;
        self.unchanged()?;
        to.in_place()?;
        let (old, new) = (&self.place, &to.place);
        rustix::fs::linkat(old.dir.as_fd(), &old.name, new.dir.as_fd(), &new.name, AtFlags::empty())
    }

    /// Makes a symbolic link with this text. Returns its identity, if that can still be found out.
    ///
    /// # Errors
    ///
    /// The operating system's error.
    pub fn symlink(&self, text: &str, permit: Permit<kind::Link>) -> Result<Option<Identity>, Errno> {
        spend(permit, |action| is_link(action, LinkKind::Symbolic, &self.place, text))?;
        self.in_place()?;
        rustix::fs::symlinkat(text, self.place.dir.as_fd(), &self.place.name)?;
        Ok(self.made())
    }

    fn made(&self) -> Option<Identity> {
        look(&self.place).ok().flatten().map(|found| found.identity)
    }
}

/// Opens a regular file for reading that was looked at a moment ago.
///
/// # Errors
///
/// `EAGAIN` when another file took its place.
pub fn open_last_look(place: &Place, identity: Identity, permit: Permit<kind::Read>) -> Result<Opened, Errno> {
    spend(permit, |action| is_at(action, place))?;
    open_file(place, READ, Some(identity), false)
}

impl Directory {
    /// Sets the times of an open directory. `above` is the grant's directory above it.
    ///
    /// # Errors
    ///
    /// `ENOENT` if it has moved.
    pub fn set_times(&self, above: &Self, times: &Timestamps, permit: Permit<kind::Modify>) -> Result<(), Errno> {
        spend(permit, |action| action.path() == Some(&self.path))?;
        self.is_in_place(above)?;
        rustix::fs::futimens(&*self.file, times)
    }
}

const READ: Access = Access { read: true, write: false };

fn is_at(action: &Action, place: &Place) -> bool {
    action.path() == Some(&place.path)
}

fn is_link(action: &Action, wanted: LinkKind, link: &Place, text: &str) -> bool {
    matches!(action, Action::LinkCreate { kind, path, target }
        if *kind == wanted && *path == link.path && target == text)
}

#[cfg(test)]
mod tests;
