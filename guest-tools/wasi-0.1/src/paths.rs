//! Functions that take a path within an open folder.

pub(crate) use crate::bindings::wasi::filesystem::types::Descriptor as Folder;

use crate::abi::{SYMLINK_FOLLOW, fdflags, oflags, rights};
use crate::bindings::wasi::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};
use crate::descriptors::{Descriptor, File};
use crate::errors::Errno;
use crate::memory;
use crate::process::Process;

/// Longest path, in bytes. No file system has longer ones.
const PATH_BYTES_MAX: u32 = 64 << 10;

/// Reads a path out of the module's memory.
pub(crate) fn read(path: u32, bytes: u32) -> Result<String, Errno> {
    if bytes > PATH_BYTES_MAX {
        return Err(Errno::NAMETOOLONG);
    }
    String::from_utf8(memory::read_vec(path, bytes)).map_err(|_| Errno::ILSEQ)
}

/// The folder that a path begins in.
pub(crate) fn folder(process: &mut Process, fd: u32) -> Result<&Folder, Errno> {
    // Whether it is a folder the host says, with the path.
    process.descriptors.file(fd).map(|file| &file.handle)
}

pub(crate) fn lookup_flags(lookup: u32) -> PathFlags {
    if lookup & SYMLINK_FOLLOW != 0 { PathFlags::SYMLINK_FOLLOW } else { PathFlags::empty() }
}

pub(crate) fn path_create_directory(process: &mut Process, fd: u32, path: u32, bytes: u32) -> Result<(), Errno> {
    let path = read(path, bytes)?;
    Ok(folder(process, fd)?.create_directory_at(&path)?)
}

pub(crate) fn path_remove_directory(process: &mut Process, fd: u32, path: u32, bytes: u32) -> Result<(), Errno> {
    let path = read(path, bytes)?;
    Ok(folder(process, fd)?.remove_directory_at(&path)?)
}

pub(crate) fn path_unlink_file(process: &mut Process, fd: u32, path: u32, bytes: u32) -> Result<(), Errno> {
    let path = read(path, bytes)?;
    Ok(folder(process, fd)?.unlink_file_at(&path)?)
}

pub(crate) fn path_link(
    process: &mut Process,
    from_fd: u32,
    lookup: u32,
    from: u32,
    from_bytes: u32,
    to_fd: u32,
    to: u32,
    to_bytes: u32,
) -> Result<(), Errno> {
    let (from, to) = (read(from, from_bytes)?, read(to, to_bytes)?);
    let (from_folder, to_folder) = process.descriptors.two_files(from_fd, to_fd)?;
    Ok(from_folder.handle.link_at(lookup_flags(lookup), &from, &to_folder.handle, &to)?)
}

pub(crate) fn path_rename(
    process: &mut Process,
    from_fd: u32,
    from: u32,
    from_bytes: u32,
    to_fd: u32,
    to: u32,
    to_bytes: u32,
) -> Result<(), Errno> {
    let (from, to) = (read(from, from_bytes)?, read(to, to_bytes)?);
    let (from_folder, to_folder) = process.descriptors.two_files(from_fd, to_fd)?;
    Ok(from_folder.handle.rename_at(&from, &to_folder.handle, &to)?)
}

pub(crate) fn path_symlink(
    process: &mut Process,
    target: u32,
    target_bytes: u32,
    fd: u32,
    path: u32,
    bytes: u32,
) -> Result<(), Errno> {
    let (target, path) = (read(target, target_bytes)?, read(path, bytes)?);
    Ok(folder(process, fd)?.symlink_at(&target, &path)?)
}

/// Writes as much of the target as there is room for, as `readlink` does.
pub(crate) fn path_readlink(
    process: &mut Process,
    fd: u32,
    path: u32,
    bytes: u32,
    to: u32,
    to_bytes: u32,
    used: u32,
) -> Result<(), Errno> {
    let path = read(path, bytes)?;
    let target = folder(process, fd)?.readlink_at(&path)?;
    let room = usize::try_from(to_bytes).unwrap_or(usize::MAX).min(target.len());
    let target = target.as_bytes().get(..room).unwrap_or_default();
    memory::write(to, target);
    memory::write_u32(used, memory::size(target.len()));
    Ok(())
}

pub(crate) fn path_open(
    process: &mut Process,
    fd: u32,
    lookup: u32,
    path: u32,
    bytes: u32,
    open: u32,
    rights: u64,
    _inheriting: u64,
    flags: u32,
    to: u32,
) -> Result<(), Errno> {
    let path = read(path, bytes)?;
    let handle = folder(process, fd)?.open_at(
        lookup_flags(lookup),
        &path,
        open_flags(open),
        descriptor_flags(rights, flags),
    )?;
    let fd = process.descriptors.open(Descriptor::File(Box::new(File::new(handle, flags))))?;
    memory::write_u32(to, fd);
    Ok(())
}

fn open_flags(open: u32) -> OpenFlags {
    let pairs = [
        (oflags::CREAT, OpenFlags::CREATE),
        (oflags::DIRECTORY, OpenFlags::DIRECTORY),
        (oflags::EXCL, OpenFlags::EXCLUSIVE),
        (oflags::TRUNC, OpenFlags::TRUNCATE),
    ];
    pairs.into_iter().filter(|(flag, _)| open & flag != 0).fold(OpenFlags::empty(), |flags, (_, flag)| flags | flag)
}

/// The program's wish to read and to write, which WASI 0.1 expresses as rights.
fn descriptor_flags(rights: u64, flags: u32) -> DescriptorFlags {
    let mut opened = DescriptorFlags::empty();
    if rights & (rights::FD_READ | rights::FD_READDIR) != 0 {
        opened |= DescriptorFlags::READ;
    }
    if rights & rights::FD_WRITE != 0 {
        opened |= DescriptorFlags::WRITE;
    }
    let pairs = [
        (fdflags::DSYNC, DescriptorFlags::DATA_INTEGRITY_SYNC),
        (fdflags::RSYNC, DescriptorFlags::REQUESTED_WRITE_SYNC),
        (fdflags::SYNC, DescriptorFlags::FILE_INTEGRITY_SYNC),
    ];
    pairs.into_iter().filter(|(flag, _)| flags & flag != 0).fold(opened, |opened, (_, flag)| opened | flag)
}
