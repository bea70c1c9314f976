//! What is known of a file: sizes and times.

use crate::abi::fstflags;
use crate::bindings::wasi::filesystem::types::{Datetime, DescriptorStat, MetadataHashValue, NewTimestamp, PathFlags};
use crate::descriptors::Descriptor;
use crate::errors::Errno;
use crate::files::{filetype, stream_type};
use crate::memory;
use crate::paths::{self, lookup_flags};
use crate::process::{Process, nanoseconds};

/// A file's metadata as WASI 0.1 lays it out.
#[derive(Default)]
struct Filestat {
    device: u64,
    inode: u64,
    kind: u8,
    links: u64,
    size: u64,
    accessed: u64,
    modified: u64,
    changed: u64,
}

impl Filestat {
    fn new(stat: &DescriptorStat, hash: MetadataHashValue) -> Self {
        let time = |time: Option<Datetime>| time.map_or(0, nanoseconds);
        Self {
            // WASI 0.2 hides which device a file is on, and has a hash in place of the inode's number.
            device: 1,
            inode: hash.lower,
            kind: filetype(stat.type_),
            links: stat.link_count,
            size: stat.size,
            accessed: time(stat.data_access_timestamp),
            modified: time(stat.data_modification_timestamp),
            changed: time(stat.status_change_timestamp),
        }
    }

    fn write(&self, to: u32) {
        let numbers = [
            self.device,
            self.inode,
            self.kind.into(),
            self.links,
            self.size,
            self.accessed,
            self.modified,
            self.changed,
        ];
        let bytes: Vec<u8> = numbers.into_iter().flat_map(u64::to_le_bytes).collect();
        memory::write(to, &bytes);
    }
}

pub(crate) fn fd_filestat_get(process: &mut Process, fd: u32, to: u32) -> Result<(), Errno> {
    let filestat = match process.descriptors.get(fd)? {
        Descriptor::Input { is_terminal, .. } | Descriptor::Output { is_terminal, .. } => {
            Filestat { kind: stream_type(*is_terminal), ..Filestat::default() }
        }
        Descriptor::File(file) => Filestat::new(&file.handle.stat()?, file.handle.metadata_hash()?),
    };
    filestat.write(to);
    Ok(())
}

pub(crate) fn path_filestat_get(
    process: &mut Process,
    fd: u32,
    lookup: u32,
    path: u32,
    bytes: u32,
    to: u32,
) -> Result<(), Errno> {
    let (folder, flags, path) = at_path(process, fd, lookup, path, bytes)?;
    let stat = folder.stat_at(flags, &path)?;
    Filestat::new(&stat, folder.metadata_hash_at(flags, &path)?).write(to);
    Ok(())
}

pub(crate) fn fd_filestat_set_size(process: &mut Process, fd: u32, size: u64) -> Result<(), Errno> {
    Ok(process.descriptors.plain_file(fd)?.handle.set_size(size)?)
}

pub(crate) fn fd_filestat_set_times(
    process: &mut Process,
    fd: u32,
    accessed: u64,
    modified: u64,
    flags: u32,
) -> Result<(), Errno> {
    let (accessed, modified) = new_times(accessed, modified, flags)?;
    Ok(process.descriptors.file(fd)?.handle.set_times(accessed, modified)?)
}

pub(crate) fn path_filestat_set_times(
    process: &mut Process,
    fd: u32,
    lookup: u32,
    path: u32,
    bytes: u32,
    accessed: u64,
    modified: u64,
    flags: u32,
) -> Result<(), Errno> {
    let (accessed, modified) = new_times(accessed, modified, flags)?;
    let (folder, lookup, path) = at_path(process, fd, lookup, path, bytes)?;
    Ok(folder.set_times_at(lookup, &path, accessed, modified)?)
}

fn at_path(
    process: &mut Process,
    fd: u32,
    lookup: u32,
    path: u32,
    bytes: u32,
) -> Result<(&paths::Folder, PathFlags, String), Errno> {
    let path = paths::read(path, bytes)?;
    Ok((paths::folder(process, fd)?, lookup_flags(lookup), path))
}

fn new_times(accessed: u64, modified: u64, flags: u32) -> Result<(NewTimestamp, NewTimestamp), Errno> {
    let accessed = new_time(accessed, flags & fstflags::ATIM != 0, flags & fstflags::ATIM_NOW != 0)?;
    let modified = new_time(modified, flags & fstflags::MTIM != 0, flags & fstflags::MTIM_NOW != 0)?;
    Ok((accessed, modified))
}

fn new_time(nanos: u64, given: bool, now: bool) -> Result<NewTimestamp, Errno> {
    const SECOND: u64 = 1_000_000_000;
    match (given, now) {
        (true, true) => Err(Errno::INVAL),
        (false, true) => Ok(NewTimestamp::Now),
        (false, false) => Ok(NewTimestamp::NoChange),
        (true, false) => {
            let nanoseconds = u32::try_from(nanos % SECOND).map_err(|_| Errno::OVERFLOW)?;
            Ok(NewTimestamp::Timestamp(Datetime { seconds: nanos / SECOND, nanoseconds }))
        }
    }
}
