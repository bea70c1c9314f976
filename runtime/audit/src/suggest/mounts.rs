//! The directories that runs used, and what they used in each.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use wasm_agent_policy::{Access, Action, GuestPath, Policy};

use super::room::{Room, SuggestError};
use super::uses::{CallRef, Uses};
use crate::decisions::{DecisionOutcome, RecordedDecision};

/// The directories of all recorded policies, by guest path.
#[derive(Debug, Default)]
pub(super) struct Mounts(BTreeMap<String, Mount>);

/// A directory, and what was used in it.
#[derive(Debug)]
pub(super) struct Mount {
    pub(super) guest: GuestPath,
    pub(super) host: String,
    /// The access that the recorded policies gave.
    access: Access,
    /// The `only` lists of the recorded policies.
    pub(super) limited_to: BTreeSet<Vec<String>>,
    pub(super) deny: BTreeSet<String>,
    pub(super) asked: BTreeSet<&'static str>,
    /// A policy gave write access and did not ask about everything in [`ASKED`].
    pub(super) unasked: bool,
    /// Something in it was changed.
    pub(super) changed: bool,
    /// The directory itself was used.
    pub(super) itself: bool,
    /// Used paths below it.
    pub(super) paths: BTreeSet<String>,
    /// Those of them that are directories.
    pub(super) directories: BTreeSet<String>,
    /// Directories that were renamed, with everything below them.
    pub(super) renamed: BTreeSet<String>,
    pub(super) uses: Uses,
}

/// What a write grant asks about by default.
pub(super) const ASKED: [&str; 3] = ["delete", "modify", "rename"];

impl Mounts {
    /// Adds the directories of a policy.
    pub(super) fn begin(&mut self, journal: &str, policy: &Policy) -> Result<(), SuggestError> {
        for grant in policy.filesystem() {
            let mount = self.0.entry(grant.guest.as_str().to_owned()).or_insert_with(|| Mount {
                guest: grant.guest.clone(),
                host: grant.host.clone(),
                access: grant.access,
                limited_to: BTreeSet::new(),
                deny: BTreeSet::new(),
                asked: BTreeSet::new(),
                unasked: false,
                changed: false,
                itself: false,
                paths: BTreeSet::new(),
                directories: BTreeSet::new(),
                renamed: BTreeSet::new(),
                uses: Uses::default(),
            });
            if mount.host != grant.host {
                return Err(SuggestError::Clash {
                    journal: journal.to_owned(),
                    what: format!("directory of the host for `{}`", grant.guest),
                    found: grant.host.clone(),
                    before: mount.host.clone(),
                });
            }
            if grant.access == Access::Write {
                mount.access = Access::Write;
                let asks: Vec<&str> = grant.asks().collect();
                mount.unasked |= ASKED.iter().any(|kind| !asks.contains(kind));
            }
            if let Some(only) = grant.only() {
                mount.limited_to.insert(only.into_iter().map(str::to_owned).collect());
            }
            mount.deny.extend(grant.deny().iter().map(|pattern| pattern.as_str().to_owned()));
            mount.asked.extend(grant.asks());
        }
        Ok(())
    }

    /// Adds an action on files.
    pub(super) fn file(
        &mut self,
        action: &Action,
        decided: &RecordedDecision,
        at: CallRef,
        room: &mut Room,
    ) -> Result<(), SuggestError> {
        let changes = !matches!(action, Action::FileRead { .. });
        let is_directory = matches!(action, Action::DirCreate { .. } | Action::DirRemove { .. })
            || decided.outcome == DecisionOutcome::Listed
            || matches!(action, Action::FileRename { directory: true, .. });
        let moved = matches!(action, Action::FileRename { directory: true, .. });
        for (place, path) in action.paths().enumerate() {
            let Some(mount) = self.governing(&path) else { continue };
            mount.changed |= changes;
            mount.add(&path, is_directory, moved, room)?;
            if place == 0 {
                mount.uses.add(action.kind(), at);
            }
        }
        // The policy must also allow the link that the path went through.
        if let Some(spelled) = &decided.spelled
            && let Some(mount) = self.governing(spelled)
        {
            mount.add(spelled, false, false, room)?;
        }
        Ok(())
    }

