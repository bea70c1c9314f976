//! Major types (RFC 8949, section 3.1): the upper three bits of an item's first byte.

/// An unsigned integer.
pub const UINT: u8 = 0;

/// A negative integer, stored as its bitwise complement.
pub const NEGATIVE: u8 = 1;

/// A byte string.
pub const BYTES: u8 = 2;

/// A text string.
pub const TEXT: u8 = 3;

/// An array.
pub const ARRAY: u8 = 4;

/// A map.
pub const MAP: u8 = 5;

/// A tag, which stands before the item that it qualifies.
pub const TAG: u8 = 6;

/// Booleans, null, other simple values and floats.
pub const SIMPLE: u8 = 7;
