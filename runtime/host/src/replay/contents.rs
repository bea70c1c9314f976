//! The contents that a replay returned last: when a tool reads a file again, they are here, already checked.

use std::collections::{HashMap, VecDeque};

use wasm_agent_journal::{BlobRef, PayloadRef, Reader};

use super::JournalSource;
use super::bounds::Bounds;
use crate::call::wire::{Blobs, Malformed};

/// Longest contents that are kept, in bytes. For longer ones, reading and checking are not what takes the time.
const CONTENTS_BYTES_MAX: usize = 64 << 10;

/// Most bytes that are remembered in all, so that a replay's memory does not grow with its journal.
const REMEMBERED_BYTES_MAX: usize = 2 << 20;

/// Memory for each entry besides its contents, in bytes, generously: a hostile journal may have blobs of one byte.
const ENTRY_BYTES: usize = 512;

/// The contents that were read last, by their place in the journal.
#[derive(Debug, Default)]
pub(super) struct ContentCache {
    by_offset: HashMap<u64, (BlobRef, Vec<u8>)>,
    /// Offsets, oldest first.
    order: VecDeque<u64>,
    bytes: usize,
}

impl ContentCache {
    /// The contents that were read and checked for exactly this reference. A record that names the same place with
    /// another digest or length gets `None`, and an error when it is read.
    pub(super) fn find(&self, blob: &BlobRef) -> Option<&[u8]> {
        self.by_offset.get(&blob.offset).filter(|(known, _)| known == blob).map(|(_, contents)| contents.as_slice())
    }

    /// Keeps contents, and drops the oldest if there are too many.
    pub(super) fn remember(&mut self, blob: &BlobRef, contents: &[u8]) {
        if contents.len() > CONTENTS_BYTES_MAX || self.by_offset.contains_key(&blob.offset) {
            return;
        }
        let bytes = cost(contents);
        while self.bytes.saturating_add(bytes) > REMEMBERED_BYTES_MAX {
            let Some(oldest) = self.order.pop_front() else { break };
            let forgotten = self.by_offset.remove(&oldest).map_or(0, |(_, contents)| cost(&contents));
            self.bytes = self.bytes.saturating_sub(forgotten);
        }
        self.bytes = self.bytes.saturating_add(bytes);
        self.order.push_back(blob.offset);
        self.by_offset.insert(blob.offset, (*blob, contents.to_vec()));
    }
}

/// The journal that is replayed, and the contents that it stores outside of its records.
pub(super) struct Stored {
    pub(super) reader: Reader<Box<dyn JournalSource>>,
    pub(super) contents: ContentCache,
    pub(super) bounds: Bounds,
}

impl Blobs for Stored {
    fn contents(&mut self, payload: PayloadRef<'_>) -> Result<Vec<u8>, Malformed> {
        match payload {
            PayloadRef::Inline(bytes) => Ok(bytes.to_vec()),
            PayloadRef::Stored(blob) => {
                if !self.bounds.fetch(blob.length) {
                    return Err(Malformed("it has more contents than an answer can have".to_owned()));
                }
                if let Some(contents) = self.contents.find(&blob) {
                    return Ok(contents.to_vec());
                }
                let contents = self.reader.blob(&blob).map_err(|error| Malformed(crate::error::chain(&error)))?;
                self.contents.remember(&blob, &contents);
                Ok(contents)
            }
            PayloadRef::DigestOnly { .. } => Err(Malformed("contents that the tool needs were left out".to_owned())),
        }
    }
}

/// The size that contents count as, in bytes.
fn cost(contents: &[u8]) -> usize {
    contents.len().saturating_add(ENTRY_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob(number: u64, length: usize) -> (BlobRef, Vec<u8>) {
        let contents = vec![u8::try_from(number % 251).unwrap(); length];
        let digest = *blake3::hash(&contents).as_bytes();
        (BlobRef { digest, length: u64::try_from(length).unwrap(), offset: number * 100_000 }, contents)
    }

    #[test]
    fn only_the_exact_reference_finds_its_contents() {
        let (known, contents) = blob(1, 4096);
        let mut all = ContentCache::default();
        all.remember(&known, &contents);
        assert_eq!(all.find(&known), Some(contents.as_slice()));
        for other in [
            BlobRef { digest: [0; 32], ..known },
            BlobRef { length: 4095, ..known },
            BlobRef { offset: known.offset + 1, ..known },
        ] {
            assert_eq!(all.find(&other), None, "{other:?}");
        }
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_are_forgotten_first() {
        let mut all = ContentCache::default();
        let each = CONTENTS_BYTES_MAX + ENTRY_BYTES;
        let most = REMEMBERED_BYTES_MAX / each;
        for number in 0..u64::try_from(most).unwrap() * 3 {
            let (blob, contents) = blob(number, CONTENTS_BYTES_MAX);
            all.remember(&blob, &contents);
            all.remember(&blob, &contents);
        }
        assert_eq!((all.by_offset.len(), all.order.len(), all.bytes), (most, most, most * each));
        let (first, _) = blob(0, CONTENTS_BYTES_MAX);
        let (last, contents) = blob(u64::try_from(most).unwrap() * 3 - 1, CONTENTS_BYTES_MAX);
        assert_eq!((all.find(&first), all.find(&last)), (None, Some(contents.as_slice())));
        let mut all = ContentCache::default();
        for number in 0..100_000 {
            all.remember(&BlobRef { offset: number, ..blob(number, 1).0 }, &[0]);
        }
        assert!(all.order.len() <= REMEMBERED_BYTES_MAX / ENTRY_BYTES, "many short contents");
        let (long, contents) = blob(7, CONTENTS_BYTES_MAX + 1);
        all.remember(&long, &contents);
        assert_eq!(all.find(&long), None);
    }
}
