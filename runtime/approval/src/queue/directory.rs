//! The directory itself: whose it is, and files in it that appear whole.

#![expect(clippy::disallowed_methods, reason = "acts on the host's own queue, and never for a guest")]

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::process::geteuid;

use super::error::QueueError;

/// The bits that say who may use a directory, and how.
const PERMISSIONS: u32 = 0o7777;

/// The owner only.
const PRIVATE: u32 = 0o700;

/// The same below a directory whose group new ones get.
const PRIVATE_OF_GROUP: u32 = 0o2700;

/// The owner and one group. Files get the group of the directory, and nobody removes another user's.
const SHARED: u32 = 0o3770;

/// A queue: a directory with questions and answers.
#[derive(Debug)]
pub struct Queue {
    path: PathBuf,
    directory: OwnedFd,
    owner: u32,
    shared: bool,
}

/// A file of the queue as it was found.
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    pub(super) owner: u32,
    pub(super) file: File,
}

impl Queue {
    /// Opens a queue to ask in. Makes the directory, for its owner only, if there is none.
    ///
    /// # Errors
    ///
    /// When it can't be made or opened, belongs to another user, or is open to more than one group.
    pub fn to_ask(path: &Path) -> Result<Self, QueueError> {
        match rustix::fs::mkdir(path, Mode::from_raw_mode(PRIVATE)) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(failed("make the queue", path, error)),
        }
        let queue = Self::to_answer(path)?;
        let expected = geteuid().as_raw();
        if queue.owner != expected {
            return Err(QueueError::OtherOwner { path: path.to_owned(), found: queue.owner, expected });
        }
        Ok(queue)
    }

    /// Opens a queue to see what waits, and to answer.
    ///
    /// # Errors
    ///
    /// When there is none, or it is open to more than one group.
    pub fn to_answer(path: &Path) -> Result<Self, QueueError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory =
            rustix::fs::open(path, flags, Mode::empty()).map_err(|error| failed("open the queue", path, error))?;
        let stat = rustix::fs::fstat(&directory).map_err(|error| failed("look at the queue", path, error))?;
        let found = stat.st_mode & PERMISSIONS;
        if ![PRIVATE, PRIVATE_OF_GROUP, SHARED].contains(&found) {
            return Err(QueueError::NotPrivate { path: path.to_owned(), found });
        }
        Ok(Self { path: path.to_owned(), directory, owner: stat.st_uid, shared: found == SHARED })
    }

    /// Where it is, as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The user who asks.
    pub(super) fn owner(&self) -> u32 {
        self.owner
    }

    /// Whether this user may answer there.
    pub(super) fn may_answer(&self, user: u32) -> bool {
        self.shared || user == self.owner
    }

    /// The names that end like this, in order.
    pub(super) fn names(&self, ending: &str) -> Result<Vec<String>, QueueError> {
        let listing = |error| failed("list the queue", &self.path, error);
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.directory).map_err(listing)? {
            if let Ok(name) = entry.map_err(listing)?.file_name().to_str()
                && name.ends_with(ending)
            {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Reads a file of at most `most` bytes; `None` if there is none. Links and devices are not followed.
    pub(super) fn read(&self, name: &str, most: u64) -> Result<Option<Content>, QueueError> {
        let reading = |error: io::Error| QueueError::Io { doing: "read", path: self.path.join(name), source: error };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.directory, name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(error) => return Err(reading(error.into())),
        };
        let stat = rustix::fs::fstat(&file).map_err(|error| reading(error.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(reading(io::Error::other("it is not a regular file")));
        }
        let mut bytes = Vec::new();
        (&file).take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(reading)?;
        if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
            return Err(reading(io::Error::other(format!("it has more than {most} bytes"))));
        }
        Ok(Some(Content { bytes, owner: stat.st_uid, file }))
    }

    /// The owner of a file; `None` if there is none.
    pub(super) fn owner_of(&self, name: &str) -> Option<u32> {
        let stat: Stat = rustix::fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(stat.st_uid)
    }

    /// Makes a file that appears whole under its name, and never in the place of another one. `prepared` gets it
    /// before it appears. `None`: there is one already.
    pub(super) fn put<T>(
        &self,
        name: &str,
        bytes: &[u8],
        prepared: impl FnOnce(File) -> io::Result<T>,
    ) -> Result<Option<T>, QueueError> {
        let writing = |error: io::Error| QueueError::Io { doing: "write", path: self.path.join(name), source: error };
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| writing(error.into()))?;
        let temporary = format!(".{:016x}", u64::from_le_bytes(random));
        let mode = Mode::from_raw_mode(if self.shared { 0o640 } else { 0o600 });
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.directory, temporary.as_str(), flags, mode)
            .map_err(|error| writing(error.into()))?;
        let appear = || {
            let mut file = File::from(file);
            // The umask may have taken the group's right to read.
            rustix::fs::fchmod(&file, mode)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            let prepared = prepared(file)?;
            match rustix::fs::linkat(&self.directory, temporary.as_str(), &self.directory, name, AtFlags::empty()) {
                Ok(()) => {}
                Err(rustix::io::Errno::EXIST) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            rustix::fs::fsync(&self.directory)?;
            Ok(Some(prepared))
        };
        let put = appear().map_err(writing);
        self.remove(&temporary);
        put
    }

    /// Removes a file, if it is there and this user may.
    pub(super) fn remove(&self, name: &str) {
        // What stays behind is shown as what nobody waits for.
        let _ = rustix::fs::unlinkat(&self.directory, name, AtFlags::empty());
    }
}

fn failed(doing: &'static str, path: &Path, error: rustix::io::Errno) -> QueueError {
    QueueError::Io { doing, path: path.to_owned(), source: error.into() }
}
