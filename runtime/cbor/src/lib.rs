//! Deterministic CBOR (RFC 8949, section 4.2.1): writes items into memory, and reads their heads.
//!
//! Journals and actions are hashed, so equal values must have equal bytes: lengths are definite and every head is the
//! shortest one. Covers integers, byte and text strings, arrays, maps, tags, booleans and null. There are no floats.
//! The caller writes the keys of a map in the order of their encoded bytes.
//!
//! Writing appends to a `Vec` and cannot fail, unlike the encoders of general CBOR libraries. Decoding whole values is
//! left to such a library.
//!
//! ```
//! let mut out = Vec::new();
//! wasm_agent_cbor::map(&mut out, 1);
//! wasm_agent_cbor::text(&mut out, "size");
//! wasm_agent_cbor::uint(&mut out, 300);
//! assert_eq!(out, b"\xa1\x64size\x19\x01\x2c");
//! ```

#![forbid(unsafe_code)]

pub mod major;

mod read;
mod write;

pub use read::{Head, split_bytes_head, split_head, split_int, split_uint};
pub use write::{array, array_head, boolean, bytes, bytes_head, int, map, map_head, null, tag, text, uint};

/// The item `false`.
pub const FALSE: u8 = 0xf4;

/// The item `true`.
pub const TRUE: u8 = 0xf5;

/// The item `null`.
pub const NULL: u8 = 0xf6;

/// Widens a length in memory. No platform that Rust supports has a `usize` above 64 bits.
#[inline]
#[must_use]
pub fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
