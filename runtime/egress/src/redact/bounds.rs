//! The lengths that a secret may have, and the byte that masks it.

/// The byte that replaces each hidden byte.
pub(super) const MASK: u8 = b'*';

/// Fewest bytes that a secret must have. Shorter strings occur by chance: letters in either case, in a body of 16 MiB,
/// about once in a thousand bodies with six characters, and never with eight.
pub const SECRET_BYTES_MIN: usize = 8;

/// Most bytes that a secret may have. Tokens have fewer, even signed ones that can be revoked.
pub const SECRET_BYTES_MAX: usize = 512;

/// Most bytes of a secret in any spelling, separators included: 32 for each byte of the longest secret. A longer
/// spelling is not found. How much of a body is held back follows from this.
pub(super) const SPELLING_BYTES_MAX: usize = 32 * SECRET_BYTES_MAX;
