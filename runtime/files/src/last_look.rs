//! The file that a tool looked at last, so that opening it right afterwards needs no second look.
//!
//! Between a look and the next call, another process can always put another file there. So an opened file is checked
//! again, and used only if it is the one that was looked at. Remembering the look makes that window a little longer,
//! and [`FRESH`] bounds it.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::fs::FileType;

use super::resolve::{Place, is_name};
use super::{Directory, Found, Identity};

/// How long a look counts: less than a time slice of the kernel's scheduler, in which the same could happen between two
/// system calls of one function.
const FRESH: Duration = Duration::from_millis(2);

/// The last look, if it was at a regular file.
#[derive(Debug, Default)]
pub struct LastLook(Option<Look>);

#[derive(Debug)]
struct Look {
    /// Held open, so that no other directory gets its inode number.
    dir: Arc<File>,
    name: String,
    identity: Identity,
    at: Instant,
}

impl LastLook {
    /// Remembers what a call that began at `at` found at a place.
    pub fn remember(&mut self, place: &Place, found: Option<&Found>, at: Instant) {
        let Some(found) = found.filter(|found| found.kind == FileType::RegularFile) else {
            self.forget();
            return;
        };
        match &mut self.0 {
            // Reuses the allocation of the name.
            Some(look) => {
                if !Arc::ptr_eq(&look.dir, &place.dir.file) {
                    look.dir = Arc::clone(&place.dir.file);
                }
                look.name.clone_from(&place.name);
                (look.identity, look.at) = (found.identity, at);
            }
            None => {
                let (dir, name) = (Arc::clone(&place.dir.file), place.name.clone());
                self.0 = Some(Look { dir, name, identity: found.identity, at });
            }
        }
    }

    /// Forgets the look, because something is about to change.
    pub fn forget(&mut self) {
        self.0 = None;
    }

    /// The place that a path from a directory means, and the regular file that stood there a moment before `now`.
    pub fn find(&self, base: &Directory, path: &str, now: Instant) -> Option<(Place, Identity)> {
        let look = self.0.as_ref()?;
        let is_it = Arc::ptr_eq(&look.dir, &base.file) && look.name == path && is_name(path);
        let is_fresh = now.saturating_duration_since(look.at) < FRESH;
        if is_it && is_fresh { Some((Place::named(base, path).ok()?, look.identity)) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use rustix::io::Errno;
    use wasm_agent_policy::{DecisionKind, DenialReason, GuestPath};

    use super::*;
    use crate::open::open_file;
    use crate::{Bounds, resolve};

    struct Open;

    impl Bounds for Open {
        fn denies(&self, _: &GuestPath) -> bool {
            false
        }

        fn reading(&self, _: &GuestPath) -> DecisionKind {
            DecisionKind::Allow
        }

        fn bars_entry(&self, _: &Directory, _: &str) -> Option<DenialReason> {
            None
        }

        fn bars_directory(&self, _: &Directory, _: &Directory) -> Option<DenialReason> {
            None
        }

        fn may_leap(&self, _: &Directory) -> bool {
            true
        }
    }

    fn directory(path: &std::path::Path) -> Directory {
        Directory::new(Arc::new(File::open(path).unwrap()), GuestPath::parse("/d").unwrap()).unwrap()
    }

    #[test]
    fn only_the_same_name_in_the_same_directory_is_found_and_only_for_a_moment() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "1").unwrap();
        std::fs::write(dir.path().join("b"), "2").unwrap();
        let (base, other) = (directory(dir.path()), directory(dir.path()));
        let at = Instant::now();
        let look = |last: &mut LastLook, name: &str| {
            let (place, found) = resolve(&base, name, true, &Open).unwrap();
            last.remember(&place, found.as_ref(), at);
            found.map(|found| found.identity)
        };
        let mut last = LastLook::default();
        assert!(last.find(&base, "a", at).is_none());
        let identity = look(&mut last, "a").unwrap();
        let (place, found) = last.find(&base, "a", at + FRESH / 2).unwrap();
        assert_eq!((place.path.as_str(), place.name.as_str(), found), ("/d/a", "a", identity));
        assert!(last.find(&base, "a", at + FRESH).is_none());
        assert!(last.find(&other, "a", at).is_none());
        assert!(["b", "./a", "a/", "d/../a", ""].iter().all(|path| last.find(&base, path, at).is_none()));
        assert_ne!(look(&mut last, "b"), Some(identity));
        assert!(last.find(&base, "a", at).is_none());
        // A missing file is not remembered, nor anything but a regular file.
        assert!(look(&mut last, "b").is_some() && last.find(&base, "b", at).is_some());
        assert!(look(&mut last, "c").is_none() && last.find(&base, "b", at).is_none());
        rustix::fs::symlinkat("a", base.file.as_fd(), "link").unwrap();
        look(&mut last, "b");
        let (place, found) = resolve(&base, "link", false, &Open).unwrap();
        last.remember(&place, found.as_ref(), at);
        assert!(last.find(&base, "b", at).is_none() && last.find(&base, "link", at).is_none());
        look(&mut last, "b");
        last.forget();
        assert!(last.find(&base, "b", at).is_none());
    }
    #[test]
    fn what_took_the_place_of_the_file_that_was_seen_is_not_opened_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let base = directory(dir.path());
        let at = Instant::now();
        let replaced = |replace: &dyn Fn()| {
            std::fs::write(dir.path().join("a"), "1").unwrap();
            let (place, found) = resolve(&base, "a", true, &Open).unwrap();
            let mut last = LastLook::default();
            last.remember(&place, found.as_ref(), at);
            replace();
            let (place, identity) = last.find(&base, "a", at).unwrap();
            let opened =
                open_file(&place, crate::open::Access { read: true, write: false }, Some(identity), false).map(drop);
            rustix::fs::unlinkat(base.file.as_fd(), "a", rustix::fs::AtFlags::empty()).ok();
            opened.unwrap_err()
        };
        let path = |name: &str| dir.path().join(name);
        let other = || {
            std::fs::write(path("b"), "2").unwrap();
            std::fs::rename(path("b"), path("a")).unwrap();
        };
        let link = || {
            std::fs::write(path("b"), "2").unwrap();
            std::fs::remove_file(path("a")).unwrap();
            std::os::unix::fs::symlink("b", path("a")).unwrap();
        };
        let pipe = || {
            std::fs::remove_file(path("a")).unwrap();
            let mode = rustix::fs::Mode::RUSR;
            rustix::fs::mknodat(base.file.as_fd(), "a", FileType::Fifo, mode, 0).unwrap();
        };
        assert_eq!(replaced(&other), Errno::AGAIN);
        assert_eq!(replaced(&link), Errno::LOOP);
        assert_eq!(replaced(&pipe), Errno::NXIO);
        assert_eq!(replaced(&|| std::fs::remove_file(path("a")).unwrap()), Errno::NOENT);
    }
}
