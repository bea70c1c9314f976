//! Changes to directories: create, link, rename, remove, set times.

use std::sync::Arc;

use wasm_agent_files::{self as files, Directory, Errno, FileType, Found, Target, Timespec, Timestamps, Unresolved};
use wasm_agent_policy::{Act, Action, DenialReason, LinkKind, Origin};
use wasmtime_wasi::p2::bindings::filesystem::types::{self, HostDescriptor, NewTimestamp, PathFlags};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::Fd;
use super::access::Base;
use super::effects::Change;
use super::errors::failed;
use super::path_rules::{PathRules, Wants, in_place};
use crate::call::{Call, Host};

impl Host {
    pub(super) async fn create_directory_at(&mut self, call: &mut Call, fd: &Fd, path: &str) -> FsResult<()> {
        let (name, _) = without_slash(path);
        let target = self.target(call, fd, name, false, Wants::CreateDir).await?.target;
        self.room_for_file(call, &target).await?;
        let act = Act::create_directory(target.place.path.clone());
        let create = Change::new(|permit| target.create_directory(permit));
        let made = self.change(call, act, Origin::Foreign, create).await?;
        self.created(made)
    }

    pub(super) async fn unlink_file_at(&mut self, call: &mut Call, fd: &Fd, path: &str) -> FsResult<()> {
        let target = self.removable(call, fd, path, Wants::Delete).await?;
        let origin = self.origin(target.found.as_ref());
        let delete = Change::of(&target, |permit| target.delete(permit));
        self.change(call, Act::delete(target.place.path.clone()), origin, delete).await?;
        self.removed(&target)
    }

    pub(super) async fn remove_directory_at(&mut self, call: &mut Call, fd: &Fd, path: &str) -> FsResult<()> {
        let target = self.removable(call, fd, path, Wants::RemoveDir).await?;
        let origin = self.origin(target.found.as_ref());
        let remove = Change::of(&target, |permit| target.remove_directory(permit));
        self.change(call, Act::remove_directory(target.place.path.clone()), origin, remove).await?;
        self.removed(&target)
    }

    /// The target to be removed. Only a tool that may read it learns whether it exists.
    async fn removable(&mut self, call: &mut Call, fd: &Fd, path: &str, wants: Wants) -> FsResult<Target> {
        let (name, must_be_dir) = without_slash(path);
        let named = self.target(call, fd, name, false, wants).await?;
        self.not_in_use(&named.target)?;
        let is_other = must_be_dir && !named.target.found.as_ref().is_some_and(Found::is_dir);
        if named.target.found.is_none() || is_other {
            let act = Act::read(named.target.place.path.clone());
            self.look(call, &named, act, |permit| named.target.stat(permit).map(drop)).await?;
        }
        if is_other { Err(types::ErrorCode::NotDirectory.into()) } else { Ok(named.target) }
    }

    /// Forgets a file that this run removed.
    fn removed(&mut self, target: &Target) -> FsResult<()> {
        let files = &mut self.world().map_err(FsError::trap)?.files;
        files.links.gone(&target.place.path);
        target.found.iter().for_each(|found| files.disk.removed(found));
        // If other links remain, the file still exists and is still this run's.
        if let Some(found) = target.found.as_ref().filter(|found| found.links <= 1) {
            files.created.remove(&found.identity);
        }
        Ok(())
    }

    pub(super) async fn rename_at(
        &mut self,
        call: &mut Call,
        fd: &Fd,
        old: &str,
        new_fd: &Fd,
        new: &str,
    ) -> FsResult<()> {
        let ((old, from_dir), (new, to_dir)) = (without_slash(old), without_slash(new));
        let named = self.target(call, fd, old, false, Wants::Delete).await?;
        let to = self.target(call, new_fd, new, false, Wants::Create).await?.target;
        self.not_in_use(&named.target)?;
        self.not_in_use(&to)?;
        let found = named.target.found.clone();
        let is_dir = found.as_ref().is_some_and(Found::is_dir);
        let Some(found) = found.filter(|_| is_dir || !from_dir) else {
            let act = Act::read(named.target.place.path.clone());
            self.look(call, &named, act, |permit| named.target.stat(permit).map(drop)).await?;
            return Err(types::ErrorCode::NotDirectory.into());
        };
        if to_dir && !is_dir {
            return Err(self.withheld(call, to.place.path, Wants::Create, Errno::NOTDIR).await);
        }
        let from = named.target;
        let (old, new) = (from.place.path.clone(), to.place.path.clone());
        let act = Act::rename(old, new, to.found.is_some(), found.is_dir());
        self.links_stay(call, &from, &to)?;
        let origin = match (self.origin(Some(&found)), to.found.as_ref()) {
            (Origin::CreatedByRun, None) => Origin::CreatedByRun,
            (Origin::CreatedByRun, Some(replaced)) => self.origin(Some(replaced)),
            (Origin::Foreign, _) => Origin::Foreign,
        };
        let rename = Change { lost: Some(&to), ..Change::of(&from, |permit| from.rename(&to, permit)) };
        self.change(call, act, origin, rename).await?;
        let files = &mut self.world().map_err(FsError::trap)?.files;
        // Two names of one file stay as they are.
        let replaced = to.found.iter().filter(|replaced| replaced.identity != found.identity);
        replaced.for_each(|replaced| files.disk.removed(replaced));
        files.links.gone(&to.place.path);
        files.renamed(&from.place, &to.place, found.is_dir());
        files.links.gone(&from.place.path);
        self.named(&to)
    }

