//! Descriptors: preopens, opening, closing.

use std::sync::Arc;

use wasm_agent_files::{Directory, Errno, FileType, Opened, Place};
use wasm_agent_policy::{Act, Origin};
use wasmtime_wasi::FsPerms;
use wasmtime_wasi::filesystem::{Descriptor, Dir, File, OpenMode};
use wasmtime_wasi::p2::bindings::filesystem::types::{self, DescriptorFlags, OpenFlags, PathFlags};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::Fd;
use super::access::ResolvedPath;
use super::change::without_slash;
use super::effects::Change;
use super::errors::failed;
use super::path_rules::Wants;
use crate::call::{Call, Host};
use crate::world::Folders;

/// How often a file is looked at again that changes between the look and the open.
const OPEN_TRIES: usize = 3;

impl Host {
    pub(super) fn preopens(&mut self) -> wasmtime::Result<Vec<(Fd, String)>> {
        let world = self.world()?;
        if world.folders == Folders::Untouched {
            world.folders = Folders::Listed;
        }
        let grants = Arc::clone(&world.gate.grants);
        let mut preopens = Vec::new();
        for preopen in grants.preopens() {
            let mode = if preopen.writable { OpenMode::READ | OpenMode::WRITE } else { OpenMode::READ };
            let descriptor = Dir::new(preopen.directory.file.try_clone()?, FsPerms::ReadWrite, mode, true);
            let fd = world.table.push(Descriptor::Dir(descriptor))?;
            world.files.insert(fd.rep(), Directory::clone(&preopen.directory));
            preopens.push((fd, preopen.directory.path.as_str().to_owned()));
        }
        Ok(preopens)
    }

    pub(super) fn close(&mut self, fd: Fd) -> wasmtime::Result<()> {
        let world = self.world()?;
        world.files.remove(fd.rep());
        types::HostDescriptor::drop(&mut world.filesystem(), fd)
    }

