//! Symbolic links that a run made. Renaming a directory above them changes where they point.
//!
//! A link `../x` in `/w/a/b` stays in `/w`. When `/w/a/b` is renamed to `/w/b`, the link itself is unchanged but points
//! out of `/w`, and nobody was asked about such a link. So before a directory is renamed, the targets of the run's own
//! links below it are checked again.

use std::collections::BTreeMap;

use wasm_agent_policy::{GuestPath, Policy};

/// Most links that are remembered. A run that makes more can't rename directories after that.
const LINKS_MAX: usize = 4096;

/// Links whose target goes up, with the target: those that this run made or renamed.
#[derive(Debug, Default)]
pub struct Links {
    known: BTreeMap<GuestPath, String>,
    overflowed: bool,
}

impl Links {
    /// Remembers a link.
    pub fn made(&mut self, path: &GuestPath, target: &str) {
        if !target.split('/').any(|component| component == "..") {
            return;
        }
        if self.known.len() < LINKS_MAX {
            self.known.insert(path.clone(), target.to_owned());
        } else {
            self.overflowed = true;
        }
    }

    /// Forgets a removed link.
    pub fn gone(&mut self, path: &GuestPath) {
        self.known.remove(path);
    }

    /// Whether a link below `from` would point out of its grant if it were below `to`.
    pub fn would_leave(&self, policy: &Policy, from: &GuestPath, to: &GuestPath) -> bool {
        let leaves = |(path, target): (&GuestPath, &String)| match moved(path, from, to) {
            Some(path) => path.is_none_or(|path| policy.link_leaves_grant(&path, target)),
            None => false,
        };
        self.overflowed || self.known.iter().any(leaves)
    }

    /// Updates the paths of links after `from` is renamed to `to`.
    pub(super) fn renamed(&mut self, from: &GuestPath, to: &GuestPath) {
        for (path, target) in std::mem::take(&mut self.known) {
            // A link whose path is too long can't be named any more.
            match moved(&path, from, to) {
                Some(Some(path)) => drop(self.known.insert(path, target)),
                Some(None) => {}
                None => drop(self.known.insert(path, target)),
            }
        }
    }
}

/// A path after `from` is renamed to `to`: `None` if it is not below `from`, `Some(None)` if it would be too long.
fn moved(path: &GuestPath, from: &GuestPath, to: &GuestPath) -> Option<Option<GuestPath>> {
    if !path.starts_with(from) {
        return None;
    }
    let below = path.as_str().strip_prefix(from.as_str()).unwrap_or_default();
    Some(GuestPath::parse(&format!("{}{below}", to.as_str())).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> GuestPath {
        GuestPath::parse(text).unwrap()
    }

    fn policy() -> Policy {
        Policy::parse("version = 1\n[[filesystem]]\nhost = \".\"\nguest = \"/w\"\naccess = \"write\"\n").unwrap()
    }

    #[test]
    fn a_link_is_followed_to_where_it_would_point_out() {
        let mut links = Links::default();
        links.made(&path("/w/a/b/l"), "../../x");
        links.made(&path("/w/a/plain"), "x");
        assert!(!links.would_leave(&policy(), &path("/w/c"), &path("/w/d")));
        assert!(!links.would_leave(&policy(), &path("/w/a"), &path("/w/c")));
        assert!(links.would_leave(&policy(), &path("/w/a/b"), &path("/w/b")));
        links.renamed(&path("/w/a"), &path("/w/d/e"));
        assert!(!links.would_leave(&policy(), &path("/w/d/e/b"), &path("/w/d/b")));
        assert!(links.would_leave(&policy(), &path("/w/d/e/b"), &path("/w/b")));
        assert!(!links.would_leave(&policy(), &path("/w/a/b"), &path("/w/b")));
    }

    #[test]
    fn a_run_that_makes_too_many_renames_no_directory() {
        let mut links = Links::default();
        for number in 0..LINKS_MAX {
            links.made(&path(&format!("/w/d/{number}")), "../x");
        }
        assert!(!links.would_leave(&policy(), &path("/w/a"), &path("/w/b")));
        links.made(&path("/w/d/plain"), "x");
        assert!(!links.would_leave(&policy(), &path("/w/a"), &path("/w/b")));
        links.made(&path("/w/d/more"), "../x");
        assert!(links.would_leave(&policy(), &path("/w/a"), &path("/w/b")));
    }
}
