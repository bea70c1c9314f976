//! [`Encoded`]: arguments or an outcome, as the guest's thread puts them together.

use std::ops::Range;

use bytes::Bytes;
use minicbor::Decoder;
use wasm_agent_cbor as cbor;

use crate::format::{DEPTH_MAX, INLINE_BYTES};
use crate::payload::{Digest, PayloadRef, write_reference};

/// Whether a payload's contents go into the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Stored once as a blob: what the world told the tool.
    Contents,
    /// Digest and length: what the tool makes itself, and will make again in a replay.
    DigestOnly,
}

/// A payload that the writer splices into the record.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    /// Position in the encoded bytes where the reference belongs.
    pub(crate) at: usize,
    pub(crate) keep: Keep,
    pub(crate) contents: Contents,
    /// BLAKE3 of the contents, where it was made already.
    pub(crate) digest: Option<Digest>,
}

/// Where a payload's contents are until they are written.
#[derive(Debug, Clone)]
pub(crate) enum Contents {
    /// In memory of their own, which others may have too.
    Shared(Bytes),
    /// In memory for short contents, which is used again: here in it.
    Copied(Range<usize>),
}

impl Contents {
    /// The bytes, of which the copied ones stand in `copied`.
    pub(crate) fn of<'a>(&'a self, copied: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Shared(contents) => contents,
            Self::Copied(range) => copied.get(range.clone()).unwrap_or_default(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Shared(contents) => contents.len(),
            Self::Copied(range) => range.len(),
        }
    }
}

/// Longest contents that are copied into memory that is used again, in bytes. For longer ones an allocation is not what
/// costs.
const COPIED_BYTES_MAX: usize = 16 << 10;

/// Memory for copied contents that an item keeps when it is cleared, in bytes.
const COPIED_BYTES_KEPT: usize = 64 << 10;

/// One CBOR item with slots for payloads, built without hashing and, once warm, without allocating.
///
/// Calls follow the item's shape: `array(2)`, then two items. [`Writer`](crate::Writer) refuses an item that is not
/// whole. Reuse one value and [`clear`](Self::clear) it: payloads are held until then.
///
/// ```
/// use wasm_agent_journal::{Encoded, Keep};
///
/// let mut arguments = Encoded::new();
/// arguments.array(2).u64(3).payload(vec![0; 4096], Keep::DigestOnly);
/// assert!(arguments.is_whole());
/// ```
#[derive(Debug, Clone)]
pub struct Encoded {
    bytes: Vec<u8>,
    slots: Vec<Slot>,
    /// Contents that were copied.
    copied: Vec<u8>,
    /// Items still owed, for each open array, map or tag. The first level is the item itself.
    owed: Vec<u64>,
    sound: bool,
}

