//! Descriptors: preopens, opening, closing.

use std::sync::Arc;

use rustix::fs::FileType;
use rustix::io::Errno;
use wasm_agent_policy::{Action, Origin};
use wasmtime::component::Resource;
use wasmtime_wasi::FsPerms;
use wasmtime_wasi::filesystem::{Descriptor, Dir, File, OpenMode};
use wasmtime_wasi::p2::bindings::filesystem::types::{self, DescriptorFlags, OpenFlags, PathFlags};
use wasmtime_wasi::p2::{DynOutputStream, FsError, FsResult};

use super::Fd;
use super::access::{Target, failed};
use super::walls::{Wants, in_place};
use crate::files::{self, Directory, FileOutput};
use crate::gate::Host;

/// A file that changes between being looked at and being opened is looked at again, this often.
const OPEN_TRIES: usize = 3;

impl Host {
    pub(super) fn preopens(&mut self) -> wasmtime::Result<Vec<(Fd, String)>> {
        let grants = Arc::clone(&self.context.grants);
        let live = self.live()?;
        let mut preopens = Vec::new();
        for preopen in grants.preopens() {
            let mode = if preopen.writable { OpenMode::READ | OpenMode::WRITE } else { OpenMode::READ };
            let descriptor = Dir::new(preopen.directory.file.try_clone()?, FsPerms::ReadWrite, mode, true);
            let fd = live.table.push(Descriptor::Dir(descriptor))?;
            live.files.insert(fd.rep(), preopen.directory.clone());
            preopens.push((fd, preopen.directory.path.as_str().to_owned()));
        }
        Ok(preopens)
    }

    pub(super) fn close(&mut self, fd: Fd) -> wasmtime::Result<()> {
        let live = self.live()?;
        live.files.remove(fd.rep());
        types::HostDescriptor::drop(&mut live.filesystem(), fd)
    }