    pub(super) async fn link_at(
        &mut self,
        call: &mut Call,
        fd: &Fd,
        flags: PathFlags,
        old: &str,
        new_fd: &Fd,
        new: &str,
    ) -> FsResult<()> {
        if flags.contains(PathFlags::SYMLINK_FOLLOW) {
            return Err(types::ErrorCode::Invalid.into());
        }
        let from = self.target(call, fd, old, false, Wants::Look).await?.target;
        let to = self.new_link(call, new_fd, new).await?;
        self.links_stay(call, &from, &to)?;
        self.room_for_file(call, &to).await?;
        let act = Act::link(LinkKind::Hard, to.place.path.clone(), from.place.path.as_str().to_owned());
        let link = Change::of(&from, |permit| from.link(&to, permit));
        self.change(call, act, Origin::Foreign, link).await?;
        let identity = from.found.as_ref().map(|found| found.identity);
        self.world().map_err(FsError::trap)?.files.disk.made(identity, false);
        self.named(&to)
    }

    /// The name that a link is to get. With a `/` at its end it would be a directory, and a link is not one.
    async fn new_link(&mut self, call: &mut Call, fd: &Fd, path: &str) -> FsResult<Target> {
        let (_, must_be_dir) = without_slash(path);
        let target = self.target(call, fd, path, must_be_dir, Wants::Create).await?.target;
        if must_be_dir {
            let errno = if target.found.is_some() { Errno::EXIST } else { Errno::NOENT };
            return Err(self.withheld(call, target.place.path, Wants::Create, errno).await);
        }
        Ok(target)
    }

    pub(super) async fn symlink_at(&mut self, call: &mut Call, fd: &Fd, text: &str, path: &str) -> FsResult<()> {
        let link = self.new_link(call, fd, path).await?;
        let act = Act::link(LinkKind::Symbolic, link.place.path.clone(), text.to_owned());
        if self.leads_to_own(&link, text)? {
            call.decided(self.gate()?.barred(act.action(), DenialReason::OwnThing));
            return Err(types::ErrorCode::Access.into());
        }
        self.room_for_file(call, &link).await?;
        let make = Change::new(|permit| link.symlink(text, permit));
        let made = self.change(call, act, Origin::Foreign, make).await?;
        self.world().map_err(FsError::trap)?.files.links.made(&link.place.path, text);
        self.created(made)
    }

    pub(super) async fn set_times_at(
        &mut self,
        call: &mut Call,
        fd: &Fd,
        flags: PathFlags,
        path: &str,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let follow = flags.contains(PathFlags::SYMLINK_FOLLOW);
        let target = self.target(call, fd, path, follow, Wants::Modify).await?.target;
        self.set_times_of(call, &target, accessed, modified).await
    }

    async fn set_times_of(
        &mut self,
        call: &mut Call,
        target: &Target,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let origin = self.origin(target.found.as_ref());
        let times = Timestamps { last_access: timespec(accessed)?, last_modification: timespec(modified)? };
        let set = Change::of(target, |permit| target.set_times(&times, permit));
        self.change(call, Act::modify(target.place.path.clone(), false), origin, set).await
    }

    /// Sets the times of an open descriptor. A file that was opened for writing may be changed; for any other file and
    /// for a directory the gate is asked.
    pub(super) async fn set_times(
        &mut self,
        call: &mut Call,
        fd: Fd,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let world = self.world().map_err(FsError::trap)?;
        if let Some((directory, name)) = world.files.place_of(fd.rep()) {
            return self.set_times_of_read(call, &fd, (&directory, &name), accessed, modified).await;
        }
        let Some(directory) = world.directory(&fd)?.cloned() else {
            return world.filesystem().set_times(fd, accessed, modified).await;
        };
        let grants = Arc::clone(&world.gate.grants);
        let above = grants.preopen_above(&directory.path).ok_or_else(|| failed(Errno::NOENT))?;
        in_place(&grants, &directory).map_err(failed)?;
        let found = files::look_at(&*directory.file).map_err(failed)?;
        let origin = self.origin(Some(&found));
        let times = Timestamps { last_access: timespec(accessed)?, last_modification: timespec(modified)? };
        let set = Change::new(|permit| directory.set_times(&above.directory, &times, permit));
        self.change(call, Act::modify(directory.path.clone(), false), origin, set).await
    }

