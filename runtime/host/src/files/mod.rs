//! Files: where a guest's path leads, what is there, and who put it there.
//!
//! Owns path resolution, the identity of files and the open directories behind a guest's descriptors. Leaves to the
//! gate whether anything may be done, and to `wasi::filesystem` the translation from WIT.

mod created;
mod directory;
mod links;
mod mount_points;
mod open;
mod output;
mod pseudo;
mod resolve;
mod seen;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::os::fd::AsFd;

use rustix::fs::{AtFlags, FileType, StatxFlags, StatxTimestamp};
use rustix::io::Errno;
use wasm_agent_policy::GuestPath;

use crate::own::Guard;

pub(crate) use created::Created;
pub(crate) use directory::{Directory, Mount};
pub(crate) use links::Links;
use mount_points::MountPoints;
pub(crate) use open::{open_directory, open_file};
pub(crate) use output::FileOutput;
pub(crate) use pseudo::{pseudo_filesystem, pseudo_filesystem_at};
pub(crate) use resolve::{Bounds, Place, Unresolved, resolve};
pub(crate) use seen::Seen;

/// The files of one run.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Directories behind the guest's descriptors, by handle. Bounded by the number of handles a guest may have.
    directories: BTreeMap<u32, Directory>,
    /// Directories that are being listed, and whether their grants cover mounts, by the handle of the listing.
    listings: BTreeMap<u32, (Directory, bool)>,
    /// Where something is mounted; found out when the first directory is listed.
    mount_points: OnceCell<MountPoints>,
    /// What this run made.
    pub(crate) created: Created,
    /// What it looked at last.
    pub(crate) seen: Seen,
    /// What it must not reach.
    pub(crate) guard: Guard,
    /// Symbolic links that it made.
    pub(crate) links: Links,
}

impl Files {
    /// The files of a run that is kept from what `guard` knows.
    pub(crate) fn new(guard: Guard) -> Self {
        Self { guard, ..Self::default() }
    }

    pub(crate) fn insert(&mut self, handle: u32, directory: Directory) {
        self.directories.insert(handle, directory);
    }

    pub(crate) fn remove(&mut self, handle: u32) {
        self.directories.remove(&handle);
    }

    /// Follows a directory to its new name: what is done through a handle must be decided about by the path that it has
    /// now.
    pub(crate) fn renamed(&mut self, from: &GuestPath, to: &GuestPath) {
        self.directories.retain(|_, directory| {
            if !directory.path.starts_with(from) {
                return true;
            }
            let below = directory.path.as_str().strip_prefix(from.as_str()).unwrap_or_default();
            // A path that is too long by now has no name that could be decided about: the handle leads nowhere.
            GuestPath::parse(&format!("{}{below}", to.as_str())).map(|path| directory.path = path).is_ok()
        });
        self.links.renamed(from, to);
    }

    /// Notes which directory a listing is of, and whether its grant covers mounts.
    pub(crate) fn list(&mut self, handle: u32, directory: Directory, mounts: bool) {
        self.listings.insert(handle, (directory, mounts));
    }

    /// Forgets a listing.
    pub(crate) fn end_list(&mut self, handle: u32) {
        self.listings.remove(&handle);
    }

    /// Whether a listing leaves an entry out: it is the host's, or something is mounted there that the tool can't
    /// reach. What has a grant of its own can be, which `is_granted` says of a path.
    pub(crate) fn hides(&self, handle: u32, name: &str, is_granted: impl Fn(&GuestPath) -> bool) -> bool {
        let Some((directory, mounts)) = self.listings.get(&handle) else { return false };
        if self.guard.keeps(directory.id, name, None) {
            return true;
        }
        let mounted = self.mount_points.get_or_init(MountPoints::now).hides(directory.id, name, *mounts);
        mounted && !directory.path.join(name).is_ok_and(|path| is_granted(&path))
    }

    /// The directory behind a handle, if it is one.
    pub(crate) fn directory(&self, handle: u32) -> Option<&Directory> {
        self.directories.get(&handle)
    }
}

