//! The queue from the guest's thread: records already encoded, payloads not hashed yet.

use crate::encoded::{Contents, Encoded, Slot};
use crate::error::JournalError;
use crate::payload::Digest;

/// Bytes of queued records from which on a batch is written at once.
const URGENT_RECORD_BYTES: usize = 64 << 10;

/// Bytes of queued contents from which on a batch is written at once. Waking a thread costs the guest's thread a system
/// call, which is more than a copy of 64 KiB, so it is not done for each payload.
const URGENT_HELD_BYTES: usize = 512 << 10;

/// Initial room of a batch, in bytes and records: enough for a run of a few calls.
const SMALL_BYTES: usize = 2 << 10;
const SMALL_RECORDS: usize = 32;

/// Records on their way to the sink, in order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
    /// The memory of copied contents.
    copied: Vec<u8>,
    entries: Vec<Entry>,
    /// Bytes of the payloads in the slots.
    held: usize,
}

/// Where one record ends in the batch.
#[derive(Debug, Clone, Copy)]
struct Entry {
    bytes_end: usize,
    slots_end: usize,
    seal: bool,
}

/// One record of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Queued<'a> {
    /// The payload, without its slots.
    pub(super) bytes: &'a [u8],
    /// Payload references to splice in; positions are relative to `bytes`.
    pub(super) slots: &'a [Slot],
    /// The memory of copied contents.
    pub(super) copied: &'a [u8],
    /// Whether a seal follows the record.
    pub(super) seal: bool,
}

impl Batch {
    /// A batch with room for the records of a short run: for such a run, growing in steps would cost more than
    /// everything else here.
    pub(super) fn with_room() -> Self {
        let (bytes, entries) = (Vec::with_capacity(SMALL_BYTES), Vec::with_capacity(SMALL_RECORDS));
        Self { bytes, entries, ..Self::default() }
    }

    /// The batch's size in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len() + self.held
    }

    /// Whether the batch is large enough to be written at once.
    pub(super) fn is_urgent(&self) -> bool {
        self.bytes.len() >= URGENT_RECORD_BYTES || self.held >= URGENT_HELD_BYTES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes the records and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.slots.clear();
        self.copied.clear();
        self.entries.clear();
        self.held = 0;
    }

    /// Starts a record. [`Open::close`] ends it.
    pub(super) fn open(&mut self) -> Open<'_> {
        let start = self.bytes.len();
        Open { batch: self, start }
    }

    /// The records in order.
    pub(super) fn records(&self) -> impl Iterator<Item = Queued<'_>> {
        let mut bytes_start = 0;
        let mut slots_start = 0;
        self.entries.iter().map(move |entry| {
            let queued = Queued {
                bytes: self.bytes.get(bytes_start..entry.bytes_end).unwrap_or_default(),
                slots: self.slots.get(slots_start..entry.slots_end).unwrap_or_default(),
                copied: &self.copied,
                seal: entry.seal,
            };
            bytes_start = entry.bytes_end;
            slots_start = entry.slots_end;
            queued
        })
    }
}

/// A record being encoded into a batch.
pub(super) struct Open<'a> {
    batch: &'a mut Batch,
    start: usize,
}

impl Open<'_> {
    /// Where the record's fields go.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.batch.bytes
    }

    /// Appends an item with its payloads. `digests` are those of the first payloads, if they were computed already.
    #[inline]
    pub(super) fn item(&mut self, item: &Encoded, digests: &[Digest]) {
        let (bytes, slots) = item.parts();
        let base = self.batch.bytes.len() - self.start;
        self.batch.bytes.extend_from_slice(bytes);
        if !slots.is_empty() {
            self.payloads(base, item, digests);
        }
    }

    fn payloads(&mut self, base: usize, item: &Encoded, digests: &[Digest]) {
        let Batch { slots, copied, held, .. } = self.batch;
        for (index, slot) in item.parts().1.iter().enumerate() {
            *held += slot.contents.len();
            let contents = match &slot.contents {
                Contents::Shared(contents) => Contents::Shared(contents.clone()),
                Contents::Copied(_) => {
                    let start = copied.len();
                    copied.extend_from_slice(slot.contents.of(item.copied()));
                    Contents::Copied(start..copied.len())
                }
            };
            slots.push(Slot { at: base + slot.at, keep: slot.keep, contents, digest: digests.get(index).copied() });
        }
    }

    /// Ends the record.
    pub(super) fn close(self, seal: bool) {
        let Batch { bytes, slots, entries, .. } = self.batch;
        entries.push(Entry { bytes_end: bytes.len(), slots_end: slots.len(), seal });
    }
}

/// Checks an item before any part of its record is queued, and gives its size in bytes.
#[inline]
pub(super) fn check_item(what: &'static str, item: &Encoded) -> Result<usize, JournalError> {
    if !item.is_whole() {
        return Err(JournalError::NotAnItem { what });
    }
    let (bytes, slots) = item.parts();
    Ok(bytes.len() + slots.iter().map(|slot| slot.contents.len()).sum::<usize>())
}