    /// Sets the times of a file that was opened for reading, if it is still where it was opened: the path decides.
    async fn set_times_of_read(
        &mut self,
        call: &mut Call,
        fd: &Fd,
        (directory, name): (&Directory, &str),
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let target = self.target_from(call, Base::Directory(directory), name, false, Wants::Modify).await?.target;
        let found = target.found.as_ref().ok_or(types::ErrorCode::NotPermitted)?;
        if found.identity != self.metadata_of(fd)?.identity {
            return Err(types::ErrorCode::NotPermitted.into());
        }
        self.set_times_of(call, &target, accessed, modified).await
    }

    /// Whether a link with this target would lead to one of the host's own things: other programs would follow it.
    fn leads_to_own(&mut self, link: &Target, target: &str) -> FsResult<bool> {
        let world = self.world().map_err(FsError::trap)?;
        let rules = PathRules { grants: &world.gate.grants, guard: &world.files.guard };
        Ok(match files::resolve(&link.place.dir, target, true, &rules) {
            Ok((place, found)) => rules.bar(&place, found.as_ref(), Wants::Look) == Some(DenialReason::OwnThing),
            Err(Unresolved::Barred(_, reason)) => reason == DenialReason::OwnThing,
            // If it leads to anything else, the policy decides by the path when it is used.
            Err(_) => false,
        })
    }

    /// Remembers a new name if it names a symbolic link. A link that can't be read, or is not text, may lead anywhere.
    fn named(&mut self, at: &Target) -> FsResult<()> {
        if let Some(target) = at.link_text() {
            let target = target.into_string().unwrap_or_else(|_| "..".to_owned());
            self.world().map_err(FsError::trap)?.files.links.made(&at.place.path, &target);
        }
        Ok(())
    }

    /// Refuses to make something where nothing is, if this run may not make more.
    pub(super) async fn room_for_file(&mut self, call: &mut Call, target: &Target) -> FsResult<()> {
        if target.found.is_none()
            && let Err(errno) = self.world().map_err(FsError::trap)?.files.disk.room_for_file()
        {
            return Err(self.withheld(call, target.place.path.clone(), Wants::Create, errno).await);
        }
        Ok(())
    }

    /// Remembers what this run just created.
    pub(super) fn created(&mut self, made: Option<files::Identity>) -> FsResult<()> {
        let files = &mut self.world().map_err(FsError::trap)?.files;
        files.disk.made(made, true);
        made.into_iter().for_each(|identity| files.created.insert(identity));
        Ok(())
    }

    /// Refuses to move a symbolic link, or a directory with links of this run in it, to a name from which a link would
    /// point out of its grant.
    ///
    /// Making such a link is asked about; by moving one, the tool would get it without a question.
    fn links_stay(&mut self, call: &mut Call, from: &Target, to: &Target) -> FsResult<()> {
        let Some(found) = &from.found else { return Ok(()) };
        let (old, new) = (&from.place, &to.place);
        let gate = self.gate()?;
        let policy = gate.grants.policy();
        let leaves = match found.kind {
            FileType::Symlink => {
                let target = from.link_text().ok_or_else(|| failed(Errno::NOENT))?;
                // A link that points out already may be moved: it was asked about when it was made.
                let leaves = |path| target.to_str().is_ok_and(|target| policy.link_leaves_grant(path, target));
                leaves(&new.path) && !leaves(&old.path)
            }
            FileType::Directory => {
                self.world().map_err(FsError::trap)?.files.links.would_leave(policy, &old.path, &new.path)
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
        call.decided(gate.barred(&action, DenialReason::LinkLeavesGrant));
        Err(types::ErrorCode::Access.into())
    }

    /// Refuses to move or remove a directory that a grant's directory is or lies in, as a system does with mount
    /// points.
    ///
    /// Otherwise the files of that grant would get another name, and so another grant.
    fn not_in_use(&mut self, target: &Target) -> FsResult<()> {
        let path = &target.place.path;
        let gate = self.gate()?;
        let mut preopens = gate.grants.preopens().iter();
        if preopens.any(|preopen| preopen.directory.path.starts_with(path)) {
            return Err(types::ErrorCode::Busy.into());
        }
        Ok(())
    }
}

/// A path without the `/` at its end, and whether it had one: then a directory must be there.
///
/// What is made, moved or removed is the name itself. With its `/` it would be the directory behind a link of that
/// name.
pub(super) fn without_slash(path: &str) -> (&str, bool) {
    let name = path.trim_end_matches('/');
    if name.is_empty() { (path, false) } else { (name, name.len() < path.len()) }
}

/// A time as the system takes it. One that it can't hold is an error, and not another time.
fn timespec(time: NewTimestamp) -> FsResult<Timespec> {
    Ok(match time {
        NewTimestamp::NoChange => Timespec { tv_sec: 0, tv_nsec: files::UTIME_OMIT },
        NewTimestamp::Now => Timespec { tv_sec: 0, tv_nsec: files::UTIME_NOW },
        NewTimestamp::Timestamp(time) => {
            let seconds = i64::try_from(time.seconds).map_err(|_| types::ErrorCode::Overflow)?;
            if time.nanoseconds >= 1_000_000_000 {
                return Err(types::ErrorCode::Invalid.into());
            }
            Timespec { tv_sec: seconds, tv_nsec: time.nanoseconds.into() }
        }
    })
}
