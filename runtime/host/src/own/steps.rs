//! The way from the root of the host's files to a thing, name by name, with every link on it.

#![expect(clippy::disallowed_methods, reason = "finds the host's own things by their paths, before anything runs")]

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::files::{FileId, Found, look_at, look_for};

/// Most symbolic links on the way to a thing. Linux's own limit.
const LINKS_MAX: usize = 40;

/// One name on the way: what is looked for in which directory, and what is there.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) directory: FileId,
    pub(super) name: OsString,
    /// Nothing is there, and the way ends.
    pub(super) found: Option<Found>,
    /// Whether the thing itself is found under this name, rather than by going on from here.
    pub(super) is_thing: bool,
    /// The names that are left where the way ends too early, next one last.
    pub(super) rest: Vec<OsString>,
}

/// The way to a thing.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) steps: Vec<Step>,
    /// What the way ends at, opened by `O_PATH`; nothing where nothing is there.
    pub(super) thing: Option<File>,
}

/// Every name that is looked up to get to `path`, as far as it leads.
///
/// # Errors
///
/// When a directory on the way can't be entered, or there are too many links.
pub(super) fn steps(path: &Path) -> io::Result<Steps> {
    let path = std::path::absolute(path)?;
    let mut pending = Vec::new();
    push(&mut pending, &path);
    let root = || File::open("/");
    let mut open = vec![root()?];
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
        let Some(top) = open.last() else { break };
        let found = look_for(top, name.as_os_str())?;
        let is_link = found.as_ref().is_some_and(|found| found.kind == FileType::Symlink);
        let is_directory = found.as_ref().is_some_and(Found::is_dir);
        let is_thing = pending.is_empty();
        let goes_on = found.is_some() && (is_link || is_directory || is_thing);
        let directory = look_at(top)?.identity.file();
        if is_link {
            links += 1;
            if links > LINKS_MAX {
                return Err(Errno::LOOP.into());
            }
            let target = OsString::from_vec(rustix::fs::readlinkat(top, &name, Vec::new())?.into_bytes());
            let target = Path::new(&target);
            if target.is_absolute() {
                open = vec![root()?];
            }
            push(&mut pending, target);
        } else if is_directory {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let below = File::from(rustix::fs::openat(top, &name, flags, Mode::empty())?);
            open.push(below);
        } else if found.is_some() && is_thing {
            let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            file = Some(File::from(rustix::fs::openat(top, &name, flags, Mode::empty())?));
        }
        let rest = if goes_on { Vec::new() } else { std::mem::take(&mut pending) };
        steps.push(Step { directory, name, found, is_thing, rest });
        if !goes_on {
            return Ok(Steps { steps, thing: None });
        }
    }
    let thing = file.or_else(|| open.pop());
    Ok(Steps { steps, thing })
}

/// Puts the names of a path before those that are left, the first one last.
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
        let thing = |path: &str| look_at(steps(&root.join(path)).unwrap().thing.unwrap()).unwrap();
        assert_eq!(thing("short").identity, look_at(File::open(root.join("a/b")).unwrap()).unwrap().identity);
        assert_eq!(thing("a/link").identity, thing("a/b/key").identity);
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
