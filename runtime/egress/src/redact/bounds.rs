//! How long a secret is, and what stands in its place.

/// What stands for each hidden byte.
pub(super) const MASK: u8 = b'*';

/// Fewest bytes that a secret must have. Anything shorter comes up by chance: letters in either case, in a body of
/// 16 MiB, about once in a thousand with six characters, and never with eight.
pub const SECRET_BYTES_MIN: usize = 8;

/// Most bytes that a secret may have. Tokens, signed ones too where they can be revoked, have fewer.
pub const SECRET_BYTES_MAX: usize = 512;

/// Most bytes that a secret takes in any spelling, separators included: 32 for each of the longest secret's. What takes
/// more is not found; what is held back of a body follows from it.
pub(super) const SPELLING_BYTES_MAX: usize = 32 * SECRET_BYTES_MAX;
