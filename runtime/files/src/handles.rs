//! The files of one run: the directories behind its handles, and what the run did with files so far.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use wasm_agent_policy::GuestPath;

use crate::mount_points::MountPoints;
use crate::{Created, Directory, Disk, Guard, LastLook, Links, Place};

/// The files of one run.
#[derive(Debug, Default)]
pub struct Files {
    /// What is behind the guest's descriptors, by handle. Bounded by the number of handles a guest may have.
    behind: BTreeMap<u32, Behind>,
    /// Listings under way, by handle.
    listings: BTreeMap<u32, Listing>,
    /// The mount points. Read when the first directory is listed.
    mount_points: OnceCell<MountPoints>,
    /// What this run created.
    pub created: Created,
    /// The file that it looked at last.
    pub last_look: LastLook,
    /// The host's own things, which it must not reach.
    pub guard: Guard,
    /// Symbolic links that it made.
    pub links: Links,
    /// What it added to the disk.
    pub disk: Disk,
}

/// What a descriptor gives access to.
#[derive(Debug)]
enum Behind {
    Directory(Directory),
    /// A file that was opened for reading: its directory and its name.
    File(Directory, String),
}

/// A directory that is being listed.
#[derive(Debug)]
struct Listing {
    directory: Directory,
    /// Whether its grant covers mounts.
    mounts: bool,
    /// Whether a name was left out because it is not text.
    left_out: bool,
}

impl Files {
    /// The files of a run that must not reach the things that `guard` knows, and add to `disk`.
    pub fn new(guard: Guard, disk: Disk) -> Self {
        Self { guard, disk, ..Self::default() }
    }

    /// Remembers the directory of a handle.
    pub fn insert(&mut self, handle: u32, directory: Directory) {
        self.behind.insert(handle, Behind::Directory(directory));
    }

    /// Remembers the place of a file that was opened for reading.
    pub fn opened(&mut self, handle: u32, place: Place) {
        self.behind.insert(handle, Behind::File(place.dir, place.name));
    }

    /// Forgets a closed handle.
    pub fn remove(&mut self, handle: u32) {
        self.behind.remove(&handle);
    }

    /// The directory behind a handle, if the handle is one of a directory.
    pub fn directory(&self, handle: u32) -> Option<&Directory> {
        match self.behind.get(&handle)? {
            Behind::Directory(directory) => Some(directory),
            Behind::File(..) => None,
        }
    }

    /// The directory and the name of a file that was opened for reading.
    pub fn place_of(&self, handle: u32) -> Option<(Directory, String)> {
        match self.behind.get(&handle)? {
            Behind::Directory(_) => None,
            Behind::File(directory, name) => Some((directory.clone(), name.clone())),
        }
    }

    /// Updates the places of handles after a rename: an action through a handle is decided by the path that the file or
    /// directory has now.
    pub fn renamed(&mut self, from: &Place, to: &Place, directory: bool) {
        for behind in self.behind.values_mut() {
            if let Behind::File(directory, name) = behind
                && directory.id == from.dir.id
                && *name == from.name
            {
                (*directory, *name) = (to.dir.clone(), to.name.clone());
            }
        }
        if directory {
            self.moved(&from.path, &to.path);
        }
    }

    fn moved(&mut self, from: &GuestPath, to: &GuestPath) {
        self.behind.retain(|_, behind| {
            let (Behind::Directory(directory) | Behind::File(directory, _)) = behind;
            if !directory.path.starts_with(from) {
                return true;
            }
            let below = directory.path.as_str().strip_prefix(from.as_str()).unwrap_or_default();
            // A path that has become too long can't be decided about, so the handle leads nowhere.
            GuestPath::parse(&format!("{}{below}", to.as_str())).map(|path| directory.path = path).is_ok()
        });
        self.links.renamed(from, to);
    }

    /// Remembers the directory of a listing, and whether its grant covers mounts.
    pub fn list(&mut self, handle: u32, directory: Directory, mounts: bool) {
        self.listings.insert(handle, Listing { directory, mounts, left_out: false });
    }

    /// Notes that a listing leaves out a name that is not text. Returns the directory the first time.
    pub fn leave_out(&mut self, handle: u32) -> Option<&GuestPath> {
        let listing = self.listings.get_mut(&handle).filter(|listing| !listing.left_out)?;
        listing.left_out = true;
        Some(&listing.directory.path)
    }

    /// The directory of a listing.
    pub fn listed(&self, handle: u32) -> Option<&Directory> {
        self.listings.get(&handle).map(|listing| &listing.directory)
    }

    /// Forgets a listing.
    pub fn end_list(&mut self, handle: u32) {
        self.listings.remove(&handle);
    }

    /// Whether a listing leaves out an entry: the host's own, or a mount point that the tool can't reach. `is_granted`
    /// says whether a path has a grant of its own, which makes it reachable.
    pub fn hides(&self, handle: u32, name: &str, is_granted: impl Fn(&GuestPath) -> bool) -> bool {
        let Some(Listing { directory, mounts, .. }) = self.listings.get(&handle) else { return true };
        if self.guard.keeps(directory.id, name, None) {
            return true;
        }
        let mounted = self.mount_points.get_or_init(MountPoints::now).hides(directory.id, name, *mounts);
        mounted && !directory.path.join(name).is_ok_and(|path| is_granted(&path))
    }
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
        files.moved(&path("/w/d"), &path(&format!("/w/in{}", "/y".repeat(60))));
        let found = |handle| files.directory(handle).map(|directory| directory.path.as_str().replace("/y", ""));
        assert_eq!(found(1).unwrap(), "/w");
        assert_eq!(found(2).unwrap(), "/w/in");
        assert_eq!(found(3).unwrap(), "/w/in/e");
        assert_eq!(found(4).unwrap(), "/w/dd");
        assert_eq!(found(5), None);
    }
}