/// Which file it is, whatever it is called: device, inode and time of birth.
///
/// An inode's number is given again once its file is gone; the time of birth tells the two apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    device: (u32, u32),
    inode: u64,
    born: Option<(i64, u32)>,
}

/// Which file it is as long as it is there: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    device: (u32, u32),
    inode: u64,
}

/// Hashes the numbers of a file. They are the file system's, and nobody can choose many that collide.
#[derive(Default)]
pub(crate) struct FileIdHasher(u64);

impl std::hash::Hasher for FileIdHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    /// As FxHash does it, with a multiplier of its own.
    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        // The table takes its place from the low bits and its tags from the high ones.
        self.0.rotate_left(32)
    }
}

/// Files by their numbers.
pub(crate) type FileMap<T> = std::collections::HashMap<FileId, T, std::hash::BuildHasherDefault<FileIdHasher>>;

/// A set of files by their numbers.
pub(crate) type FileSet = std::collections::HashSet<FileId, std::hash::BuildHasherDefault<FileIdHasher>>;

impl Identity {
    /// The file without its time of birth, which copying it up changes on an overlay file system.
    pub(crate) fn file(&self) -> FileId {
        FileId { device: self.device, inode: self.inode }
    }

    /// A number for the file that is the same on every machine for the same device and inode.
    pub(crate) fn hash(&self) -> (u64, u64) {
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

/// What stands at a place.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) identity: Identity,
    pub(crate) kind: FileType,
    pub(crate) mount: Mount,
    pub(crate) links: u64,
    pub(crate) size: u64,
    pub(crate) accessed: (i64, u32),
    pub(crate) modified: (i64, u32),
    pub(crate) changed: (i64, u32),
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

    pub(crate) fn is_dir(&self) -> bool {
        self.kind == FileType::Directory
    }
}

/// What is asked of the kernel about a file.
const WANTED: StatxFlags = StatxFlags::BASIC_STATS.union(StatxFlags::BTIME).union(StatxFlags::MNT_ID);

/// What stands at a place, links not followed; nothing if there is nothing.
///
/// # Errors
///
/// When the kernel can't say.
pub(crate) fn look(place: &Place) -> Result<Option<Found>, Errno> {
    look_for(place.dir.as_fd(), &place.name)
}

/// What stands at a name in an open directory, links not followed; nothing if there is nothing.
pub(crate) fn look_for(dir: impl AsFd, name: impl rustix::path::Arg) -> Result<Option<Found>, Errno> {
    match rustix::fs::statx(dir, name, AtFlags::SYMLINK_NOFOLLOW, WANTED) {
        Ok(stat) => Ok(Some(Found::from_statx(&stat))),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// What an open file is.
pub(crate) fn look_at(file: impl AsFd) -> Result<Found, Errno> {
    rustix::fs::statx(file.as_fd(), "", AtFlags::EMPTY_PATH, WANTED).map(|stat| Found::from_statx(&stat))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn handles_follow_a_directory_that_is_renamed() {
        let dir = tempfile::tempdir().unwrap();
        let file = Arc::new(std::fs::File::open(dir.path()).unwrap());
        let directory = |path| Directory::new(Arc::clone(&file), path).unwrap();
        let path = |text: &str| GuestPath::parse(text).unwrap();
        let mut files = Files::default();
        let long = format!("/w/d/{}", ["x"; 200].join("/"));
        for (handle, at) in [(1, "/w"), (2, "/w/d"), (3, "/w/d/e"), (4, "/w/dd"), (5, long.as_str())] {
            files.insert(handle, directory(path(at)));
        }
        files.renamed(&path("/w/d"), &path(&format!("/w/in{}", "/y".repeat(60))));
        let found = |handle| files.directory(handle).map(|directory| directory.path.as_str().replace("/y", ""));
        assert_eq!(found(1).unwrap(), "/w");
        assert_eq!(found(2).unwrap(), "/w/in");
        assert_eq!(found(3).unwrap(), "/w/in/e");
        assert_eq!(found(4).unwrap(), "/w/dd");
        assert_eq!(found(5), None);
    }
}
