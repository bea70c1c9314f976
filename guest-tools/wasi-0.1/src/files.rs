//! Functions on open files, but for reading, writing and their metadata.

use crate::abi::{fdflags, filetype, rights};
use crate::bindings::wasi::filesystem::types::{Advice, DescriptorFlags, DescriptorType};
use crate::descriptors::Descriptor;
use crate::errors::Errno;
use crate::memory;
use crate::process::Process;

/// Whence a seek counts.
const WHENCE_SET: u32 = 0;
const WHENCE_CUR: u32 = 1;
const WHENCE_END: u32 = 2;

pub(crate) fn fd_advise(process: &mut Process, fd: u32, offset: u64, length: u64, advice: u32) -> Result<(), Errno> {
    let advice = match advice {
        0 => Advice::Normal,
        1 => Advice::Sequential,
        2 => Advice::Random,
        3 => Advice::WillNeed,
        4 => Advice::DontNeed,
        5 => Advice::NoReuse,
        _ => return Err(Errno::INVAL),
    };
    Ok(process.descriptors.plain_file(fd)?.handle.advise(offset, length, advice)?)
}

/// Not in WASI 0.2, and not in the engine either.
pub(crate) fn fd_allocate(process: &mut Process, fd: u32, _offset: u64, _length: u64) -> Result<(), Errno> {
    process.descriptors.plain_file(fd)?;
    Err(Errno::NOTSUP)
}

pub(crate) fn fd_close(process: &mut Process, fd: u32) -> Result<(), Errno> {
    process.descriptors.close(fd)
}

pub(crate) fn fd_datasync(process: &mut Process, fd: u32) -> Result<(), Errno> {
    Ok(process.descriptors.plain_file(fd)?.handle.sync_data()?)
}

pub(crate) fn fd_sync(process: &mut Process, fd: u32) -> Result<(), Errno> {
    Ok(process.descriptors.plain_file(fd)?.handle.sync()?)
}

pub(crate) fn fd_renumber(process: &mut Process, from: u32, to: u32) -> Result<(), Errno> {
    process.descriptors.renumber(from, to)
}

/// The number of a type of file.
pub(crate) fn filetype(kind: DescriptorType) -> u8 {
    match kind {
        DescriptorType::BlockDevice => filetype::BLOCK_DEVICE,
        DescriptorType::CharacterDevice => filetype::CHARACTER_DEVICE,
        DescriptorType::Directory => filetype::DIRECTORY,
        DescriptorType::RegularFile => filetype::REGULAR_FILE,
        DescriptorType::SymbolicLink => filetype::SYMBOLIC_LINK,
        DescriptorType::Socket => filetype::SOCKET_STREAM,
        // WASI 0.1 has no number for pipes.
        DescriptorType::Fifo | DescriptorType::Unknown => filetype::UNKNOWN,
    }
}

/// The type of a standard stream. A stream that is not a terminal has none.
pub(crate) fn stream_type(is_terminal: bool) -> u8 {
    if is_terminal { filetype::CHARACTER_DEVICE } else { filetype::UNKNOWN }
}

pub(crate) fn fd_fdstat_get(process: &mut Process, fd: u32, to: u32) -> Result<(), Errno> {
    let (kind, flags, base, inheriting) = match process.descriptors.get(fd)? {
        Descriptor::Input { is_terminal, .. } => (stream_type(*is_terminal), 0, rights::FD_READ, rights::FD_READ),
        Descriptor::Output { is_terminal, .. } => (stream_type(*is_terminal), 0, rights::FD_WRITE, rights::FD_WRITE),
        Descriptor::File(file) if file.granted_as.is_some() => {
            (filetype::DIRECTORY, 0, rights::FOLDER, rights::IN_FOLDER)
        }
        Descriptor::File(file) => {
            let opened = file.handle.get_flags()?;
            let is_folder = file.is_folder()?;
            let rights = rights_of(opened, is_folder);
            (filetype(file.kind()?), file.flags | sync_flags(opened), rights, rights)
        }
    };
    let mut fdstat = Vec::with_capacity(24);
    fdstat.extend_from_slice(&[kind, 0]);
    fdstat.extend_from_slice(&u16::try_from(flags).unwrap_or(0).to_le_bytes());
    fdstat.extend_from_slice(&[0; 4]);
    fdstat.extend_from_slice(&base.to_le_bytes());
    fdstat.extend_from_slice(&inheriting.to_le_bytes());
    memory::write(to, &fdstat);
    Ok(())
}

