//! Changing what is in a directory: create, link, rename, remove, set times.

use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode, RenameFlags, Timespec, Timestamps};
use rustix::io::Errno;
use wasm_agent_policy::{Action, DenialReason, LinkKind, Origin};
use wasmtime_wasi::p2::bindings::filesystem::types::{self, HostDescriptor, NewTimestamp, PathFlags};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::Fd;
use super::access::{Target, failed};
use super::walls::{Walls, Wants, in_place};
use crate::files::{self, Unresolved};
use crate::gate::Host;

impl Host {
    pub(super) async fn create_directory_at(&mut self, fd: &Fd, path: &str) -> FsResult<()> {
        let target = self.target(fd, path, false, Wants::CreateDir).await?;
        let action = Action::DirCreate { path: target.place.path.clone() };
        let effect = self.permit(&action, Origin::Foreign, None).await?;
        let place = &target.place;
        let result = in_place(&self.context.grants, &place.dir)
            .and_then(|()| rustix::fs::mkdirat(place.dir.as_fd(), &place.name, Mode::from_raw_mode(0o777)));
        if result.is_ok() {
            self.created(&target);
        }
        self.outcome(effect, &result)
    }

    /// Deletes a file or link, or removes an empty directory.
    pub(super) async fn remove_at(&mut self, fd: &Fd, path: &str, directory: bool) -> FsResult<()> {
        let wants = if directory { Wants::RemoveDir } else { Wants::Delete };
        let target = self.target(fd, path, false, wants).await?;
        let place = target.place.path.clone();
        let action = if directory { Action::DirRemove { path: place } } else { Action::FileDelete { path: place } };
        self.not_in_use(&target)?;
        let Some(found) = target.found.as_ref() else {
            self.observe(&Action::FileRead { path: target.place.path.clone() }, &target).await?;
            return Err(types::ErrorCode::NoEntry.into());
        };
        let origin = self.origin(Some(found));
        let effect = self.permit(&action, origin, Some(&target)).await?;
        let flags = if directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        let result = self
            .unchanged(&target)
            .and_then(|()| rustix::fs::unlinkat(target.place.dir.as_fd(), &target.place.name, flags));
        if result.is_ok() {
            self.live().map_err(FsError::trap)?.files.links.gone(&target.place.path);
        }
        // With other links left the file is still there, and still this run's.
        if result.is_ok() && found.links <= 1 {
            self.live().map_err(FsError::trap)?.files.created.remove(&found.identity);
        }
        self.outcome(effect, &result)
    }

    pub(super) async fn rename_at(&mut self, fd: &Fd, old: &str, new_fd: &Fd, new: &str) -> FsResult<()> {
        let from = self.target(fd, old, false, Wants::Delete).await?;
        let to = self.target(new_fd, new, false, Wants::Create).await?;
        self.not_in_use(&from)?;
        self.not_in_use(&to)?;
        let Some(found) = from.found.as_ref() else {
            self.observe(&Action::FileRead { path: from.place.path.clone() }, &from).await?;
            return Err(types::ErrorCode::NoEntry.into());
        };
        let action = Action::FileRename {
            from: from.place.path.clone(),
            to: to.place.path.clone(),
            replaces: to.found.is_some(),
            directory: found.is_dir(),
        };
        self.links_stay(&from, &to)?;
        let origin = match (self.origin(Some(found)), to.found.as_ref()) {
            (Origin::CreatedByRun, None) => Origin::CreatedByRun,
            (Origin::CreatedByRun, Some(replaced)) => self.origin(Some(replaced)),
            (Origin::Foreign, _) => Origin::Foreign,
        };
        let effect = self.permit_losing(&action, origin, Some(&from), Some(&to)).await?;
        let result = self.unchanged(&from).and_then(|()| self.unchanged(&to)).and_then(|()| rename(&from, &to));
        if result.is_ok() {
            let files = &mut self.live().map_err(FsError::trap)?.files;
            files.links.gone(&to.place.path);
            if found.is_dir() {
                files.renamed(&from.place.path, &to.place.path);
            }
            files.links.gone(&from.place.path);
        }
        self.named(&to, &result);
        self.outcome(effect, &result)
    }