    /// Opens what a path means: reading is observed, creating and modifying are effects.
    pub(super) async fn open_at(
        &mut self,
        fd: &Fd,
        path_flags: PathFlags,
        path: &str,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Fd> {
        let exclusive = open_flags.contains(OpenFlags::CREATE | OpenFlags::EXCLUSIVE);
        let follow = path_flags.contains(PathFlags::SYMLINK_FOLLOW) && !exclusive;
        if open_flags == OpenFlags::empty()
            && !flags.contains(DescriptorFlags::WRITE)
            && let Some(file) = self.open_seen(fd, path)
        {
            return self.push_file(file, true, false);
        }
        for _ in 1..OPEN_TRIES {
            match self.open_once(fd, follow, path, open_flags, flags).await {
                Err(error) if error.downcast_ref() == Some(&types::ErrorCode::WouldBlock) => {}
                answer => return answer,
            }
        }
        self.open_once(fd, follow, path, open_flags, flags).await
    }

    async fn open_once(
        &mut self,
        fd: &Fd,
        follow: bool,
        path: &str,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Fd> {
        let writes = flags.contains(DescriptorFlags::WRITE) || open_flags.contains(OpenFlags::TRUNCATE);
        let wants = match () {
            () if open_flags.contains(OpenFlags::CREATE) => Wants::Create,
            () if writes => Wants::Modify,
            () => Wants::Look,
        };
        let target = self.target(fd, path, follow, wants).await?;
        let kind = target.found.as_ref().map(|found| found.kind);
        let exclusive = open_flags.contains(OpenFlags::CREATE | OpenFlags::EXCLUSIVE);
        let directory = open_flags.contains(OpenFlags::DIRECTORY);
        match kind {
            None if open_flags.contains(OpenFlags::CREATE) && !directory && !target.place.must_be_dir => {
                self.open_new(target, flags).await
            }
            Some(FileType::RegularFile) if !exclusive && !directory => {
                self.open_existing(target, open_flags, flags).await
            }
            Some(FileType::Directory) if !exclusive => self.open_dir(target, open_flags, flags).await,
            // What is left can't be opened. Whether it is there is told only to those who may read it.
            _ => {
                let action = Action::FileRead { path: target.place.path.clone() };
                self.observe(&action, &target).await?;
                Err(match kind {
                    None => types::ErrorCode::NoEntry,
                    Some(_) if exclusive => types::ErrorCode::Exist,
                    Some(FileType::RegularFile) => types::ErrorCode::NotDirectory,
                    Some(FileType::Symlink) => types::ErrorCode::Loop,
                    // Devices, pipes and sockets are not files of anybody's data.
                    Some(_) => types::ErrorCode::NotPermitted,
                }
                .into())
            }
        }
    }

    async fn open_new(&mut self, target: Target, flags: DescriptorFlags) -> FsResult<Fd> {
        let action = Action::FileCreate { path: target.place.path.clone() };
        let effect = self.permit(&action, Origin::Foreign, None).await?;
        let read = flags.contains(DescriptorFlags::READ);
        let opened = in_place(&self.context.grants, &target.place.dir)
            .and_then(|()| files::open_file(&target.place, (read, true), None, false));
        if let (Ok(opened), Ok(live)) = (&opened, self.live()) {
            live.files.created.insert(opened.found.identity);
        }
        // Someone was quicker: what is there now is to be looked at again.
        let result =
            opened.as_ref().map(drop).map_err(|errno| if *errno == Errno::EXIST { Errno::AGAIN } else { *errno });
        self.outcome(effect, &result)?;
        self.push_file(opened.map_err(failed)?.file, read, true)
    }

    async fn open_existing(&mut self, target: Target, open_flags: OpenFlags, flags: DescriptorFlags) -> FsResult<Fd> {
        let found = target.existing()?;
        let truncate = open_flags.contains(OpenFlags::TRUNCATE);
        let write = truncate || flags.contains(DescriptorFlags::WRITE);
        let read = flags.contains(DescriptorFlags::READ) || !write;
        let path = target.place.path.clone();
        if !write {
            self.observe(&Action::FileRead { path }, &target).await?;
            let opened = files::open_file(&target.place, (true, false), Some(found.identity), false).map_err(failed)?;
            return self.push_file(opened.file, true, false);
        }
        let origin = self.origin(Some(found));
        let effect = self.permit(&Action::FileModify { path, truncate }, origin, Some(&target)).await?;
        let opened = in_place(&self.context.grants, &target.place.dir)
            .and_then(|()| files::open_file(&target.place, (read, true), Some(found.identity), truncate));
        self.outcome(effect, &opened.as_ref().map(drop).map_err(|errno| *errno))?;
        self.push_file(opened.map_err(failed)?.file, read, true)
    }

    async fn open_dir(&mut self, target: Target, open_flags: OpenFlags, flags: DescriptorFlags) -> FsResult<Fd> {
        let action = Action::FileRead { path: target.place.path.clone() };
        self.observe(&action, &target).await?;
        if flags.contains(DescriptorFlags::WRITE) || open_flags.intersects(OpenFlags::TRUNCATE | OpenFlags::CREATE) {
            return Err(types::ErrorCode::IsDirectory.into());
        }
        let expected = target.existing()?.identity;
        let opened = files::open_directory(&target.place, expected).map_err(failed)?;
        let mode = if flags.contains(DescriptorFlags::MUTATE_DIRECTORY) {
            OpenMode::READ | OpenMode::WRITE
        } else {
            OpenMode::READ
        };
        let descriptor = Dir::new(opened.file, FsPerms::ReadWrite, mode, true);
        let directory = Directory::new(Arc::clone(&descriptor.dir), target.place.path).map_err(failed)?;
        let live = self.live().map_err(FsError::trap)?;
        let fd = live.table.push(Descriptor::Dir(descriptor))?;
        live.files.insert(fd.rep(), directory);
        Ok(fd)
    }

    /// A stream into a file: it was permitted when the file was opened.
    pub(super) fn write_via_stream(&mut self, fd: &Fd, offset: u64) -> FsResult<Resource<DynOutputStream>> {
        let live = self.live().map_err(FsError::trap)?;
        let Descriptor::File(file) = live.table.get(fd)? else {
            return Err(types::ErrorCode::BadDescriptor.into());
        };
        if file.perms.write_not_permitted() {
            return Err(types::ErrorCode::NotPermitted.into());
        }
        let stream: DynOutputStream = Box::new(FileOutput::new(Arc::clone(&file.file), offset));
        Ok(live.table.push(stream)?)
    }

    fn push_file(&mut self, file: std::fs::File, read: bool, write: bool) -> FsResult<Fd> {
        let mut mode = OpenMode::empty();
        mode.set(OpenMode::READ, read);
        mode.set(OpenMode::WRITE, write);
        let perms = if write { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
        let live = self.live().map_err(FsError::trap)?;
        Ok(live.table.push(Descriptor::File(File::new(file, perms, mode, true)))?)
    }
}
