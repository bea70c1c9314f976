//! From a path that a guest names to the place it means: an open directory, a name in it, and the guest path of both.
//!
//! The policy decides about guest paths, and the kernel acts on names. This module ties the two together: it follows
//! symbolic links one by one, holds every directory on the way open, and returns a name that is used without following
//! anything again. So the path that was checked is the path that is used, however it was reached, and whatever another
//! process does meanwhile.

use std::fs::File;
use std::sync::Arc;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use wasm_agent_policy::{DecisionKind, DenialReason, GuestPath};

use super::bounds::Bounds;
use super::directory::{DIRECTORY, Directory, open_beneath};
use super::names::{Names, OwnName, own_name};
use super::{Found, look, look_for};

/// Most symbolic links that one path may lead through. Linux's own limit.
const LINKS_MAX: usize = 40;

/// Most components of one path, including those of its links. Bounds the open directories that one call can hold.
const COMPONENTS_MAX: usize = 256;

/// Longest path that is accepted, in bytes: the most components, each with the longest name on Linux.
const PATH_BYTES_MAX: usize = COMPONENTS_MAX * 256;

/// One name in an open directory: the place an effect is performed at, without following links.
#[derive(Debug)]
pub struct Place {
    /// The directory, open.
    pub dir: Directory,
    /// A single component, or `.` for the directory itself.
    pub name: String,
    /// Its guest path.
    pub path: GuestPath,
    /// The path ended in `/`, so it must be a directory.
    pub must_be_dir: bool,
}

impl Place {
    /// A name in a directory.
    pub(super) fn named(directory: &Directory, name: &str) -> Result<Self, Errno> {
        let path = directory.path.join(name).map_err(|_| Errno::NAMETOOLONG)?;
        Ok(Self { dir: directory.clone(), name: name.to_owned(), path, must_be_dir: false })
    }
}

/// Why a path leads nowhere.
#[derive(Debug)]
pub enum Unresolved {
    /// It leads out of the directory that it starts in. The call's arguments show how.
    Outside,
    /// It leads through this path, which the policy denies. Nothing beyond is looked at, so that nobody learns of it.
    Denied(GuestPath),
    /// It ends before this path: at a missing name, at something that is not a directory, or at a dangling link. The
    /// tool must not learn which, as it may not read there.
    Missing(GuestPath),
    /// It leads through this path, which no policy opens: it is the host's own, or lies on another mount.
    Barred(GuestPath, DenialReason),
    /// The operating system refuses, or the path is malformed.
    Errno(Errno),
}

impl From<Errno> for Unresolved {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

/// Finds the place that `path`, relative to `base`, means.
///
/// With `follow`, a symbolic link in the last component is followed too, as `stat` and `open` do; without, the place is
/// the link itself. The last component need not exist. Directories and links outside of `bounds` are not passed
/// through.
///
/// The object at the place is looked up on the way, in the step that finds out whether it is a link to follow. The
/// caller checks whether it is the directory that a trailing `/` asks for, once it knows that the guest may learn of
/// it.
pub fn resolve(
    base: &Directory,
    path: &str,
    follow: bool,
    bounds: &dyn Bounds,
) -> Result<(Place, Option<Found>), Unresolved> {
    if path.is_empty() {
        return Err(Errno::NOENT.into());
    }
    if path.len() > PATH_BYTES_MAX {
        return Err(Errno::NAMETOOLONG.into());
    }
    if path.contains('\0') {
        return Err(Errno::INVAL.into());
    }
    if path.starts_with('/') {
        return Err(Unresolved::Outside);
    }
    let answer = if is_name(path) { directly(base, path, follow)? } else { None };
    if let Some(answer) = answer {
        return Ok(answer);
    }
    Walk::new(base, path, bounds)?.run(follow)
}

/// Whether a path is a single name in the directory that it starts in.
pub(super) fn is_name(path: &str) -> bool {
    !path.is_empty() && !path.contains(['/', '\0']) && path != "." && path != ".."
}

/// Resolves a name in the directory itself: nothing to walk through, and the most common case. `None` if it is a link
/// to follow.
fn directly(base: &Directory, name: &str, follow: bool) -> Result<Option<(Place, Option<Found>)>, Unresolved> {
    let own = named_by(base, name)?;
    let name = own.as_deref().unwrap_or(name);
    let found = look_for(base.as_fd(), name)?;
    if follow && found.as_ref().is_some_and(|found| found.kind == FileType::Symlink) {
        return Ok(None);
    }
    Ok(Some((Place::named(base, name)?, found)))
}

/// The name that a directory itself has for an entry, if it is another one.
#[inline]
fn named_by(directory: &Directory, name: &str) -> Result<Option<String>, Unresolved> {
    // Nearly all directories have one name for a file, and every path passes here.
    if directory.names == Names::Unsure { found_by(directory, name) } else { Ok(None) }
}

fn found_by(directory: &Directory, name: &str) -> Result<Option<String>, Unresolved> {
    match own_name(directory, name)? {
        OwnName::Same => Ok(None),
        OwnName::Other(own) => Ok(Some(own)),
        OwnName::Unknown => {
            let path = directory.path.join(name).map_err(|_| Errno::NAMETOOLONG)?;
            Err(Unresolved::Barred(path, DenialReason::Spelling))
        }
    }
}

struct Walk<'a> {
    base: &'a Directory,
    bounds: &'a dyn Bounds,
    /// Directories from the base down to where the walk is; never empty.
    below: Vec<Directory>,
    /// The rest of the path, next component last.
    pending: Vec<String>,
    /// Names of the directories that were opened in one step, next one last. `below` has only the innermost of them.
    leapt: Vec<String>,
    /// What was found at the name that was looked up last. Outer `None` before any look-up, inner if it is missing.
    seen: Option<Option<Found>>,
    links: usize,
    components: usize,
    must_be_dir: bool,
}

