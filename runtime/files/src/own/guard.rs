//! Keeps the host's own things from a run. They are recognised by identity, whatever a tool calls them.
//!
//! A thing is kept in two ways. As a *name* in a directory: whatever is there now or is put there later is the host's.
//! And as the *file* that was there when the run began: under another name, a hard link or a symbolic link it is the
//! same file. Of a folder, everything in it is kept. The directories and links on the way to a thing may be used but
//! not moved, removed or replaced: the next run would find something else under the name that it knows.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::{Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::OwnThingError;
use super::OwnThings;
use super::steps::{Steps, Thing, Walker};
use crate::{FileId, FileMap, FileSet, Found, look_for};

/// Most directories in the host's folders, and most links in them. The host itself makes a handful.
const PATHS_MAX: usize = 4096;

/// Most files in the host's folders that are searched for hard links. If there are more, every file with several names
/// is kept.
const LINKED_MAX: usize = 1 << 20;

/// The host's own things, by identity.
#[derive(Debug, Default)]
pub struct Guard {
    /// The things that the host named, and the ways to them.
    named: Known,
    /// The folders among those things.
    roots: Vec<Root>,
    /// The contents of the folders, and the targets of links in them; `None` if they could not be read. Read when a
    /// tool first uses a file, before which it can't have changed anything: many tools use none, and a folder of
    /// certificates has hundreds of links.
    inside: OnceLock<Option<Known>>,
    /// Read when a file with several names first comes up.
    linked: OnceLock<Linked>,
}

/// Things that were found.
#[derive(Debug, Default)]
struct Known {
    /// Names that belong to the host or lead to its things, by directory.
    names: FileMap<Vec<Name>>,
    /// Files that were behind such names when they were looked up. They are held open: the number of a deleted file
    /// would be given to another.
    files: FileMap<File>,
    /// Folders of the host, with everything in them.
    folders: FileSet,
    /// Directories on the way to a thing.
    ways: FileSet,
}

/// A folder of the host.
#[derive(Debug)]
struct Root {
    folder: File,
    path: PathBuf,
}

#[derive(Debug, PartialEq, Eq)]
struct Name {
    /// Case-folded: on a file system that ignores case the other spellings are the same name, and on any other nobody
    /// needs both.
    folded: String,
    is_thing: bool,
}

/// Files in the host's folders that have other names too.
#[derive(Debug, Default)]
struct Linked {
    files: FileSet,
    /// There are too many to search, or they could not be read.
    all: bool,
}

