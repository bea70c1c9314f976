//! [`Encoded`]: the arguments or the outcome of a call, encoded by the guest's thread.

use std::ops::Range;

use bytes::Bytes;
use minicbor::Decoder;
use wasm_agent_cbor as cbor;

use crate::format::{DEPTH_MAX, INLINE_BYTES};
use crate::payload::{Digest, PayloadRef, write_reference};

/// Whether a payload's contents go into the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Stored once, as a blob. For what the world told the tool.
    Contents,
    /// Digest and length only. For what the tool produces itself, and will produce again in a replay.
    DigestOnly,
}

/// A payload that the writer splices into the record.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    /// Where in the encoded bytes the reference belongs.
    pub(crate) at: usize,
    pub(crate) keep: Keep,
    pub(crate) contents: Contents,
    /// BLAKE3 of the contents, if it was computed already.
    pub(crate) digest: Option<Digest>,
}

/// Where a payload's contents are until they are written.
#[derive(Debug, Clone)]
pub(crate) enum Contents {
    /// In their own memory, which may be shared.
    Shared(Bytes),
    /// In reused memory for short contents, at this range.
    Copied(Range<usize>),
}

impl Contents {
    /// The bytes. Those of [`Copied`](Self::Copied) contents are in `copied`.
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

/// Longest contents that are copied into reused memory, in bytes. For longer ones, copying costs more than an
/// allocation.
const COPIED_BYTES_MAX: usize = 16 << 10;

/// Memory for copied contents that [`Encoded::clear`] keeps, in bytes.
const COPIED_BYTES_KEPT: usize = 64 << 10;

/// One CBOR item with slots for payloads. Building it hashes nothing and, once its buffers have grown, allocates
/// nothing.
///
/// The calls follow the item's structure: `array(2)`, then two items. [`Writer`](crate::Writer) refuses an incomplete
/// item. Reuse one value and [`clear`](Self::clear) it: it holds its payloads until then.
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
    /// The copied contents.
    copied: Vec<u8>,
    /// How many items each open array, map or tag still lacks. The first level is the item itself.
    owed: Vec<u64>,
    sound: bool,
}

impl Encoded {
    /// An empty buffer, ready for one item.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: Vec::new(), slots: Vec::new(), copied: Vec::new(), owed: vec![1], sound: true }
    }

    /// A buffer that holds `null`, for calls without a result.
    #[must_use]
    pub fn nothing() -> Self {
        let mut encoded = Self::new();
        encoded.null();
        encoded
    }

    /// Removes the item and its payloads, and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.slots.clear();
        self.copied.clear();
        self.copied.shrink_to(COPIED_BYTES_KEPT);
        self.owed.clear();
        self.owed.push(1);
        self.sound = true;
    }

    /// Whether exactly one item was written, and every array and map has as many items as it announced.
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

    /// Writes a boolean.
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

    /// Writes contents: in place if shorter than [`INLINE_BYTES`], otherwise as a reference, which the thread that
    /// writes the journal makes.
    ///
    /// The writer refuses contents to keep that are longer than [`BLOB_BYTES_MAX`](crate::format::BLOB_BYTES_MAX).
    pub fn payload(&mut self, contents: impl Into<Bytes>, keep: Keep) -> &mut Self {
        let contents = contents.into();
        if contents.len() < INLINE_BYTES {
            return self.bytes_inline(&contents);
        }
        self.item();
        self.slot(Contents::Shared(contents), keep);
        self
    }

    /// As [`payload`](Self::payload), for borrowed contents. Short ones are copied without an allocation.
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

    /// The item's size in a journal, in bytes. An estimate: contents that the journal has already count again.
    #[must_use]
    pub fn recorded_bytes(&self) -> u64 {
        let kept = self.slots.iter().filter(|slot| slot.keep == Keep::Contents).map(|slot| slot.contents.len());
        cbor::wide(self.bytes.len().saturating_add(kept.sum::<usize>()))
    }

    /// Bytes of contents outside of the item itself, kept or not: those that a comparison has to hash.
    #[must_use]
    pub fn contents_bytes(&self) -> u64 {
        self.slots.iter().fold(0, |sum, slot| cbor::wide(slot.contents.len()).saturating_add(sum))
    }

    /// Whether a recorded item equals this one: the same bytes, and payloads with the same contents.
    ///
    /// The position of a recorded blob, and whether its contents were kept, make no difference.
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

    /// The item as a record would hold it if it kept no contents: payloads by digest.
    #[must_use]
    pub fn to_record(&self) -> Vec<u8> {
        self.with_payloads(|out, contents| {
            let digest = blake3::hash(contents);
            write_reference(out, digest.as_bytes(), contents.len(), None);
        })
    }

    /// The item with all contents in place, whatever their length. No record has this form; it can be read without a
    /// journal.
    #[must_use]
    pub fn to_inline(&self) -> Vec<u8> {
        self.with_payloads(cbor::bytes)
    }

    /// The item, with each payload replaced by what `write` appends for it.
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

    /// The memory of copied contents.
    pub(crate) fn copied(&self) -> &[u8] {
        &self.copied
    }

    /// Counts one item of the innermost array or map that still lacks some.
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
