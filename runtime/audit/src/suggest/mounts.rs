//! The directories that runs used, and what of each.

use std::collections::{BTreeMap, BTreeSet};

use wasm_agent_policy::{Access, Action, GuestPath, LinkKind, Policy};

use super::uses::{At, Uses};
use super::{Room, SuggestError};
use crate::decided::{Came, Decided};

/// The directories of all recorded policies, by guest path.
#[derive(Debug, Default)]
pub(super) struct Mounts(BTreeMap<String, Mount>);

/// One of them.
#[derive(Debug)]
pub(super) struct Mount {
    pub(super) guest: GuestPath,
    pub(super) host: String,
    /// What the recorded policies gave.
    access: Access,
    pub(super) deny: BTreeSet<String>,
    pub(super) asked: BTreeSet<&'static str>,
    /// Whether a policy that gave write access did not ask about something that is asked about unless it says so.
    pub(super) unasked: bool,
    /// Whether something was changed in it.
    pub(super) changed: bool,
    /// Whether the directory itself was looked at.
    pub(super) itself: bool,
    /// Paths below it.
    pub(super) paths: BTreeSet<String>,
    /// Those of them that are known to be directories.
    pub(super) directories: BTreeSet<String>,
    /// Directories that got another name, which takes all that is below.
    pub(super) renamed: BTreeSet<String>,
    pub(super) uses: Uses,
}

/// What a write grant asks about unless it says otherwise.
pub(super) const ASKED: [&str; 3] = ["delete", "modify", "rename"];

impl Mounts {
    /// Takes in the directories of a policy.
    pub(super) fn begin(&mut self, journal: &str, policy: &Policy) -> Result<(), SuggestError> {
        for grant in policy.filesystem() {
            let mount = self.0.entry(grant.guest.as_str().to_owned()).or_insert_with(|| Mount {
                guest: grant.guest.clone(),
                host: grant.host.clone(),
                access: grant.access,
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
            mount.deny.extend(grant.deny().iter().map(|pattern| pattern.as_str().to_owned()));
            mount.asked.extend(grant.asks());
        }
        Ok(())
    }

    /// Takes in an action on files.
    pub(super) fn file(
        &mut self,
        action: &Action,
        decided: &Decided,
        at: At,
        room: &mut Room,
    ) -> Result<(), SuggestError> {
        let changes = !matches!(action, Action::FileRead { .. });
        let is_directory = matches!(action, Action::DirCreate { .. } | Action::DirRemove { .. })
            || decided.came == Came::Listed
            || matches!(action, Action::FileRename { directory: true, .. });
        let moved = matches!(action, Action::FileRename { directory: true, .. });
        let second = match action {
            Action::FileRename { to, .. } => Some(to.clone()),
            Action::LinkCreate { kind: LinkKind::Hard, target, .. } => GuestPath::parse(target).ok(),
            _ => None,
        };
        for (place, path) in action.path().into_iter().chain(second.as_ref()).enumerate() {
            let Some(mount) = self.governing(path) else { continue };
            mount.changed |= changes;
            mount.add(path, is_directory, moved, room)?;
            if place == 0 {
                mount.uses.add(action.kind(), at);
            }
        }
        // The link that a path led through has to be on a way that may be gone.
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

    /// Unused mounts above used ones, each with the path of one that was used below it: those whose `deny` holds for what is
    /// below, and those that keep what is right in them from a used one above.
    pub(super) fn above(&self) -> Vec<(&Mount, String)> {
        let unused = self.0.values().filter(|mount| !mount.is_used());
        unused
            .filter(|mount| !mount.deny.is_empty() || self.is_below_a_used_one(mount))
            .filter_map(|mount| {
                let below = self.below(mount).find(|below| below.is_used())?;
                Some((mount, mount.relative(&below.guest)?.to_owned()))
            })
            .collect()
    }

    /// Unused mounts right within a used one, with nothing used in them: their place below it.
    pub(super) fn within(&self, mount: &Mount) -> Vec<String> {
        let unused = self.below(mount).filter(|other| !other.is_used());
        let free = unused.filter(|other| !self.below(other).any(Mount::is_used));
        free.filter_map(|other| mount.relative(&other.guest).map(str::to_owned)).collect()
    }

    /// The mounts below one, without itself. Their paths stand together: `0` is the character behind `/`.
    fn below(&self, mount: &Mount) -> impl Iterator<Item = &Mount> {
        let guest = mount.guest.as_str().trim_end_matches('/');
        let below = self.0.range(format!("{guest}/")..format!("{guest}0")).map(|(_, below)| below);
        below.filter(|below| below.guest.as_str().len() > guest.len() + 1)
    }

    fn is_below_a_used_one(&self, mount: &Mount) -> bool {
        let mut above = mount.guest.parent();
        while let Some(guest) = above {
            if self.0.get(guest.as_str()).is_some_and(Mount::is_used) {
                return true;
            }
            above = guest.parent();
        }
        false
    }
}

impl Mount {
    fn is_used(&self) -> bool {
        self.itself || !self.paths.is_empty()
    }

    /// The path below the mount; nothing for the mount itself.
    fn relative<'a>(&self, path: &'a GuestPath) -> Option<&'a str> {
        let rest = path.as_str().strip_prefix(self.guest.as_str())?.trim_start_matches('/');
        Some(rest).filter(|rest| !rest.is_empty())
    }

    fn add(&mut self, path: &GuestPath, directory: bool, moved: bool, room: &mut Room) -> Result<(), SuggestError> {
        let Some(relative) = self.relative(path) else {
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
