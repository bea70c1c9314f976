//! The contents of a file, as a digest or as bytes.

use std::io::{self, Read, Seek, Write};

use wasm_agent_journal::{BlobRef, Digest};

use super::changes::State;
use super::contents::Source;
use super::spool::wide;
use super::tree::{Kind, NodeId};
use super::{Blobs, Files, FilesError};

/// Longest file that is digested or restored, in bytes. A single call in a journal can claim any length.
pub(super) const FILE_BYTES_MAX: u64 = 16 << 30;

/// Most bytes that are digested, and most that are restored, over all files of a run.
///
/// A few calls can make a file of any length, and can use one blob again and again: a journal of a few kilobytes could
/// keep its reader busy for hours, or fill the disk. Real tools change less.
pub(super) const ALL_BYTES_MAX: u64 = 4 * FILE_BYTES_MAX;

/// Bytes passed on at a time.
const PART_BYTES: usize = 64 << 10;

/// The last blob that was fetched. Pieces of one blob usually follow each other.
#[derive(Debug, Default)]
pub(super) struct BlobCache {
    blob: Option<BlobRef>,
    contents: Vec<u8>,
}

impl<S: Read + Write + Seek> Files<S> {
    /// What something is, as far as it is known.
    pub(super) fn state(&mut self, node: NodeId, blobs: &mut dyn Blobs) -> Result<State, FilesError> {
        let Some(found) = self.tree.get(node) else { return Ok(State::Unknown) };
        match &found.kind {
            Kind::Directory => Ok(State::Directory),
            Kind::Link(text) => Ok(State::Link { target: Some(text.clone()).filter(|text| !text.is_empty()) }),
            Kind::Unknown if found.contents.length.is_none() => Ok(State::Unknown),
            Kind::Unknown | Kind::File => {
                let length = found.contents.length;
                Ok(State::File { length, blake3: self.digest(node, blobs)? })
            }
        }
    }

    /// The digest of a file; `None` if not all of it is known.
    fn digest(&mut self, node: NodeId, blobs: &mut dyn Blobs) -> Result<Option<Digest>, FilesError> {
        let Some(found) = self.tree.get(node) else { return Ok(None) };
        let contents = &found.contents;
        if let Some(told) = contents.whole_digest() {
            return Ok(Some(told));
        }
        if !self.budget.spend(contents.pieces()) {
            self.undigested = self.undigested.saturating_add(1);
            return Ok(None);
        }
        let Some(length) = contents.length.filter(|_| contents.is_whole()) else { return Ok(None) };
        let pieces = contents.range(0, length);
        let cost = cost(pieces.iter().filter_map(|(_, length, source)| Some((*length, (*source)?))));
        let Some(left) = self.digest_left.checked_sub(cost).filter(|_| length <= FILE_BYTES_MAX) else {
            self.undigested = self.undigested.saturating_add(1);
            return Ok(None);
        };
        self.digest_left = left;
        let mut hasher = blake3::Hasher::new();
        let mut fetched = BlobCache::default();
        for (_, length, source) in pieces {
            let Some(source) = source else { return Ok(None) };
            self.copy_piece(source, length, &mut fetched, blobs, &mut |bytes| {
                hasher.update(bytes);
                Ok(())
            })?;
        }
        Ok(Some(*hasher.finalize().as_bytes()))
    }

    /// Passes the bytes of a piece to `take`, in parts.
    pub(super) fn copy_piece(
        &mut self,
        source: Source,
        length: u64,
        fetched: &mut BlobCache,
        blobs: &mut dyn Blobs,
        take: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), FilesError> {
        match source {
            Source::Zeroes => parts(length, |_, bytes| take(bytes))?,
            Source::Spool { at } => parts(length, |done, bytes| {
                self.spool.read(at.saturating_add(done), bytes)?;
                take(bytes)
            })?,
            Source::Blob { blob, skip } => {
                let start = usize::try_from(skip).unwrap_or(usize::MAX);
                let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
                // The blob's digest was checked: if the range exceeds it, the reference is forged.
                let bytes = fetched.get(&blob, blobs)?.get(start..end).ok_or(io::ErrorKind::UnexpectedEof);
                take(bytes.map_err(io::Error::from)?)?;
            }
            Source::DigestOnly { .. } => {}
        }
        Ok(())
    }
}

/// The cost of reading pieces in order, in bytes. A blob is fetched whole, even if only a part is needed.
pub(super) fn cost(pieces: impl Iterator<Item = (u64, Source)>) -> u64 {
    let mut fetched = None;
    let mut bytes = 0_u64;
    for (length, source) in pieces {
        bytes = bytes.saturating_add(length);
        if let Source::Blob { blob, .. } = source
            && fetched != Some(blob)
        {
            bytes = bytes.saturating_add(blob.length.saturating_sub(length));
            fetched = Some(blob);
        }
    }
    bytes
}

impl BlobCache {
    fn get(&mut self, blob: &BlobRef, blobs: &mut dyn Blobs) -> Result<&[u8], FilesError> {
        if self.blob != Some(*blob) {
            self.contents = blobs.blob(blob)?;
            self.blob = Some(*blob);
        }
        Ok(&self.contents)
    }
}

/// Goes over a length in parts, with a buffer that is zeroes at first.
fn parts(length: u64, mut each: impl FnMut(u64, &mut [u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = vec![0; usize::try_from(length).unwrap_or(usize::MAX).min(PART_BYTES)];
    let mut done = 0;
    while done < length {
        let part = usize::try_from(length - done).unwrap_or(usize::MAX).min(buffer.len());
        let Some(part) = buffer.get_mut(..part) else { break };
        each(done, part)?;
        done = done.saturating_add(wide(part.len()));
    }
    Ok(())
}