    pub(super) async fn link_at(
        &mut self,
        fd: &Fd,
        flags: PathFlags,
        old: &str,
        new_fd: &Fd,
        new: &str,
    ) -> FsResult<()> {
        if flags.contains(PathFlags::SYMLINK_FOLLOW) {
            return Err(types::ErrorCode::Invalid.into());
        }
        let from = self.target(fd, old, false, Wants::Look).await?;
        let to = self.target(new_fd, new, false, Wants::Create).await?;
        self.links_stay(&from, &to)?;
        let action = Action::LinkCreate {
            kind: LinkKind::Hard,
            path: to.place.path.clone(),
            target: from.place.path.as_str().to_owned(),
        };
        let effect = self.permit(&action, Origin::Foreign, Some(&from)).await?;
        let (old, new) = (&from.place, &to.place);
        let result = self.unchanged(&from).and_then(|()| in_place(&self.context.grants, &new.dir)).and_then(|()| {
            rustix::fs::linkat(old.dir.as_fd(), &old.name, new.dir.as_fd(), &new.name, AtFlags::empty())
        });
        self.named(&to, &result);
        self.outcome(effect, &result)
    }

    pub(super) async fn symlink_at(&mut self, fd: &Fd, target: &str, path: &str) -> FsResult<()> {
        let link = self.target(fd, path, false, Wants::Create).await?;
        let action =
            Action::LinkCreate { kind: LinkKind::Symbolic, path: link.place.path.clone(), target: target.to_owned() };
        if self.leads_to_own(&link, target)? {
            self.decided(self.context.barred(&action, DenialReason::OwnThing));
            return Err(types::ErrorCode::Access.into());
        }
        let effect = self.permit(&action, Origin::Foreign, None).await?;
        let result = in_place(&self.context.grants, &link.place.dir)
            .and_then(|()| rustix::fs::symlinkat(target, link.place.dir.as_fd(), &link.place.name));
        if result.is_ok() {
            self.created(&link);
            self.live().map_err(FsError::trap)?.files.links.made(&link.place.path, target);
        }
        self.outcome(effect, &result)
    }

    pub(super) async fn set_times_at(
        &mut self,
        fd: &Fd,
        flags: PathFlags,
        path: &str,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let target = self.target(fd, path, flags.contains(PathFlags::SYMLINK_FOLLOW), Wants::Modify).await?;
        let action = Action::FileModify { path: target.place.path.clone(), truncate: false };
        let origin = self.origin(target.found.as_ref());
        let effect = self.permit(&action, origin, Some(&target)).await?;
        let times = Timestamps { last_access: timespec(accessed), last_modification: timespec(modified) };
        let place = &target.place;
        let result = self
            .unchanged(&target)
            .and_then(|()| rustix::fs::utimensat(place.dir.as_fd(), &place.name, &times, AtFlags::SYMLINK_NOFOLLOW));
        self.outcome(effect, &result)
    }

    /// Sets the times of what is open. A file that was opened for writing may be changed; a directory is asked about.
    pub(super) async fn set_times(&mut self, fd: Fd, accessed: NewTimestamp, modified: NewTimestamp) -> FsResult<()> {
        let live = self.live().map_err(FsError::trap)?;
        let Some(directory) = live.files.directory(fd.rep()).cloned() else {
            return live.filesystem().set_times(fd, accessed, modified).await;
        };
        in_place(&self.context.grants, &directory).map_err(failed)?;
        let found = files::look_at(&*directory.file).map_err(failed)?;
        let origin = self.origin(Some(&found));
        let action = Action::FileModify { path: directory.path.clone(), truncate: false };
        let effect = self.permit(&action, origin, None).await?;
        let times = Timestamps { last_access: timespec(accessed), last_modification: timespec(modified) };
        let result =
            in_place(&self.context.grants, &directory).and_then(|()| rustix::fs::futimens(&*directory.file, &times));
        self.outcome(effect, &result)
    }