impl<'a> Walk<'a> {
    fn new(base: &'a Directory, path: &str, bounds: &'a dyn Bounds) -> Result<Self, Unresolved> {
        let mut walk = Self {
            base,
            bounds,
            below: Vec::new(),
            pending: Vec::new(),
            leapt: Vec::new(),
            seen: None,
            links: 0,
            components: 0,
            must_be_dir: false,
        };
        walk.push(path)?;
        Ok(walk)
    }

    /// Puts the components of a path or of a link's target before what is left.
    fn push(&mut self, path: &str) -> Result<(), Unresolved> {
        if self.pending.is_empty() && (path.ends_with('/') || path.ends_with("/.")) {
            self.must_be_dir = true;
        }
        for component in path.rsplit('/').filter(|component| !component.is_empty()) {
            self.components += 1;
            if self.components > COMPONENTS_MAX {
                return Err(Errno::NAMETOOLONG.into());
            }
            self.pending.push(component.to_owned());
        }
        Ok(())
    }

    fn top(&self) -> &Directory {
        self.below.last().unwrap_or(self.base)
    }

    fn run(mut self, follow: bool) -> Result<(Place, Option<Found>), Unresolved> {
        self.leap();
        while let Some(component) = self.pending.pop() {
            let last = self.pending.is_empty();
            match component.as_str() {
                "." => {}
                ".." => {
                    self.retrace()?;
                    let left = self.below.pop().ok_or(Unresolved::Outside)?;
                    // A directory that the tool may not read must look as if it were missing, even if `..` leaves it.
                    if self.bounds.reading(&left.path) == DecisionKind::Deny {
                        return Err(Unresolved::Denied(left.path));
                    }
                }
                name => {
                    let own = named_by(self.top(), name)?;
                    let name = own.as_deref().unwrap_or(name);
                    let may_be_link = !last || follow || self.must_be_dir;
                    if may_be_link && self.follow(name)? {
                        continue;
                    }
                    if last {
                        return self.place(name);
                    }
                    self.descend(name)?;
                }
            }
        }
        let top = self.top();
        let place = Place { dir: top.clone(), path: top.path.clone(), name: ".".to_owned(), must_be_dir: true };
        let found = look(&place)?;
        Ok((place, found))
    }

    /// Opens all directories of the path in one step if none of them is a link: the common case.
    ///
    /// If this fails for any reason, the walk goes on step by step and finds out why.
    fn leap(&mut self) {
        let Some((_, parents)) = self.pending.split_first() else { return };
        let plain = parents.iter().all(|name| name != "." && name != "..");
        if parents.is_empty() || !plain || self.base.names != Names::Exact || !self.bounds.may_leap(self.base) {
            return;
        }
        let relative = parents.iter().rev().map(String::as_str).collect::<Vec<_>>().join("/");
        let path = parents.iter().rev().try_fold(self.base.path.clone(), |path, name| path.join(name).ok());
        // A denial of a directory covers everything below it, so checking the last one is enough.
        let Some(path) = path.filter(|path| !self.bounds.denies(path)) else { return };
        let Ok(file) = open_beneath(self.base.as_fd(), &relative, false) else { return };
        if let Ok(directory) = Directory::below(self.base, Arc::new(file), path)
            && self.bounds.bars_directory(self.base, &directory).is_none()
        {
            self.leapt = self.pending.split_off(1);
            self.below.push(directory);
        }
    }

