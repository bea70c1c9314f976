//! Looks at files without opening them.

use wasm_agent_approval::Permit;
use wasm_agent_files::{self as files, Files, Found};
use wasm_agent_policy::{Act, Action, GuestPath, Origin};
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    self, HostDescriptor as _, HostDirectoryEntryStream as _, PathFlags,
};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::Fd;
use super::errors::failed;
use super::path_rules::{PathRules, Wants, in_place};
use crate::call::{Call, Host};
use crate::grants::Grants;
use crate::world::Folders;

impl Host {
    pub(super) async fn stat_at(
        &mut self,
        call: &mut Call,
        fd: &Fd,
        flags: PathFlags,
        path: &str,
    ) -> FsResult<types::DescriptorStat> {
        let follow = flags.contains(PathFlags::SYMLINK_FOLLOW);
        let mut named = self.target(call, fd, path, follow, Wants::Look).await?;
        // A directory that only leads to what the grant gives is listed, so it can be looked at too. Most paths are
        // those of files, for which this costs nothing.
        let mut parent = None;
        if named.target.found.as_ref().is_some_and(Found::is_dir)
            && named.target.place.name != "."
            && self.is_only_on_the_way(&named.target.place.path)?
        {
            parent = named.target.place.path.parent();
            named.named_in_call &= parent.is_none();
        }
        let (target, as_listed) = (&named.target, parent.is_some());
        let look = |permit: Permit<_>| {
            let found = if as_listed { target.stat_listed(permit) } else { target.stat(permit) };
            found.map(stat)
        };
        let act = Act::read(parent.unwrap_or_else(|| target.place.path.clone()));
        self.look(call, &named, act, look).await
    }

    /// Whether a path may not be read, and is on the way to one that may.
    fn is_only_on_the_way(&mut self, path: &GuestPath) -> FsResult<bool> {
        let gate = self.gate()?;
        let policy = gate.grants.policy();
        Ok(!policy.shows(path, false) && policy.shows(path, true))
    }

    pub(super) async fn metadata_hash_at(
        &mut self,
        call: &mut Call,
        fd: &Fd,
        flags: PathFlags,
        path: &str,
    ) -> FsResult<types::MetadataHashValue> {
        let follow = flags.contains(PathFlags::SYMLINK_FOLLOW);
        let named = self.target(call, fd, path, follow, Wants::Identity).await?;
        // C libraries ask for the hash of every name that they list, and if one is denied the whole listing fails. The
        // hash identifies the file and reveals nothing of its contents, so a tool that may list the directory may have
        // it of every name that is listed.
        let target = &named.target;
        let is_dir = target.found.as_ref().is_some_and(Found::is_dir);
        let is_listed = target.place.name != "." && self.gate()?.grants.policy().shows(&target.place.path, is_dir);
        let listed = if is_listed { target.place.path.parent() } else { None };
        let act = Act::read(listed.unwrap_or_else(|| target.place.path.clone()));
        self.look(call, &named, act, |permit| target.identify(permit).map(|identity| hash(&identity))).await
    }

    pub(super) fn metadata_hash(&mut self, fd: &Fd) -> FsResult<types::MetadataHashValue> {
        Ok(hash(&self.metadata_of(fd)?.identity))
    }

    /// Looks at the file or directory behind a descriptor.
    pub(super) fn metadata_of(&mut self, fd: &Fd) -> FsResult<Found> {
        let table = self.table().map_err(FsError::trap)?;
        let found = match table.get(fd)? {
            Descriptor::File(file) => files::look_at(&*file.file),
            Descriptor::Dir(dir) => files::look_at(&*dir.dir),
        };
        found.map_err(failed)
    }