    /// Whether a link with this target would lead to something of the host's: other programs would follow it.
    fn leads_to_own(&mut self, link: &Target, target: &str) -> FsResult<bool> {
        let context = Arc::clone(&self.context);
        let live = self.live().map_err(FsError::trap)?;
        let walls = Walls { grants: &context.grants, guard: &live.files.guard };
        Ok(match files::resolve(&link.place.dir, target, true, &walls) {
            Ok((place, found)) => walls.bar(&place, found.as_ref(), Wants::Look) == Some(DenialReason::OwnThing),
            Err(Unresolved::Barred(_, reason)) => reason == DenialReason::OwnThing,
            // What it leads to then is decided about by its path.
            Err(_) => false,
        })
    }

    /// Remembers what was given a name, if it is a symbolic link. One that can't be read, or is not text, may lead
    /// anywhere.
    fn named(&mut self, at: &Target, result: &Result<(), Errno>) {
        let place = &at.place;
        let target = match rustix::fs::readlinkat(place.dir.as_fd(), &place.name, Vec::new()) {
            // It is not a link.
            Err(Errno::INVAL) => return,
            Ok(target) => target.into_string().unwrap_or_else(|_| "..".to_owned()),
            Err(_) => "..".to_owned(),
        };
        if let (Ok(()), Ok(live)) = (result, self.live()) {
            live.files.links.made(&place.path, &target);
        }
    }

    /// Remembers what this run just made.
    fn created(&mut self, target: &Target) {
        if let (Ok(Some(found)), Ok(live)) = (files::look(&target.place), self.live()) {
            live.files.created.insert(found.identity);
        }
    }

    /// Refuses to give a symbolic link, or a directory with links of this run in it, a name from which a link would
    /// point out of its grant.
    ///
    /// Making such a link is asked about; with another name it would be made without a question.
    fn links_stay(&mut self, from: &Target, to: &Target) -> FsResult<()> {
        let Some(found) = &from.found else { return Ok(()) };
        let (old, new) = (&from.place, &to.place);
        let context = Arc::clone(&self.context);
        let policy = context.grants.policy();
        let leaves = match found.kind {
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(old.dir.as_fd(), &old.name, Vec::new()).map_err(failed)?;
                // It need not point out from where it is now: who moves such a link moves what was asked about.
                let leaves = |path| target.to_str().is_ok_and(|target| policy.link_leaves_grant(path, target));
                leaves(&new.path) && !leaves(&old.path)
            }
            FileType::Directory => {
                self.live().map_err(FsError::trap)?.files.links.would_leave(policy, &old.path, &new.path)
            }
            _ => false,
        };
        if !leaves {
            return Ok(());
        }
        let action = Action::FileRename {
            from: old.path.clone(),
            to: new.path.clone(),
            replaces: to.found.is_some(),
            directory: found.is_dir(),
        };
        self.decided(context.barred(&action, DenialReason::LinkLeavesGrant));
        Err(types::ErrorCode::Access.into())
    }

    /// Refuses to move or remove a directory that a grant hangs on, as a system does for mount points.
    ///
    /// Otherwise the files of that grant would get another name, and with it another grant.
    fn not_in_use(&self, target: &Target) -> FsResult<()> {
        let path = &target.place.path;
        let mut preopens = self.context.grants.preopens().iter();
        if preopens.any(|preopen| preopen.directory.path.starts_with(path)) {
            return Err(types::ErrorCode::Busy.into());
        }
        Ok(())
    }
}

/// Renames; onto nothing, unless replacing is what was decided about.
fn rename(from: &Target, to: &Target) -> Result<(), Errno> {
    let (old, new) = (&from.place, &to.place);
    if to.found.is_some() {
        return rustix::fs::renameat(old.dir.as_fd(), &old.name, new.dir.as_fd(), &new.name);
    }
    let flags = RenameFlags::NOREPLACE;
    rustix::fs::renameat_with(old.dir.as_fd(), &old.name, new.dir.as_fd(), &new.name, flags)
}

fn timespec(time: NewTimestamp) -> Timespec {
    match time {
        NewTimestamp::NoChange => Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_OMIT },
        NewTimestamp::Now => Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW },
        NewTimestamp::Timestamp(time) => {
            Timespec { tv_sec: i64::try_from(time.seconds).unwrap_or(i64::MAX), tv_nsec: time.nanoseconds.into() }
        }
    }
}