    /// Walks the leap again, step by step: from here on the directories in between are needed.
    fn retrace(&mut self) -> Result<(), Unresolved> {
        let leapt = std::mem::take(&mut self.leapt);
        if !leapt.is_empty() {
            self.below.clear();
        }
        leapt.iter().rev().try_for_each(|name| self.descend(name))
    }

    /// Whether `name` is a symbolic link; if so, its target takes its place in the path.
    fn follow(&mut self, name: &str) -> Result<bool, Unresolved> {
        // The last name is looked up anyway, and mostly turns out not to be a link.
        if self.pending.is_empty() {
            let found = look_for(self.top().as_fd(), name)?;
            let is_link = found.as_ref().is_some_and(|found| found.kind == FileType::Symlink);
            self.seen = Some(found);
            if !is_link {
                return Ok(false);
            }
        }
        let target = match rustix::fs::readlinkat(self.top().as_fd(), name, Vec::new()) {
            Ok(target) => target,
            // Not a link, or missing: either way there is nothing to follow.
            Err(Errno::INVAL | Errno::NOENT) => {
                // What was found there is gone.
                self.seen = None;
                return Ok(false);
            }
            Err(errno) => return Err(errno.into()),
        };
        let path = self.allowed(name)?;
        self.links += 1;
        if self.links > LINKS_MAX {
            return Err(self.ends_at(path, Errno::LOOP.into()));
        }
        self.seen = None;
        let target = target.to_str().map_err(|_| Errno::ILSEQ)?;
        if target.starts_with('/') {
            return Err(self.ends_at(path, Unresolved::Outside));
        }
        if target.is_empty() {
            return Err(Errno::NOENT.into());
        }
        self.retrace()?;
        self.push(target)?;
        Ok(true)
    }

    /// The path of an entry of the current directory, if it may be passed through.
    fn allowed(&self, name: &str) -> Result<GuestPath, Unresolved> {
        let path = self.top().path.join(name).map_err(|_| Errno::NAMETOOLONG)?;
        if self.bounds.denies(&path) {
            return Err(Unresolved::Denied(path));
        }
        match self.bounds.bars_entry(self.top(), name) {
            Some(reason) => Err(Unresolved::Barred(path, reason)),
            None => Ok(path),
        }
    }

    /// The error for a path that ends early, at `path`: `why`, if the tool may know what is there.
    fn ends_at(&self, path: GuestPath, why: Unresolved) -> Unresolved {
        if self.bounds.reading(&path) == DecisionKind::Allow {
            return why;
        }
        if self.pending.iter().any(|name| name == "..") {
            return Unresolved::Denied(path);
        }
        let rest = self.pending.iter().rev().map(String::as_str).collect::<Vec<_>>().join("/");
        GuestPath::lexical(&path, &rest).map_or(Errno::NAMETOOLONG.into(), Unresolved::Missing)
    }

    #[expect(clippy::disallowed_methods, reason = "walks down from a directory that is open, one name at a time")]
    fn descend(&mut self, name: &str) -> Result<(), Unresolved> {
        let path = self.allowed(name)?;
        let flags = DIRECTORY | OFlags::NOFOLLOW;
        let file = match rustix::fs::openat(self.top().as_fd(), name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(errno @ (Errno::NOENT | Errno::NOTDIR | Errno::LOOP)) => return Err(self.ends_at(path, errno.into())),
            Err(errno) => return Err(errno.into()),
        };
        let directory = Directory::below(self.top(), Arc::new(File::from(file)), path)?;
        if let Some(reason) = self.bounds.bars_directory(self.top(), &directory) {
            return Err(Unresolved::Barred(directory.path, reason));
        }
        self.below.push(directory);
        Ok(())
    }

    fn place(&mut self, name: &str) -> Result<(Place, Option<Found>), Unresolved> {
        let seen = self.seen.take();
        let place = Place { must_be_dir: self.must_be_dir, ..Place::named(self.top(), name)? };
        let found = match seen {
            Some(found) => found,
            None => look(&place)?,
        };
        Ok((place, found))
    }
}

#[cfg(test)]
mod tests;