fn rights_of(opened: DescriptorFlags, is_folder: bool) -> u64 {
    let mut rights = rights::ALL;
    if is_folder {
        rights &= !(rights::FD_SEEK | rights::FD_FILESTAT_SET_SIZE | rights::PATH_FILESTAT_SET_SIZE);
    }
    if !opened.contains(DescriptorFlags::READ) {
        rights &= !(rights::FD_READ | rights::FD_READDIR);
    }
    if !opened.contains(DescriptorFlags::WRITE) {
        rights &= !rights::FD_WRITE;
    }
    rights
}

fn sync_flags(opened: DescriptorFlags) -> u32 {
    let pairs = [
        (DescriptorFlags::DATA_INTEGRITY_SYNC, fdflags::DSYNC),
        (DescriptorFlags::REQUESTED_WRITE_SYNC, fdflags::RSYNC),
        (DescriptorFlags::FILE_INTEGRITY_SYNC, fdflags::SYNC),
    ];
    pairs.into_iter().filter(|(has, _)| opened.contains(*has)).fold(0, |flags, (_, flag)| flags | flag)
}

/// Changes whether writes append and whether calls wait. The other flags are fixed when a file is opened.
pub(crate) fn fd_fdstat_set_flags(process: &mut Process, fd: u32, flags: u32) -> Result<(), Errno> {
    let file = process.descriptors.plain_file(fd)?;
    if flags & !(fdflags::APPEND | fdflags::NONBLOCK) != 0 {
        return Err(Errno::INVAL);
    }
    file.flags = flags;
    if !file.appends() {
        file.appending = None;
    }
    Ok(())
}

/// Deprecated, and not in the engine either.
pub(crate) fn fd_fdstat_set_rights(process: &mut Process, fd: u32, _base: u64, _inheriting: u64) -> Result<(), Errno> {
    process.descriptors.file(fd)?;
    Err(Errno::NOTSUP)
}

/// Programs call this with growing numbers until it fails, to learn which folders they have.
pub(crate) fn fd_prestat_get(process: &mut Process, fd: u32, to: u32) -> Result<(), Errno> {
    let name = granted_name(process, fd)?;
    // The tag of a folder is 0.
    memory::write_u32(to, 0);
    memory::write_u32(to.checked_add(4).ok_or(Errno::OVERFLOW)?, memory::size(name.len()));
    Ok(())
}

pub(crate) fn fd_prestat_dir_name(process: &mut Process, fd: u32, to: u32, bytes: u32) -> Result<(), Errno> {
    let name = granted_name(process, fd)?;
    if memory::size(name.len()) > bytes {
        return Err(Errno::NAMETOOLONG);
    }
    memory::write(to, name.as_bytes());
    Ok(())
}

fn granted_name(process: &mut Process, fd: u32) -> Result<&str, Errno> {
    process.descriptors.file(fd)?.granted_as.as_deref().ok_or(Errno::BADF)
}

pub(crate) fn fd_seek(process: &mut Process, fd: u32, offset: i64, whence: u32, to: u32) -> Result<(), Errno> {
    let file = process.descriptors.seekable(fd)?;
    let from = match whence {
        WHENCE_SET => 0,
        WHENCE_CUR => file.position,
        WHENCE_END => file.handle.stat()?.size,
        _ => return Err(Errno::INVAL),
    };
    file.position = from.checked_add_signed(offset).ok_or(Errno::INVAL)?;
    memory::write_u64(to, file.position);
    Ok(())
}

pub(crate) fn fd_tell(process: &mut Process, fd: u32, to: u32) -> Result<(), Errno> {
    memory::write_u64(to, process.descriptors.seekable(fd)?.position);
    Ok(())
}
