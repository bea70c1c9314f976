//! Listings of folders.

use crate::abi::filetype;
use crate::bindings::wasi::filesystem::types::PathFlags;
use crate::descriptors::File;
use crate::errors::Errno;
use crate::files::filetype as number_of;
use crate::memory;
use crate::process::Process;

/// One name in a folder.
pub(crate) struct Entry {
    inode: u64,
    kind: u8,
    name: String,
}

/// Writes the entries behind `cookie`, as many as there is room for. The last may be cut off: then the program asks
/// again from there, with more room.
pub(crate) fn fd_readdir(
    process: &mut Process,
    fd: u32,
    to: u32,
    bytes: u32,
    cookie: u64,
    used: u32,
) -> Result<(), Errno> {
    let folder = process.descriptors.file(fd)?;
    if !folder.is_folder()? {
        return Err(Errno::BADF);
    }
    if cookie == 0 || folder.entries.is_empty() {
        folder.entries = list(folder)?;
    }
    let first = usize::try_from(cookie).map_err(|_| Errno::OVERFLOW)?;
    let room = usize::try_from(bytes).unwrap_or(usize::MAX);
    let mut listing = Vec::new();
    for (entry, next) in folder.entries.iter().zip(1_u64..).skip(first) {
        if listing.len() >= room {
            break;
        }
        listing.extend_from_slice(&next.to_le_bytes());
        listing.extend_from_slice(&entry.inode.to_le_bytes());
        listing.extend_from_slice(&memory::size(entry.name.len()).to_le_bytes());
        listing.extend_from_slice(&[entry.kind, 0, 0, 0]);
        listing.extend_from_slice(entry.name.as_bytes());
    }
    listing.truncate(room);
    memory::write(to, &listing);
    memory::write_u32(used, memory::size(listing.len()));
    Ok(())
}

/// Reads a folder, with the two entries that WASI 0.2 leaves out.
fn list(folder: &File) -> Result<Vec<Entry>, Errno> {
    let inode = folder.handle.metadata_hash()?.lower;
    // Nothing above a granted folder is seen, so the folder stands for its parent too.
    let own = |name: &str| Entry { inode, kind: filetype::DIRECTORY, name: name.to_owned() };
    let mut entries = vec![own("."), own("..")];
    let stream = folder.handle.read_directory()?;
    while let Some(entry) = stream.read_directory_entry()? {
        // A file that is gone by now has no number; the C library leaves it out.
        let hash = folder.handle.metadata_hash_at(PathFlags::empty(), &entry.name);
        let inode = hash.map_or(0, |hash| hash.lower);
        entries.push(Entry { inode, kind: number_of(entry.type_), name: entry.name });
    }
    Ok(entries)
}