    /// Lists a directory. For one that the tool opened, that was decided then. A grant's own directory is open from the
    /// start, and the grant may not allow listing it.
    pub(super) async fn read_directory(
        &mut self,
        call: &mut Call,
        fd: Fd,
    ) -> FsResult<Resource<types::DirectoryEntryStream>> {
        let gate = self.gate()?;
        let world = self.world().map_err(FsError::trap)?;
        world.folders = Folders::Used;
        let directory = world.directory(&fd)?.ok_or(types::ErrorCode::NotDirectory)?.clone();
        in_place(&gate.grants, &directory).map_err(failed)?;
        let action = Action::FileRead { path: directory.path.clone() };
        if let Some(record) = gate.denies(&action, Origin::Foreign) {
            call.decided(record);
            return Err(types::ErrorCode::Access.into());
        }
        let stream = world.filesystem().read_directory(fd).await?;
        let mounts = gate.grants.preopen_above(&directory.path).is_some_and(|above| above.mounts);
        world.files.list(stream.rep(), directory, mounts);
        Ok(stream)
    }

    /// The next entry of a directory that the tool may see. A name that it may not look at is left out: programs look
    /// at what they list, and fail if that is denied. Names that are not UTF-8 have no form in WASI: they are left out,
    /// and the journal says so once for each listing.
    pub(super) async fn read_directory_entry(
        &mut self,
        stream: Resource<types::DirectoryEntryStream>,
    ) -> FsResult<Option<types::DirectoryEntry>> {
        let gate = self.gate()?;
        let grants = &gate.grants;
        let is_granted =
            |path: &GuestPath| grants.preopens().iter().any(|preopen| preopen.directory.path.starts_with(path));
        let world = self.world().map_err(FsError::trap)?;
        let number = stream.rep();
        loop {
            let stream = Resource::new_borrow(number);
            match world.filesystem().read_directory_entry(stream).await {
                Ok(Some(entry)) if world.files.hides(number, &entry.name, is_granted) => {}
                Ok(Some(entry)) if !is_shown(grants, &world.files, number, &entry) => {}
                Err(error) if error.downcast_ref() == Some(&types::ErrorCode::IllegalByteSequence) => {
                    if let Some(directory) = world.files.leave_out(number) {
                        let text = format!("left out names that are not UTF-8 in {}", directory.as_str());
                        gate.ledger.note("listing", &text).map_err(FsError::trap)?;
                    }
                }
                answer => return answer,
            }
        }
    }

    pub(super) fn close_listing(&mut self, stream: Resource<types::DirectoryEntryStream>) -> wasmtime::Result<()> {
        let world = self.world()?;
        world.files.end_list(stream.rep());
        types::HostDirectoryEntryStream::drop(&mut world.filesystem(), stream)
    }

    pub(super) async fn readlink_at(&mut self, call: &mut Call, fd: &Fd, path: &str) -> FsResult<String> {
        let named = self.target(call, fd, path, false, Wants::Look).await?;
        let target = &named.target;
        let act = Act::read(target.place.path.clone());
        let link = self.look(call, &named, act, |permit| target.read_link(permit)).await?;
        let link = link.into_string().map_err(|_| types::ErrorCode::IllegalByteSequence)?;
        // An absolute target is a path of the host, which the guest must not see.
        if link.starts_with('/') { Err(types::ErrorCode::NotPermitted.into()) } else { Ok(link) }
    }
}

/// Whether a listing has an entry.
fn is_shown(grants: &Grants, files: &Files, listing: u32, entry: &types::DirectoryEntry) -> bool {
    // An entry of unknown type may be a directory: some file systems don't give the types.
    let may_be_dir = matches!(entry.type_, types::DescriptorType::Directory | types::DescriptorType::Unknown);
    let rules = PathRules { grants, guard: &files.guard };
    let Some(directory) = files.listed(listing) else { return false };
    directory
        .path
        .join(&entry.name)
        .is_ok_and(|path| grants.policy().shows(&path, may_be_dir) && !rules.is_denied_spelling(directory, &path))
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

/// A time before 1970 has no representation in WASI 0.2 and is omitted.
fn timestamp((seconds, nanoseconds): (i64, u32)) -> Option<Datetime> {
    u64::try_from(seconds).ok().map(|seconds| Datetime { seconds, nanoseconds })
}

fn hash(identity: &files::Identity) -> types::MetadataHashValue {
    let (lower, upper) = identity.hash();
    types::MetadataHashValue { lower, upper }
}