impl Encoded {
    /// An empty buffer, ready for one item.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: Vec::new(), slots: Vec::new(), copied: Vec::new(), owed: vec![1], sound: true }
    }

    /// A buffer that holds `null`, for calls that return nothing.
    #[must_use]
    pub fn nothing() -> Self {
        let mut encoded = Self::new();
        encoded.null();
        encoded
    }

    /// Forgets the item and its payloads, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.slots.clear();
        self.copied.clear();
        self.copied.shrink_to(COPIED_BYTES_KEPT);
        self.owed.clear();
        self.owed.push(1);
        self.sound = true;
    }

    /// Whether exactly one item was written, each array and map with as many items as it announced.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.sound && self.owed.iter().all(|owed| *owed == 0)
    }

    /// Writes an unsigned integer.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.item();
        cbor::uint(&mut self.bytes, value);
        self
    }

    /// Writes a signed integer.
    pub fn i64(&mut self, value: i64) -> &mut Self {
        self.item();
        cbor::int(&mut self.bytes, value);
        self
    }

    /// Writes a truth value.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.item();
        cbor::boolean(&mut self.bytes, value);
        self
    }

    /// Writes a text.
    pub fn str(&mut self, value: &str) -> &mut Self {
        self.item();
        cbor::text(&mut self.bytes, value);
        self
    }

    /// Writes `null`.
    pub fn null(&mut self) -> &mut Self {
        self.item();
        cbor::null(&mut self.bytes);
        self
    }

    /// Opens an array of `length` items, which the next calls write.
    pub fn array(&mut self, length: u64) -> &mut Self {
        self.open(length);
        cbor::array_head(&mut self.bytes, length);
        self
    }

    /// Opens a map of `length` entries; the next calls write key, value, key, value.
    ///
    /// Keys belong in the order of their encoded bytes (RFC 8949, section 4.2.1).
    pub fn map(&mut self, length: u64) -> &mut Self {
        self.open(length.saturating_mul(2));
        cbor::map_head(&mut self.bytes, length);
        self
    }

    /// Writes bytes in place, whatever their length. For digests and addresses; contents are
    /// [`payload`](Self::payload)s.
    pub fn bytes_inline(&mut self, value: &[u8]) -> &mut Self {
        self.item();
        cbor::bytes(&mut self.bytes, value);
        self
    }

    /// Writes contents: in place if shorter than [`INLINE_BYTES`], otherwise as a reference that the writer's thread
    /// makes.
    ///
    /// Contents to keep are at most [`BLOB_BYTES_MAX`](crate::format::BLOB_BYTES_MAX) long; the writer refuses more.
    pub fn payload(&mut self, contents: impl Into<Bytes>, keep: Keep) -> &mut Self {
        let contents = contents.into();
        if contents.len() < INLINE_BYTES {
            return self.bytes_inline(&contents);
        }
        self.item();
        self.slot(Contents::Shared(contents), keep);
        self
    }

    /// As [`payload`](Self::payload), of contents that belong to somebody else: short ones are copied without an
    /// allocation.
    pub fn payload_copy(&mut self, contents: &[u8], keep: Keep) -> &mut Self {
        if contents.len() < INLINE_BYTES {
            return self.bytes_inline(contents);
        }
        if contents.len() > COPIED_BYTES_MAX {
            return self.payload(Bytes::copy_from_slice(contents), keep);
        }
        self.item();
        let start = self.copied.len();
        self.copied.extend_from_slice(contents);
        self.slot(Contents::Copied(start..self.copied.len()), keep);
        self
    }

    fn slot(&mut self, contents: Contents, keep: Keep) {
        self.slots.push(Slot { at: self.bytes.len(), keep, contents, digest: None });
    }

    /// What the item takes in a journal, in bytes: about, as contents that are stored already are counted again.
    #[must_use]
    pub fn recorded_bytes(&self) -> u64 {
        let kept = self.slots.iter().filter(|slot| slot.keep == Keep::Contents).map(|slot| slot.contents.len());
        cbor::wide(self.bytes.len().saturating_add(kept.sum::<usize>()))
    }

    /// Bytes of contents that do not stand in the item itself, kept or not: what comparing it has to hash.
    #[must_use]
    pub fn contents_bytes(&self) -> u64 {
        self.slots.iter().fold(0, |sum, slot| cbor::wide(slot.contents.len()).saturating_add(sum))
    }

    /// Whether a recorded item is this one: the same bytes, and payloads with the same contents.
    ///
    /// Where a recorded blob stands, and whether it was kept, makes no difference.
    #[must_use]
    pub fn matches(&self, recorded: &[u8]) -> bool {
        let mut from = 0;
        let mut rest = recorded;
        for slot in &self.slots {
            let after = self.bytes.get(from..slot.at).and_then(|literal| rest.strip_prefix(literal));
            let Some(after) = after else { return false };
            let mut decoder = Decoder::new(after);
            if !decoder.decode::<PayloadRef<'_>>().is_ok_and(|payload| payload.is(slot.contents.of(&self.copied))) {
                return false;
            }
            rest = after.get(decoder.position()..).unwrap_or_default();
            from = slot.at;
        }
        self.bytes.get(from..) == Some(rest)
    }

    /// The item as a record would hold it if no contents were kept: payloads by digest.
    #[must_use]
    pub fn to_record(&self) -> Vec<u8> {
        self.with_payloads(|out, contents| {
            let digest = blake3::hash(contents);
            write_reference(out, digest.as_bytes(), contents.len(), None);
        })
    }

    /// The item with all contents in place, whatever their length: no record holds it so, and it can be read by itself.
    #[must_use]
    pub fn to_inline(&self) -> Vec<u8> {
        self.with_payloads(cbor::bytes)
    }

    /// The item, with what `write` makes of each payload.
    fn with_payloads(&self, write: impl Fn(&mut Vec<u8>, &[u8])) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len());
        let mut from = 0;
        for slot in &self.slots {
            out.extend_from_slice(self.bytes.get(from..slot.at).unwrap_or_default());
            write(&mut out, slot.contents.of(&self.copied));
            from = slot.at;
        }
        out.extend_from_slice(self.bytes.get(from..).unwrap_or_default());
        out
    }

    /// The item as written so far. Slots take no room in it.
    pub(crate) fn parts(&self) -> (&[u8], &[Slot]) {
        (&self.bytes, &self.slots)
    }

    /// Contents that slots say are copied.
    pub(crate) fn copied(&self) -> &[u8] {
        &self.copied
    }

    /// Counts one item against the innermost array or map that still owes some.
    fn item(&mut self) {
        while self.owed.len() > 1 && self.owed.last() == Some(&0) {
            self.owed.pop();
        }
        match self.owed.last_mut() {
            Some(owed) if *owed > 0 => *owed -= 1,
            _ => self.sound = false,
        }
    }

    fn open(&mut self, items: u64) {
        self.item();
        // A payload reference nests two levels deeper than its slot, and a reader refuses more than `DEPTH_MAX`.
        if self.owed.len() + 3 > DEPTH_MAX {
            self.sound = false;
        } else {
            self.owed.push(items);
        }
    }
}

impl Default for Encoded {
    fn default() -> Self {
        Self::new()
    }
}
