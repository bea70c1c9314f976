//! What a path must not lead to, whatever the policy grants: the host's own things, other mounts, directories that were
//! moved away.

use wasm_agent_files::{self as files, Bounds, Directory, Errno, Found, Guard, Mount, Place};
use wasm_agent_policy::{Action, DecisionKind, DenialReason, GuestPath, Origin};

use crate::grants::Grants;

/// What a call wants of a place: for what is recorded where the place is not the tool's to use, whatever the policy
/// says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// Which file it is, and nothing about it: C libraries ask that of every name that they list, and fail where one is
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

    /// Whether another thing, or nothing, would have the name afterwards.
    fn changes_name(self) -> bool {
        match self {
            Self::Identity | Self::Look | Self::Modify => false,
            Self::Create | Self::CreateDir | Self::Delete | Self::RemoveDir => true,
        }
    }
}

/// The walls around a path: the policy, the host's own things, mounts.
pub(super) struct Walls<'a> {
    pub(super) grants: &'a Grants,
    pub(super) guard: &'a Guard,
}

impl Walls<'_> {
    /// Why a place can't be used, whatever the policy says.
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
        let mount = found.map(|found| found.mount).filter(|mount| *mount != place.dir.mount)?;
        self.crosses(&place.path, mount).or_else(|| told_from_kernel(files::pseudo_filesystem_at(place)))
    }

    /// Why what has this path must not be on this mount, if it is so.
    fn crosses(&self, path: &GuestPath, mount: Mount) -> Option<DenialReason> {
        let preopen = self.grants.preopen_above(path)?;
        (preopen.directory.mount != mount && !preopen.mounts).then_some(DenialReason::Mount)
    }
}

impl Bounds for Walls<'_> {
    fn denies(&self, path: &GuestPath) -> bool {
        !self.grants.policy().may_go_through(path)
    }

    fn reading(&self, path: &GuestPath) -> DecisionKind {
        self.grants.policy().judge(&Action::FileRead { path: path.clone() }, Origin::Foreign).decision
    }

    fn bars_entry(&self, directory: &Directory, name: &str) -> Option<DenialReason> {
        self.guard.keeps(directory.id, name, None).then_some(DenialReason::OwnThing)
    }

    fn bars_directory(&self, parent: &Directory, directory: &Directory) -> Option<DenialReason> {
        if self.guard.keeps_directory(directory.id) {
            return Some(DenialReason::OwnThing);
        }
        if parent.mount == directory.mount {
            return None;
        }
        let crosses = self.crosses(&directory.path, directory.mount);
        crosses.or_else(|| told_from_kernel(files::pseudo_filesystem(directory)))
    }

    fn may_leap(&self, base: &Directory) -> bool {
        !self.guard.is_on_the_way(base.id) && self.grants.preopen_above(&base.path).is_some_and(|above| !above.mounts)
    }
}

/// What can't be told from a file system that shows the kernel is taken to be one.
fn told_from_kernel(kind: Result<Option<&'static str>, Errno>) -> Option<DenialReason> {
    (kind != Ok(None)).then_some(DenialReason::PseudoFilesystem)
}

/// Whether a directory is still where its path says, in the grant that it was reached through.
pub(super) fn in_place(grants: &Grants, directory: &Directory) -> Result<(), Errno> {
    let above = grants.preopen_above(&directory.path).ok_or(Errno::NOENT)?;
    directory.is_in_place(&above.directory)
}
