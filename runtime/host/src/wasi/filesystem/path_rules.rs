//! Targets that no policy can grant: the host's own things, other mounts, directories that were moved away.

use wasm_agent_files::{self as files, Bounds, Directory, Errno, Found, Guard, Mount, Names, Place};
use wasm_agent_policy::{Action, DecisionKind, DenialReason, GuestPath, Origin};

use crate::grants::Grants;

/// The purpose of a call at a place. It determines the recorded action, if the place is one that no policy can grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// Only to identify the file. C libraries ask for the identity of every name that they list, and fail if one is
    /// refused.
    Identity,
    Look,
    Create,
    CreateDir,
    Modify,
    Delete,
    RemoveDir,
}

impl Wants {
    pub(super) fn action(self, path: GuestPath) -> Action {
        match self {
            Self::Identity | Self::Look => Action::FileRead { path },
            Self::Create => Action::FileCreate { path },
            Self::CreateDir => Action::DirCreate { path },
            Self::Modify => Action::FileModify { path, truncate: false },
            Self::Delete => Action::FileDelete { path },
            Self::RemoveDir => Action::DirRemove { path },
        }
    }

    /// Whether the name stands for something else, or for nothing, afterwards.
    fn changes_name(self) -> bool {
        match self {
            Self::Identity | Self::Look | Self::Modify => false,
            Self::Create | Self::CreateDir | Self::Delete | Self::RemoveDir => true,
        }
    }
}

/// The rules for resolving a path: the policy, the host's own things, mounts.
pub(super) struct PathRules<'a> {
    pub(super) grants: &'a Grants,
    pub(super) guard: &'a Guard,
}

impl PathRules<'_> {
    /// Why no policy can grant a place; `None` if one can.
    pub(super) fn bar(&self, place: &Place, found: Option<&Found>, wants: Wants) -> Option<DenialReason> {
        let (directory, name) = (place.dir.id, place.name.as_str());
        let found = found.filter(|_| wants != Wants::Identity);
        let own = if name == "." {
            self.guard.keeps_directory(directory) || (wants.changes_name() && self.guard.is_on_the_way(directory))
        } else {
            self.guard.keeps(directory, name, found)
                || (wants.changes_name() && self.guard.leads_through(directory, name, found))
        };
        if own {
            return Some(DenialReason::OwnThing);
        }
        if self.is_denied_spelling(&place.dir, &place.path) {
            return Some(DenialReason::Spelling);
        }
        let mount = found.map(|found| found.mount).filter(|mount| *mount != place.dir.mount)?;
        self.crosses(&place.path, mount).or_else(|| pseudo_filesystem_reason(files::pseudo_filesystem_at(place)))
    }

    /// Whether a path in a folder that may know it by other names is denied under one of them.
    pub(super) fn is_denied_spelling(&self, directory: &Directory, path: &GuestPath) -> bool {
        directory.names == Names::Unsure
            // What the policy denies under this name, it denies for its own reason.
            && self.grants.policy().may_go_through(path)
            && self.grants.spellings().deny(path)
    }

    /// Why something with this path must not be on this mount; `None` if it may be.
    fn crosses(&self, path: &GuestPath, mount: Mount) -> Option<DenialReason> {
        let preopen = self.grants.preopen_above(path)?;
        (preopen.directory.mount != mount && !preopen.mounts).then_some(DenialReason::Mount)
    }
}

impl Bounds for PathRules<'_> {
    fn denies(&self, path: &GuestPath) -> bool {
        !self.grants.policy().may_go_through(path)
    }

    fn reading(&self, path: &GuestPath) -> DecisionKind {
        self.grants.policy().judge(&Action::FileRead { path: path.clone() }, Origin::Foreign).decision
    }

    fn bars_entry(&self, directory: &Directory, name: &str) -> Option<DenialReason> {
        if self.guard.keeps(directory.id, name, None) {
            return Some(DenialReason::OwnThing);
        }
        let path = directory.path.join(name).ok()?;
        self.is_denied_spelling(directory, &path).then_some(DenialReason::Spelling)
    }

    fn bars_directory(&self, parent: &Directory, directory: &Directory) -> Option<DenialReason> {
        if self.guard.keeps_directory(directory.id) {
            return Some(DenialReason::OwnThing);
        }
        if parent.mount == directory.mount {
            return None;
        }
        let crosses = self.crosses(&directory.path, directory.mount);
        crosses.or_else(|| pseudo_filesystem_reason(files::pseudo_filesystem(directory)))
    }

    fn may_leap(&self, base: &Directory) -> bool {
        !self.guard.is_on_the_way(base.id) && self.grants.preopen_above(&base.path).is_some_and(|above| !above.mounts)
    }
}

/// A file system of unknown type counts as a view of the kernel.
fn pseudo_filesystem_reason(kind: Result<Option<&'static str>, Errno>) -> Option<DenialReason> {
    (kind != Ok(None)).then_some(DenialReason::PseudoFilesystem)
}

/// Whether a directory is still where its path says, within the grant that it was reached through.
pub(super) fn in_place(grants: &Grants, directory: &Directory) -> Result<(), Errno> {
    let above = grants.preopen_above(&directory.path).ok_or(Errno::NOENT)?;
    directory.is_in_place(&above.directory)
}
