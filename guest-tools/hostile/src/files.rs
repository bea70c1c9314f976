//! The granted folder, used through the filesystem interface itself.

use crate::wasi::filesystem::preopens;
use crate::wasi::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};

/// Where the folder under attack is granted.
const WORK: &str = "/work";

/// More than any file of that folder has, in bytes.
const READ_BYTES: u64 = 4096;

/// Takes the descriptor of the granted folder.
///
/// # Errors
/// When the folder is not granted.
pub fn work() -> Result<Descriptor, ErrorCode> {
    preopens::get_directories()
        .into_iter()
        .find_map(|(descriptor, path)| (path == WORK).then_some(descriptor))
        .ok_or(ErrorCode::NoEntry)
}

/// Opens and reads a file, following a link at its end.
///
/// # Errors
/// The host's error.
pub fn read(dir: &Descriptor, path: &str) -> Result<Vec<u8>, ErrorCode> {
    let file = dir.open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::empty(), DescriptorFlags::READ)?;
    file.read(READ_BYTES, 0).map(|(content, _)| content)
}

/// Opens a folder, following a link at its end.
///
/// # Errors
/// The host's error.
pub fn open_dir(dir: &Descriptor, path: &str) -> Result<Descriptor, ErrorCode> {
    dir.open_at(
        PathFlags::SYMLINK_FOLLOW,
        path,
        OpenFlags::DIRECTORY,
        DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY,
    )
}

/// Creates a file and writes to it, following a link at its end.
///
/// # Errors
/// The host's error.
pub fn create(dir: &Descriptor, path: &str) -> Result<(), ErrorCode> {
    let file = dir.open_at(
        PathFlags::SYMLINK_FOLLOW,
        path,
        OpenFlags::CREATE | OpenFlags::TRUNCATE,
        DescriptorFlags::READ | DescriptorFlags::WRITE,
    )?;
    file.write(b"written by a hostile guest\n", 0).map(drop)
}
