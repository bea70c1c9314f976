//! The file at a place: its identity and metadata.

use std::os::fd::AsFd;

use rustix::fs::{AtFlags, FileType, StatxFlags, StatxTimestamp};
use rustix::io::Errno;

use crate::directory::Mount;
use crate::resolve::Place;

/// Identity of a file, whatever its name: device, inode and time of birth.
///
/// An inode number is reused once its file is gone; the time of birth distinguishes the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    device: (u32, u32),
    inode: u64,
    born: Option<(i64, u32)>,
}

/// Identity of a file while it exists: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    device: (u32, u32),
    inode: u64,
}

/// Hashes device and inode. The file system assigns them, so nobody can choose many that collide.
#[derive(Default)]
pub(crate) struct FileIdHasher(u64);

impl std::hash::Hasher for FileIdHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    /// FxHash with another multiplier.
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        // The table takes the slot from the low bits and the tag from the high ones.
        self.0.rotate_left(32)
    }
}

/// A map by file.
pub(crate) type FileMap<T> = std::collections::HashMap<FileId, T, std::hash::BuildHasherDefault<FileIdHasher>>;

/// A set of files.
pub(crate) type FileSet = std::collections::HashSet<FileId, std::hash::BuildHasherDefault<FileIdHasher>>;

impl Identity {
    /// The identity without the time of birth, which an overlay file system changes when it copies the file up.
    #[must_use]
    pub fn file(&self) -> FileId {
        FileId { device: self.device, inode: self.inode }
    }

    /// A hash that is the same on every machine for the same device and inode.
    #[must_use]
    pub fn hash(&self) -> (u64, u64) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.device.0.to_le_bytes());
        hasher.update(&self.device.1.to_le_bytes());
        hasher.update(&self.inode.to_le_bytes());
        let mut output = [0; 16];
        hasher.finalize_xof().fill(&mut output);
        let number = u128::from_le_bytes(output);
        let low = u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default();
        let high = u64::try_from(number >> 64).unwrap_or_default();
        (low, high)
    }
}

/// A file, directory, link or other object that was found at a place.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its identity.
    pub identity: Identity,
    /// Its type.
    pub kind: FileType,
    /// The mount that it was reached through.
    pub mount: Mount,
    /// Its number of hard links.
    pub links: u64,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last read: seconds since 1970, and nanoseconds.
    pub accessed: (i64, u32),
    /// When its contents last changed.
    pub modified: (i64, u32),
    /// When its contents or metadata last changed.
    pub changed: (i64, u32),
}

impl Found {
    fn from_statx(stat: &rustix::fs::Statx) -> Self {
        let time = |stamp: &StatxTimestamp| (stamp.tv_sec, stamp.tv_nsec);
        let has = |flag: StatxFlags| stat.stx_mask & flag.bits() != 0;
        Self {
            identity: Identity {
                device: (stat.stx_dev_major, stat.stx_dev_minor),
                inode: stat.stx_ino,
                born: has(StatxFlags::BTIME).then(|| time(&stat.stx_btime)),
            },
            kind: FileType::from_raw_mode(stat.stx_mode.into()),
            mount: Mount::of(stat),
            links: stat.stx_nlink.into(),
            size: stat.stx_size,
            accessed: time(&stat.stx_atime),
            modified: time(&stat.stx_mtime),
            changed: time(&stat.stx_ctime),
        }
    }

    /// Whether it is a directory.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        self.kind == FileType::Directory
    }
}

/// The metadata that the kernel is asked for.
const WANTED: StatxFlags = StatxFlags::BASIC_STATS.union(StatxFlags::BTIME).union(StatxFlags::MNT_ID);

/// Looks at a place without following links. `None` if nothing is there.
///
/// # Errors
///
/// When the kernel refuses.
pub fn look(place: &Place) -> Result<Option<Found>, Errno> {
    look_for(place.dir.as_fd(), &place.name)
}

/// Looks up a name in an open directory, without following links. `None` if nothing is there.
pub fn look_for(dir: impl AsFd, name: impl rustix::path::Arg) -> Result<Option<Found>, Errno> {
    match rustix::fs::statx(dir, name, AtFlags::SYMLINK_NOFOLLOW, WANTED) {
        Ok(stat) => Ok(Some(Found::from_statx(&stat))),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// Looks at an open file.
pub fn look_at(file: impl AsFd) -> Result<Found, Errno> {
    rustix::fs::statx(file.as_fd(), "", AtFlags::EMPTY_PATH, WANTED).map(|stat| Found::from_statx(&stat))
}