    /// Opens the target of a path: reading is a look; creating and modifying are effects.
    pub(super) async fn open_at(
        &mut self,
        call: &mut Call,
        fd: &Fd,
        path_flags: PathFlags,
        path: &str,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Fd> {
        // A promise that writes reach the disk is not made where it is not kept. The engine refuses these flags too.
        let synchronous = DescriptorFlags::FILE_INTEGRITY_SYNC
            | DescriptorFlags::DATA_INTEGRITY_SYNC
            | DescriptorFlags::REQUESTED_WRITE_SYNC;
        if flags.intersects(synchronous) {
            return Err(types::ErrorCode::Unsupported.into());
        }
        // No directory is made, emptied or excluded by opening it.
        let of_files = OpenFlags::CREATE | OpenFlags::EXCLUSIVE | OpenFlags::TRUNCATE;
        if open_flags.contains(OpenFlags::DIRECTORY) && open_flags.intersects(of_files) {
            return Err(types::ErrorCode::Invalid.into());
        }
        if open_flags.contains(OpenFlags::CREATE) && names_a_directory(path) {
            return Err(types::ErrorCode::IsDirectory.into());
        }
        let exclusive = open_flags.contains(OpenFlags::CREATE | OpenFlags::EXCLUSIVE);
        let follow = path_flags.contains(PathFlags::SYMLINK_FOLLOW) && !exclusive;
        if open_flags == OpenFlags::empty()
            && !flags.contains(DescriptorFlags::WRITE)
            && let Some((opened, place)) = self.open_last_look(call, fd, path).await
        {
            return self.push_to_read(opened, place);
        }
        for _ in 1..OPEN_TRIES {
            match self.open_once(call, fd, follow, path, open_flags, flags).await {
                Err(error) if error.downcast_ref() == Some(&types::ErrorCode::WouldBlock) => {}
                answer => return answer,
            }
        }
        self.open_once(call, fd, follow, path, open_flags, flags).await
    }

    async fn open_once(
        &mut self,
        call: &mut Call,
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
        let named = self.target(call, fd, path, follow, wants).await?;
        let target = &named.target;
        let kind = target.found.as_ref().map(|found| found.kind);
        let exclusive = open_flags.contains(OpenFlags::CREATE | OpenFlags::EXCLUSIVE);
        let directory = open_flags.contains(OpenFlags::DIRECTORY);
        match kind {
            None if open_flags.contains(OpenFlags::CREATE) && !directory && !target.place.must_be_dir => {
                self.room_for_file(call, target).await?;
                self.open_new(call, named, flags).await
            }
            Some(FileType::RegularFile) if !exclusive && !directory => {
                self.open_existing(call, named, open_flags, flags).await
            }
            Some(FileType::Directory) if !exclusive => self.open_directory(call, named, open_flags, flags).await,
            // Anything else can't be opened. Only a tool that may read it learns whether it exists.
            _ => {
                let act = Act::read(target.place.path.clone());
                self.look(call, &named, act, |permit| target.stat(permit).map(drop)).await?;
                Err(match kind {
                    None => types::ErrorCode::NoEntry,
                    Some(_) if exclusive => types::ErrorCode::Exist,
                    Some(FileType::RegularFile) => types::ErrorCode::NotDirectory,
                    Some(FileType::Symlink) => types::ErrorCode::Loop,
                    // Devices, pipes and sockets do not hold anybody's data.
                    Some(_) => types::ErrorCode::NotPermitted,
                }
                .into())
            }
        }
    }

    async fn open_new(&mut self, call: &mut Call, named: ResolvedPath, flags: DescriptorFlags) -> FsResult<Fd> {
        let target = &named.target;
        let read = flags.contains(DescriptorFlags::READ);
        // Another process was faster: what is there now has to be looked at.
        let again = |errno| if errno == Errno::EXIST { Errno::AGAIN } else { errno };
        let create = Change::new(|permit| target.create(read, permit).map_err(again));
        let act = Act::create(target.place.path.clone());
        let opened = self.change(call, act, Origin::Foreign, create).await?;
        self.created(Some(opened.found.identity))?;
        self.push_file(opened, read, true)
    }

    async fn open_existing(
        &mut self,
        call: &mut Call,
        named: ResolvedPath,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Fd> {
        let target = &named.target;
        let truncate = open_flags.contains(OpenFlags::TRUNCATE);
        let write = truncate || flags.contains(DescriptorFlags::WRITE);
        let read = flags.contains(DescriptorFlags::READ) || !write;
        let path = target.place.path.clone();
        if !write {
            let opened = self.look(call, &named, Act::read(path), |permit| target.open(permit)).await?;
            return self.push_to_read(opened, named.target.place);
        }
        let origin = self.origin(target.found.as_ref());
        let open = Change::of(target, |permit| target.open_to_modify(read, truncate, permit));
        let opened = self.change(call, Act::modify(path, truncate), origin, open).await?;
        if truncate {
            self.world().map_err(FsError::trap)?.files.disk.emptied(&opened.found);
        }
        self.push_file(opened, read, true)
    }

    async fn open_directory(
        &mut self,
        call: &mut Call,
        named: ResolvedPath,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Fd> {
        let target = &named.target;
        let act = Act::read(target.place.path.clone());
        if flags.contains(DescriptorFlags::WRITE) || open_flags.intersects(OpenFlags::TRUNCATE | OpenFlags::CREATE) {
            self.look(call, &named, act, |permit| target.stat(permit).map(drop)).await?;
            return Err(types::ErrorCode::IsDirectory.into());
        }
        let opened = self.look(call, &named, act, |permit| target.open_directory(permit)).await?;
        let mode = if flags.contains(DescriptorFlags::MUTATE_DIRECTORY) {
            OpenMode::READ | OpenMode::WRITE
        } else {
            OpenMode::READ
        };
        let descriptor = Dir::new(opened.file, FsPerms::ReadWrite, mode, true);
        let place = named.target.place;
        let directory = Directory::below(&place.dir, Arc::clone(&descriptor.dir), place.path).map_err(failed)?;
        let world = self.world().map_err(FsError::trap)?;
        let fd = world.table.push(Descriptor::Dir(descriptor))?;
        world.files.insert(fd.rep(), directory);
        Ok(fd)
    }

    /// A file that was opened for reading. Changing its times through the descriptor is decided by its place.
    fn push_to_read(&mut self, opened: Opened, place: Place) -> FsResult<Fd> {
        let fd = self.push_file(opened, true, false)?;
        self.world().map_err(FsError::trap)?.files.opened(fd.rep(), place);
        Ok(fd)
    }

    fn push_file(&mut self, opened: Opened, read: bool, write: bool) -> FsResult<Fd> {
        let mut mode = OpenMode::empty();
        mode.set(OpenMode::READ, read);
        mode.set(OpenMode::WRITE, write);
        let perms = if write { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
        let world = self.world().map_err(FsError::trap)?;
        let file = File::new(opened.file, perms, mode, true);
        world.files.disk.opened(opened.found.identity, &file.file);
        Ok(world.table.push(Descriptor::File(file))?)
    }
}

/// Whether the last name of a path has a `/` behind it. A file can't be created there, whatever is there now, so that
/// the answer reveals nothing.
fn names_a_directory(path: &str) -> bool {
    let (name, must_be_dir) = without_slash(path);
    let last = name.rsplit('/').next().unwrap_or_default();
    must_be_dir && !name.starts_with('/') && !matches!(last, "." | "..")
}
