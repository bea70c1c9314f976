//! The numbers of format version 1, as `FORMAT.md` states them.
//!
//! Writer and reader take them only from here. To change one is to make a new format version.

/// First eight bytes of every journal; the last one is the format version.
pub const MAGIC: [u8; 8] = *b"WAJOURN1";

/// Format version in the header record.
pub const VERSION: u64 = 1;

/// Length of a frame's head, in bytes: running check (4) and payload length (4), both little-endian.
pub(crate) const FRAME_HEAD_BYTES: usize = 8;

/// Largest contents of one blob, in bytes.
///
/// A reader holds at most one blob in memory, so this also bounds the memory that a hostile journal can claim.
pub const BLOB_BYTES_MAX: usize = 16 << 20;

/// Largest payload of one record, in bytes: a blob of [`BLOB_BYTES_MAX`] and the fields around it.
pub const RECORD_BYTES_MAX: usize = BLOB_BYTES_MAX + (64 << 10);

/// Byte strings shorter than this are in the record itself, in bytes.
///
/// A reference takes about 45 bytes and a blob record as many again: below this, a blob saves nothing.
pub const INLINE_BYTES: usize = 256;

/// CBOR tag of a payload reference: an array of digest, length and, if the contents are kept, file offset.
pub const PAYLOAD_TAG: u64 = 44_601;

/// Most function names, and most labels, that one journal can define.
///
/// A reader keeps them in memory. WASI has about 300 functions and labels come from the policy.
pub const NAMES_MAX: usize = 1024;

/// Longest function name, parameter name or label, in bytes. With [`NAMES_MAX`] it bounds a reader's tables.
pub const NAME_BYTES_MAX: usize = 256;

/// Most parameters of one function.
pub const PARAMETERS_MAX: usize = 32;

/// Deepest nesting of arrays, maps and tags inside one record.
///
/// Showing an item recurses. The types of host functions nest only a few levels deep.
pub const DEPTH_MAX: usize = 64;

/// First field of every record.
pub(crate) mod kind {
    pub(crate) const HEADER: u8 = 0;
    pub(crate) const FUNCTION: u8 = 1;
    pub(crate) const LABEL: u8 = 2;
    pub(crate) const BLOB: u8 = 3;
    pub(crate) const CALL: u8 = 4;
    pub(crate) const INTENT: u8 = 5;
    pub(crate) const OUTCOME: u8 = 6;
    pub(crate) const APPROVAL_ASKED: u8 = 7;
    pub(crate) const APPROVAL_SETTLED: u8 = 8;
    pub(crate) const NOTE: u8 = 9;
    pub(crate) const SEAL: u8 = 10;
    pub(crate) const END: u8 = 11;
}
