//! Opens a file that was looked at, and nothing that took its place meanwhile.

#![expect(clippy::disallowed_methods, reason = "opens for `perform`, which has the permit")]

use std::fs::File;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use super::{Found, Identity, Place, look_at};

/// An open file, and its metadata.
#[derive(Debug)]
pub struct Opened {
    /// The file.
    pub file: File,
    /// Its metadata.
    pub found: Found,
}

/// Whether a file is opened for reading, writing or both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

/// Opens a regular file at a place: the file with identity `expected`, or, if there is none, a new file.
///
/// # Errors
///
/// `EAGAIN` when something else is there than was decided about, `ENXIO` when it is not a regular file.
pub(crate) fn open_file(
    place: &Place,
    access: Access,
    expected: Option<Identity>,
    truncate: bool,
) -> Result<Opened, Errno> {
    let mode = match (access.read, access.write) {
        (true, true) => OFlags::RDWR,
        (false, true) => OFlags::WRONLY,
        (_, false) => OFlags::RDONLY,
    };
    let create = match expected {
        Some(_) => OFlags::empty(),
        // Exclusive: a permit to create must never open a file that exists.
        None => OFlags::CREATE | OFlags::EXCL,
    };
    let seen = match expected {
        Some(expected) if access.write => Some(Seen::new(place, expected)?),
        _ => None,
    };
    // Non-blocking: a pipe that took the file's place must not block the run. Regular files ignore the flag.
    let flags = mode | create | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = File::from(rustix::fs::openat(place.dir.as_fd(), &place.name, flags, Mode::from_raw_mode(0o666))?);
    let found = look_at(&file)?;
    if found.kind != FileType::RegularFile {
        return Err(Errno::NXIO);
    }
    let expected = match &seen {
        Some(seen) => Some(seen.identity()?),
        None => expected,
    };
    if expected.is_some_and(|expected| expected != found.identity) {
        return Err(Errno::AGAIN);
    }
    if truncate {
        // Truncated only now: `O_TRUNC` would have emptied a file that took the other's place before it was checked.
        rustix::fs::ftruncate(&file, 0)?;
    }
    Ok(Opened { file, found })
}

/// The file that was decided about, held by a descriptor.
///
/// An overlay file system copies a file when it is opened for writing, and the copy has another time of birth, and may
/// have another inode. The descriptor shows them too, so that the copy is known as the same file.
struct Seen(std::os::fd::OwnedFd);

impl Seen {
    fn new(place: &Place, expected: Identity) -> Result<Self, Errno> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(place.dir.as_fd(), &place.name, flags, Mode::empty())?;
        match look_at(&file)? {
            found if found.identity == expected => Ok(Self(file)),
            // As the kernel says where a link is not to be followed.
            found if found.kind == FileType::Symlink => Err(Errno::LOOP),
            _ => Err(Errno::AGAIN),
        }
    }

    fn identity(&self) -> Result<Identity, Errno> {
        look_at(&self.0).map(|found| found.identity)
    }
}

/// Opens a directory at a place: the one with identity `expected`.
///
/// # Errors
///
/// `EAGAIN` when another directory is there than was decided about.
pub(crate) fn open_directory(place: &Place, expected: Identity) -> Result<Opened, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(place.dir.as_fd(), &place.name, flags, Mode::empty())?);
    let found = look_at(&file)?;
    if found.identity != expected {
        return Err(Errno::AGAIN);
    }
    Ok(Opened { file, found })
}