impl Known {
    /// Keeps what a path leads to. Returns the folder, if that is a new one.
    fn keep(&mut self, path: &Path, walker: &mut Walker) -> io::Result<Option<File>> {
        let Steps { steps, thing } = walker.steps(path)?;
        for step in &steps {
            self.ways.insert(step.directory);
            let name = Name { folded: folded(&step.name.to_string_lossy()), is_thing: step.is_thing };
            let names = self.names.entry(step.directory).or_default();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        match thing {
            Some(Thing::Directory(folder, id)) if self.folders.insert(id) => return Ok(Some(folder)),
            Some(Thing::File(entry)) if !self.files.contains_key(&entry.found.identity.file()) => {
                let (file, id) = entry.open()?;
                self.files.insert(id, file);
            }
            Some(Thing::Directory(..) | Thing::File(_)) | None => {}
        }
        Ok(None)
    }

    /// Keeps the contents of a folder, and the targets of links in it.
    fn keep_inside(&mut self, root: &Root, walker: &mut Walker) -> io::Result<()> {
        let mut pending: Vec<PathBuf> = self.keep_folder(&root.folder, &root.path)?;
        let mut paths = 0usize;
        while let Some(path) = pending.pop() {
            paths += 1;
            if paths > PATHS_MAX {
                return Err(Errno::TOOBIG.into());
            }
            match self.keep(&path, walker) {
                Ok(Some(folder)) => pending.extend(self.keep_folder(&folder, &path)?),
                Ok(None) => {}
                // A link that leads in a circle, or to a place that this user can't reach, leads no tool anywhere
                // either.
                Err(error) if leads_nowhere(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Keeps all folders in a folder. Returns the links in them.
    fn keep_folder(&mut self, folder: &File, path: &Path) -> Result<Vec<PathBuf>, Errno> {
        let mut links = Vec::new();
        let mut pending = vec![(readable(folder, ".")?, path.to_owned())];
        while let Some((directory, path)) = pending.pop() {
            for entry in entries(&directory)? {
                match entry.kind {
                    FileType::Symlink => links.push(path.join(&entry.name)),
                    FileType::Directory => {
                        let Some(found) = look_for(&directory, entry.name.as_os_str())? else { continue };
                        if !self.folders.insert(found.identity.file()) {
                            continue;
                        }
                        match readable(&directory, entry.name.as_os_str()) {
                            Ok(below) => pending.push((below, path.join(&entry.name))),
                            // A tool of this user's can't list it either, or it is gone.
                            Err(Errno::ACCESS | Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                            Err(errno) => return Err(errno),
                        }
                    }
                    _ => {}
                }
                if self.folders.len() > PATHS_MAX || links.len() > PATHS_MAX {
                    return Err(Errno::TOOBIG);
                }
            }
        }
        Ok(links)
    }

    fn has(&self, directory: FileId, name: &str, holds: impl Fn(&Name) -> bool) -> bool {
        let Some(names) = self.names.get(&directory) else { return false };
        let name = folded(name);
        names.iter().any(|known| known.folded == name && holds(known))
    }

    fn is_on_the_way(&self, id: FileId) -> bool {
        self.ways.contains(&id) || self.folders.contains(&id)
    }
}

impl Guard {
    /// Finds the things as they are now.
    ///
    /// # Errors
    ///
    /// When the way to a thing can't be followed: a thing that can't be found can't be kept.
    pub fn new(things: &OwnThings) -> Result<Self, OwnThingError> {
        let mut guard = Self::default();
        let mut walker = Walker::default();
        for thing in things.iter() {
            let folder = guard.named.keep(thing.path(), &mut walker).map_err(|source| OwnThingError {
                what: thing.what().to_owned(),
                path: thing.path().to_owned(),
                source,
            })?;
            guard.roots.extend(folder.map(|folder| Root { folder, path: thing.path().to_owned() }));
        }
        Ok(guard)
    }

    /// Whether `holds` is true for anything known. If the host's folders could not be read, anything could be in them.
    fn any(&self, holds: impl Fn(&Known) -> bool) -> bool {
        holds(&self.named) || self.inside().is_none_or(holds)
    }

    fn inside(&self) -> Option<&Known> {
        let find = || {
            let (mut known, mut walker) = (Known::default(), Walker::default());
            for root in &self.roots {
                if let Err(error) = known.keep_inside(root, &mut walker) {
                    let path = root.path.display();
                    tracing::error!(%path, %error, "cannot read the host's folder, so all files are denied");
                    return None;
                }
            }
            Some(known)
        };
        self.inside.get_or_init(find).as_ref()
    }

    /// Whether a directory entry is the host's: by its name, or by the file that is there.
    pub fn keeps(&self, directory: FileId, name: &str, found: Option<&Found>) -> bool {
        self.any(|known| known.has(directory, name, |name| name.is_thing) || known.folders.contains(&directory))
            || found.is_some_and(|found| self.keeps_found(found))
    }

    fn keeps_found(&self, found: &Found) -> bool {
        let id = found.identity.file();
        if found.is_dir() {
            return self.keeps_directory(id);
        }
        self.any(|known| known.files.contains_key(&id)) || (found.links > 1 && self.is_linked(id))
    }

    /// Whether an entry must stay as it is, because the host finds its own things through it.
    pub fn leads_through(&self, directory: FileId, name: &str, found: Option<&Found>) -> bool {
        self.any(|known| known.has(directory, name, |_| true))
            || found.is_some_and(|found| found.is_dir() && self.is_on_the_way(found.identity.file()))
    }

    /// Whether a directory is a folder of the host, or in one.
    pub fn keeps_directory(&self, id: FileId) -> bool {
        self.any(|known| known.folders.contains(&id))
    }

    /// Whether one of the host's things lies below a directory.
    pub fn is_on_the_way(&self, id: FileId) -> bool {
        self.any(|known| known.is_on_the_way(id))
    }

    /// Whether a file with several names has one in the host's folders. They are searched once, when the first such
    /// file comes up. Devices can't be compared: on an overlay file system, a file's device differs from its folder's.
    fn is_linked(&self, id: FileId) -> bool {
        let linked = self.linked.get_or_init(|| {
            let mut linked = Linked::default();
            for root in &self.roots {
                // If the search failed, any file could be the host's.
                if readable(&root.folder, ".").and_then(|root| linked.add(root)).is_err() {
                    linked.all = true;
                }
            }
            linked
        });
        linked.all || linked.files.contains(&id)
    }
}

impl Linked {
    fn add(&mut self, root: File) -> Result<(), Errno> {
        let mut pending = vec![root];
        let mut seen = 0usize;
        while let Some(directory) = pending.pop() {
            for entry in entries(&directory)? {
                seen += 1;
                if seen > LINKED_MAX {
                    return Err(Errno::TOOBIG);
                }
                if entry.kind == FileType::Directory {
                    match readable(&directory, entry.name.as_os_str()) {
                        Ok(below) => pending.push(below),
                        Err(Errno::ACCESS | Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => {}
                        Err(errno) => return Err(errno),
                    }
                } else if let Some(found) =
                    look_for(&directory, entry.name.as_os_str())?.filter(|found| found.links > 1)
                {
                    self.files.insert(found.identity.file());
                }
            }
        }
        Ok(())
    }
}

fn leads_nowhere(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::ACCESS | Errno::LOOP | Errno::NAMETOOLONG))
}

struct Entry {
    name: std::ffi::OsString,
    kind: FileType,
}

/// The entries of a directory.
fn entries(directory: &File) -> Result<impl Iterator<Item = Entry>, Errno> {
    use std::os::unix::ffi::OsStrExt;
    let mut entries = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = std::ffi::OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => look_for(directory, name)?.map_or(FileType::Unknown, |found| found.kind),
            kind => kind,
        };
        entries.push(Entry { name: name.to_owned(), kind });
    }
    Ok(entries.into_iter())
}

/// Opens a directory for listing.
#[expect(clippy::disallowed_methods, reason = "lists a directory of the host's own things")]
fn readable(directory: &File, name: impl rustix::path::Arg) -> Result<File, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(directory, name, flags, Mode::empty()).map(File::from)
}

/// A name without case. Upper case first: a file system that folds case takes `ſ` and `ß` for `s` and `ss`.
fn folded(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::look_at;

    #[test]
    fn links_of_a_folder_are_followed_and_those_that_lead_nowhere_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("own");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(dir.path().join("key"), "k").unwrap();
        for (target, name) in [("circle", "circle"), ("none/x", "dangling"), ("../key", "key"), (".", "itself")] {
            symlink(target, folder.join(name)).unwrap();
        }
        let guard = Guard::new(&OwnThings::new().with("state directory", &folder)).unwrap();
        let found = |path: &Path| look_at(File::open(path).unwrap()).unwrap();
        let (above, key) = (found(dir.path()).identity.file(), found(&dir.path().join("key")));
        assert!(guard.keeps(above, "key", None) && guard.keeps(above, "another", Some(&key)));
        assert!(guard.keeps(above, "OWN", None) && !guard.keeps(above, "other", None));
        // A thing that was named itself can't be kept if it is not found.
        assert!(Guard::new(&OwnThings::new().with("key", folder.join("circle"))).is_err());
    }
}
