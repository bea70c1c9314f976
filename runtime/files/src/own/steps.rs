//! The way from the root of the host's file system to a thing, name by name, through every link.

#![expect(clippy::disallowed_methods, reason = "finds the host's own things by their paths, before anything runs")]

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path};
use std::rc::Rc;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::{FileId, Found, look_at, look_for};

/// Most symbolic links on the way to a thing. Linux's own limit.
const LINKS_MAX: usize = 40;

/// One name on the way: the directory that it is looked up in, and what is there.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) directory: FileId,
    pub(super) name: OsString,
    /// `None` if nothing is there, and the way ends.
    pub(super) found: Option<Found>,
    /// Whether this name is the last one: the thing itself.
    pub(super) is_thing: bool,
    /// The names that are left if the way ends too early, next one last.
    pub(super) rest: Vec<OsString>,
}

/// The way to a thing.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) steps: Vec<Step>,
    /// The end of the way; `None` if nothing is there.
    pub(super) thing: Option<Thing>,
}

/// The end of a way.
#[derive(Debug)]
pub(super) enum Thing {
    Directory(File, FileId),
    File(Entry),
}

/// A file in a directory.
#[derive(Debug)]
pub(super) struct Entry {
    directory: Rc<Opened>,
    name: OsString,
    pub(super) found: Found,
}

impl Entry {
    /// Opens the file by `O_PATH`.
    pub(super) fn open(&self) -> Result<(File, FileId), Errno> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&self.directory.file, &self.name, flags, Mode::empty())?);
        let id = look_at(&file)?.identity.file();
        Ok((file, id))
    }
}

/// Most directories that a walker keeps open between two ways.
const HELD_MAX: usize = 64;

/// Most links that a walker remembers.
const TARGETS_MAX: usize = 4096;

/// Walks to several things. Directories that their ways share are looked up once.
#[derive(Debug, Default)]
pub(super) struct Walker {
    root: Option<Rc<Opened>>,
    known: HashMap<(FileId, OsString), Rc<Opened>>,
    targets: HashMap<(FileId, OsString), (Found, OsString)>,
}

/// The object under a name in a directory.
enum Looked {
    Nothing,
    Link(Found, OsString),
    Directory(Rc<Opened>),
    Other(Found),
}

/// A directory on the way, opened by `O_PATH`.
#[derive(Debug)]
struct Opened {
    file: File,
    found: Found,
}

impl Opened {
    fn id(&self) -> FileId {
        self.found.identity.file()
    }
}

impl Walker {
    /// Every name that is looked up on the way to `path`, as far as it leads.
    ///
    /// # Errors
    ///
    /// When a directory on the way can't be entered, or there are too many links.
    pub(super) fn steps(&mut self, path: &Path) -> io::Result<Steps> {
        let path = std::path::absolute(path)?;
        let mut pending = Vec::new();
        push(&mut pending, &path);
        let mut open = vec![self.root()?];
        let mut steps = Vec::new();
        let mut links = 0usize;
        let mut file = None;
        while let Some(name) = pending.pop() {
            if name == ".." {
                // The root is its own parent.
                if open.len() > 1 {
                    open.pop();
                }
                continue;
            }
            let Some(top) = open.last().map(Rc::clone) else { break };
            let is_thing = pending.is_empty();
            let mut ends = false;
            let found = match self.look(&top, &name)? {
                Looked::Link(found, target) => {
                    links += 1;
                    if links > LINKS_MAX {
                        return Err(Errno::LOOP.into());
                    }
                    let target = Path::new(&target);
                    if target.is_absolute() {
                        open = vec![self.root()?];
                    }
                    push(&mut pending, target);
                    Some(found)
                }
                Looked::Directory(below) => {
                    let found = below.found.clone();
                    open.push(below);
                    Some(found)
                }
                Looked::Other(found) if is_thing => {
                    file = Some(Entry { directory: Rc::clone(&top), name: name.clone(), found: found.clone() });
                    Some(found)
                }
                Looked::Other(found) => {
                    ends = true;
                    Some(found)
                }
                Looked::Nothing => {
                    ends = true;
                    None
                }
            };
            let rest = if ends { std::mem::take(&mut pending) } else { Vec::new() };
            steps.push(Step { directory: top.id(), name, found, is_thing, rest });
            if ends {
                return Ok(Steps { steps, thing: None });
            }
        }
        let thing = match (file, open.pop()) {
            (Some(file), _) => Some(Thing::File(file)),
            (None, Some(directory)) => Some(Thing::Directory(directory.file.try_clone()?, directory.id())),
            (None, None) => None,
        };
        Ok(Steps { steps, thing })
    }

