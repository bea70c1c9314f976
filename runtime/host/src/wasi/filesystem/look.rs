//! Looking at files without opening them.

use std::sync::Arc;

use wasm_agent_policy::{Action, DecisionKind, GuestPath, Origin};
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    self, HostDescriptor as _, HostDirectoryEntryStream as _, PathFlags,
};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::Fd;
use super::access::{Target, failed};
use super::walls::{Wants, in_place};
use crate::files::{self, Found};
use crate::gate::Host;

impl Host {
    pub(super) async fn stat_at(&mut self, fd: &Fd, flags: PathFlags, path: &str) -> FsResult<types::DescriptorStat> {
        let target = self.looked_at(fd, flags, path).await?;
        Ok(stat(target.existing()?))
    }

    pub(super) async fn metadata_hash_at(
        &mut self,
        fd: &Fd,
        flags: PathFlags,
        path: &str,
    ) -> FsResult<types::MetadataHashValue> {
        let target = self.target(fd, path, flags.contains(PathFlags::SYMLINK_FOLLOW), Wants::Identity).await?;
        // C libraries ask for the hash of every name that they list, and fail the whole listing where one is denied.
        // The number tells which file it is and nothing of what is in it, so whoever may list the directory may have
        // it.
        let place = &target.place;
        let listed = if place.name == "." { None } else { place.path.parent() };
        let action = Action::FileRead { path: listed.unwrap_or_else(|| place.path.clone()) };
        self.observe(&action, &target).await?;
        Ok(hash(target.existing()?))
    }

    pub(super) fn metadata_hash(&mut self, fd: &Fd) -> FsResult<types::MetadataHashValue> {
        let table = self.table().map_err(FsError::trap)?;
        let found = match table.get(fd)? {
            Descriptor::File(file) => files::look_at(&*file.file),
            Descriptor::Dir(dir) => files::look_at(&*dir.dir),
        };
        Ok(hash(&found.map_err(failed)?))
    }

    /// Lists a directory. One that was opened was decided about then; a grant's own is open from the start, and its
    /// grant may not list it.
    pub(super) async fn read_directory(&mut self, fd: Fd) -> FsResult<Resource<types::DirectoryEntryStream>> {
        let grants = Arc::clone(&self.context.grants);
        let live = self.live().map_err(FsError::trap)?;
        if let Some(directory) = live.files.directory(fd.rep()).cloned() {
            in_place(&grants, &directory).map_err(failed)?;
            let action = Action::FileRead { path: directory.path };
            let judgement = self.context.grants.policy().judge(&action, Origin::Foreign);
            if judgement.decision == DecisionKind::Deny {
                let (_, record) = self.context.check(&action, Origin::Foreign);
                self.decided(record);
                return Err(types::ErrorCode::Access.into());
            }
        }
        let live = self.live().map_err(FsError::trap)?;
        let listed = live.files.directory(fd.rep()).cloned();
        let stream = live.filesystem().read_directory(fd).await?;
        if let Some(directory) = listed {
            let mounts = grants.preopen_above(&directory.path).is_some_and(|above| above.mounts);
            live.files.list(stream.rep(), directory, mounts);
        }
        Ok(stream)
    }

    /// The next entry of a directory, of those that are there for a tool.
    pub(super) async fn read_directory_entry(
        &mut self,
        stream: Resource<types::DirectoryEntryStream>,
    ) -> FsResult<Option<types::DirectoryEntry>> {
        let grants = Arc::clone(&self.context.grants);
        let is_granted =
            |path: &GuestPath| grants.preopens().iter().any(|preopen| preopen.directory.path.starts_with(path));
        let live = self.live().map_err(FsError::trap)?;
        let number = stream.rep();
        loop {
            let stream = Resource::new_borrow(number);
            match live.filesystem().read_directory_entry(stream).await? {
                Some(entry) if live.files.hides(number, &entry.name, is_granted) => {}
                answer => return Ok(answer),
            }
        }
    }

    pub(super) fn close_listing(&mut self, stream: Resource<types::DirectoryEntryStream>) -> wasmtime::Result<()> {
        let live = self.live()?;
        live.files.end_list(stream.rep());
        types::HostDirectoryEntryStream::drop(&mut live.filesystem(), stream)
    }

    pub(super) async fn readlink_at(&mut self, fd: &Fd, path: &str) -> FsResult<String> {
        let target = self.looked_at(fd, PathFlags::empty(), path).await?;
        let place = &target.place;
        let link = rustix::fs::readlinkat(place.dir.as_fd(), &place.name, Vec::new()).map_err(failed)?;
        let link = link.into_string().map_err(|_| types::ErrorCode::IllegalByteSequence)?;
        // An absolute target names a path of the host, which is no business of the guest's.
        if link.starts_with('/') { Err(types::ErrorCode::NotPermitted.into()) } else { Ok(link) }
    }

    async fn looked_at(&mut self, fd: &Fd, flags: PathFlags, path: &str) -> FsResult<Target> {
        let target = self.target(fd, path, flags.contains(PathFlags::SYMLINK_FOLLOW), Wants::Look).await?;
        let action = Action::FileRead { path: target.place.path.clone() };
        self.observe(&action, &target).await?;
        Ok(target)
    }
}

fn stat(found: &Found) -> types::DescriptorStat {
    types::DescriptorStat {
        type_: super::values::descriptor_type(found.kind),
        link_count: found.links,
        size: found.size,
        data_access_timestamp: timestamp(found.accessed),
        data_modification_timestamp: timestamp(found.modified),
        status_change_timestamp: timestamp(found.changed),
    }
}

/// A time before 1970 can't be said in WASI 0.2 and is left out.
fn timestamp((seconds, nanoseconds): (i64, u32)) -> Option<Datetime> {
    u64::try_from(seconds).ok().map(|seconds| Datetime { seconds, nanoseconds })
}

fn hash(found: &Found) -> types::MetadataHashValue {
    let (lower, upper) = found.identity.hash();
    types::MetadataHashValue { lower, upper }
}