    /// The mount that governs a path: the one with the longest guest path above it.
    fn governing(&mut self, path: &GuestPath) -> Option<&mut Mount> {
        let mut above = Some(path.clone());
        while let Some(guest) = above {
            if self.0.contains_key(guest.as_str()) {
                return self.0.get_mut(guest.as_str());
            }
            above = guest.parent();
        }
        None
    }

    /// The mounts that were used.
    pub(super) fn used(&self) -> impl Iterator<Item = &Mount> {
        self.0.values().filter(|mount| mount.is_used())
    }

    /// The guest paths of the mounts that were used.
    fn used_paths(&self) -> BTreeSet<&str> {
        self.used().map(|mount| mount.guest.as_str()).collect()
    }

    /// Unused mounts above used ones, each with the path of a used one below it: those whose `deny` applies below, and
    /// those that keep a used mount above them from reaching what is in them.
    pub(super) fn above(&self) -> Vec<(&Mount, String)> {
        let used = self.used_paths();
        let unused = self.0.values().filter(|mount| !mount.is_used());
        unused
            .filter(|mount| !mount.deny.is_empty() || nearest(&used, &mount.guest).is_some())
            .filter_map(|mount| Some((mount, mount.relative(first_below(&used, &mount.guest)?)?.to_owned())))
            .collect()
    }

    /// Unused mounts with nothing used below them: their paths relative to the nearest used mount above, by its guest
    /// path.
    pub(super) fn within(&self) -> BTreeMap<String, Vec<String>> {
        let used = self.used_paths();
        let mut within: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for mount in self.0.values().filter(|mount| !mount.is_used()) {
            if first_below(&used, &mount.guest).is_some() {
                continue;
            }
            let above = nearest(&used, &mount.guest).and_then(|above| self.0.get(above.as_str()));
            if let Some((above, place)) = above.and_then(|above| Some((above, above.relative(mount.guest.as_str())?))) {
                within.entry(above.guest.as_str().to_owned()).or_default().push(place.to_owned());
            }
        }
        within
    }

    /// The most directories and patterns that the policy can have.
    pub(super) fn counts(&self) -> (usize, usize) {
        let above = self.above();
        let within: usize = self.within().values().map(Vec::len).sum();
        let of_used = |mount: &Mount| mount.paths.len() + mount.renamed.len() + mount.deny.len() + 1;
        let used = self.used().map(of_used);
        let unused = above.iter().map(|(mount, _)| mount.deny.len() + 1);
        (self.used().count() + above.len(), used.chain(unused).sum::<usize>() + within)
    }
}

/// The nearest used path above this one.
fn nearest(used: &BTreeSet<&str>, path: &GuestPath) -> Option<GuestPath> {
    let mut above = path.parent();
    while let Some(path) = above {
        if used.contains(path.as_str()) {
            return Some(path);
        }
        above = path.parent();
    }
    None
}

/// The first used path below this one.
fn first_below<'u>(used: &BTreeSet<&'u str>, path: &GuestPath) -> Option<&'u str> {
    let below = format!("{}/", path.as_str().trim_end_matches('/'));
    let from = (Bound::Included(below.as_str()), Bound::Unbounded);
    let found: Option<&&'u str> = used.range::<str, _>(from).next();
    found.copied().filter(|found| found.starts_with(&below) && found.len() > below.len())
}

impl Mount {
    fn is_used(&self) -> bool {
        self.itself || !self.paths.is_empty()
    }

    /// The path relative to the mount; `None` for the mount itself.
    fn relative<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(self.guest.as_str())?.trim_start_matches('/');
        Some(rest).filter(|rest| !rest.is_empty())
    }

    fn add(&mut self, path: &GuestPath, directory: bool, moved: bool, room: &mut Room) -> Result<(), SuggestError> {
        let Some(relative) = self.relative(path.as_str()) else {
            self.itself = true;
            return Ok(());
        };
        if !self.paths.contains(relative) {
            room.take(relative.len())?;
            self.paths.insert(relative.to_owned());
        }
        if directory {
            self.directories.insert(relative.to_owned());
        }
        if moved {
            self.renamed.insert(relative.to_owned());
        }
        Ok(())
    }
}