    fn root(&mut self) -> io::Result<Rc<Opened>> {
        if let Some(root) = &self.root {
            return Ok(Rc::clone(root));
        }
        let file = File::open("/")?;
        let root = Rc::new(Opened { found: look_at(&file)?, file });
        self.root = Some(Rc::clone(&root));
        Ok(root)
    }

    /// Looks up a name in a directory, and opens it if it is a directory too.
    fn look(&mut self, directory: &Opened, name: &OsStr) -> Result<Looked, Errno> {
        let key = (directory.id(), name.to_owned());
        if let Some(known) = self.known.get(&key) {
            return Ok(Looked::Directory(Rc::clone(known)));
        }
        if let Some((found, target)) = self.targets.get(&key) {
            return Ok(Looked::Link(found.clone(), target.clone()));
        }
        let Some(found) = look_for(&directory.file, name)? else { return Ok(Looked::Nothing) };
        if found.kind == FileType::Symlink {
            let target = rustix::fs::readlinkat(&directory.file, name, Vec::new())?;
            let target = OsString::from_vec(target.into_bytes());
            if self.targets.len() < TARGETS_MAX {
                self.targets.insert(key, (found.clone(), target.clone()));
            }
            return Ok(Looked::Link(found, target));
        }
        if !found.is_dir() {
            return Ok(Looked::Other(found));
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(&directory.file, name, flags, Mode::empty())?);
        let opened = Rc::new(Opened { found: look_at(&file)?, file });
        if self.known.len() < HELD_MAX {
            self.known.insert(key, Rc::clone(&opened));
        }
        Ok(Looked::Directory(opened))
    }
}

/// Puts the names of a path before the pending ones, the first name last.
fn push(pending: &mut Vec<OsString>, path: &Path) {
    let names = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name),
        Component::ParentDir => Some(OsStr::new("..")),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    });
    let names: Vec<_> = names.map(OsStr::to_owned).collect();
    pending.extend(names.into_iter().rev());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn steps(path: &Path) -> io::Result<Steps> {
        Walker::default().steps(path)
    }

    fn names(path: &Path, from: &Path) -> Vec<String> {
        let Steps { steps, .. } = steps(path).unwrap();
        let from = from.components().count() - 1;
        let shown = |step: &Step| {
            let kind = match step.found.as_ref().map(|found| found.kind) {
                None => "?",
                Some(FileType::Symlink) => "@",
                Some(FileType::Directory) => "/",
                Some(_) => "",
            };
            format!("{}{kind}{}", step.name.display(), if step.is_thing { " thing" } else { "" })
        };
        steps.iter().skip(from).map(shown).collect()
    }

    #[test]
    fn every_link_on_the_way_is_a_step_and_so_is_what_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(dir.path()).unwrap();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::write(root.join("a/b/key"), "k").unwrap();
        symlink("a/b", root.join("short")).unwrap();
        symlink("../a/b/key", root.join("a/link")).unwrap();
        let names = |path: &str| names(&root.join(path), &root);
        assert_eq!(names("a/b/key"), ["a/", "b/", "key thing"]);
        assert_eq!(names("short/key"), ["short@", "a/", "b/", "key thing"]);
        assert_eq!(names("a/link"), ["a/", "link@ thing", "a/", "b/", "key thing"]);
        assert_eq!(names("a/b/../../short"), ["a/", "b/", "short@ thing", "a/", "b/ thing"]);
        assert_eq!(names("a/b/new"), ["a/", "b/", "new? thing"]);
        assert_eq!(names("a/no/such/key"), ["a/", "no?"]);
        assert_eq!(names("a/b/key/x"), ["a/", "b/", "key"]);
        let thing = |path: &str| match steps(&root.join(path)).unwrap().thing.unwrap() {
            Thing::Directory(_, id) => id,
            Thing::File(entry) => entry.open().unwrap().1,
        };
        assert_eq!(thing("short"), look_at(File::open(root.join("a/b")).unwrap()).unwrap().identity.file());
        assert_eq!(thing("a/link"), thing("a/b/key"));
        assert!(steps(&root.join("a/b/new")).unwrap().thing.is_none());
    }

    #[test]
    fn circles_end() {
        let dir = tempfile::tempdir().unwrap();
        symlink("two", dir.path().join("one")).unwrap();
        symlink("one", dir.path().join("two")).unwrap();
        assert!(steps(&dir.path().join("one")).is_err());
    }
}
