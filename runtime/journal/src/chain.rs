//! Links records together: the running check in every frame, and the hash in every seal.
//!
//! Both cover a frame's *sealed bytes*: the whole frame, except the contents of a blob, whose digest is covered
//! instead. So contents are hashed once, not twice, and a reader that does not need them can skip them.

use crate::format::MAGIC;
use crate::payload::Digest;

/// State of both chains at one point of the file.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    check: u32,
    seal: blake3::Hasher,
}

impl Chain {
    /// The state after the file's first bytes, the magic.
    pub(crate) fn new() -> Self {
        let mut seal = blake3::Hasher::new();
        seal.update(&MAGIC);
        Self { check: crc32fast::hash(&MAGIC), seal }
    }

    /// The current running check.
    pub(crate) fn check(&self) -> u32 {
        self.check
    }

    /// Adds one frame's length and payload to the running check, and returns it.
    pub(crate) fn advance(&mut self, length_and_payload: &[u8]) -> u32 {
        self.check = check_after(self.check, length_and_payload);
        self.check
    }

    /// Sets the running check to that of a frame whose check was found to be right.
    pub(crate) fn advanced_to(&mut self, check: u32) {
        self.check = check;
    }

    /// Adds sealed bytes to the hash. BLAKE3 is several times faster on long runs of bytes than on single records.
    pub(crate) fn absorb(&mut self, sealed: &[u8]) {
        self.seal.update(sealed);
    }

    /// Gives the hash for a seal and starts the next one, which begins with the seal's own bytes.
    pub(crate) fn seal(&mut self) -> Digest {
        let hash = *self.seal.finalize().as_bytes();
        self.seal.reset();
        hash
    }
}

/// The check of a frame that follows a frame with the check `before`.
#[inline]
pub(crate) fn check_after(before: u32, length_and_payload: &[u8]) -> u32 {
    if length_and_payload.len() < SHORT_BYTES {
        short_check(before, length_and_payload)
    } else {
        long_check(before, length_and_payload)
    }
}

#[inline(never)]
fn long_check(before: u32, length_and_payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(before);
    hasher.update(length_and_payload);
    hasher.finalize()
}

/// Records shorter than this are checked by table here, in bytes.
///
/// Most records are that short, and crc32fast takes the last bytes of an input one by one: for 30 bytes, that is half
/// of its time. From 128 bytes on its vector code is faster.
const SHORT_BYTES: usize = 128;

/// CRC-32, eight bytes at a time.
#[inline]
fn short_check(before: u32, bytes: &[u8]) -> u32 {
    let (eights, rest) = bytes.as_chunks::<8>();
    let state = eights.iter().fold(!before, |state, bytes| {
        let [a, b, c, d, e, f, g, h] = *bytes;
        // These lookups do not depend on the state, so they can start before it is known.
        let last = entry(3, e) ^ entry(2, f) ^ entry(1, g) ^ entry(0, h);
        last ^ four(state, [a, b, c, d], 4)
    });
    // Unrolled: a loop over so few bytes costs more than the lookups.
    !match *rest {
        [] => state,
        [a] => one(state, a),
        [a, b] => one(one(state, a), b),
        [a, b, c] => one(one(one(state, a), b), c),
        [a, b, c, d] => four(state, [a, b, c, d], 0),
        [a, b, c, d, e] => entry(0, e) ^ four(state, [a, b, c, d], 1),
        [a, b, c, d, e, f] => entry(1, e) ^ entry(0, f) ^ four(state, [a, b, c, d], 2),
        [a, b, c, d, e, f, g, ..] => entry(2, e) ^ entry(1, f) ^ entry(0, g) ^ four(state, [a, b, c, d], 3),
    }
}

/// The state after four bytes, which `after` more bytes follow.
#[inline]
fn four(state: u32, bytes: [u8; 4], after: usize) -> u32 {
    let [a, b, c, d] = (state ^ u32::from_le_bytes(bytes)).to_le_bytes();
    entry(after + 3, a) ^ entry(after + 2, b) ^ entry(after + 1, c) ^ entry(after, d)
}

/// The state after one byte.
#[inline]
fn one(state: u32, byte: u8) -> u32 {
    let [low, ..] = state.to_le_bytes();
    (state >> 8) ^ entry(0, low ^ byte)
}

/// What a byte contributes that `after` more bytes follow.
#[inline]
#[expect(clippy::indexing_slicing, reason = "a byte is an index below 256, and `after` is a constant below 8")]
fn entry(after: usize, byte: u8) -> u32 {
    TABLES[after][usize::from(byte)]
}

static TABLES: [[u32; 256]; 8] = tables();

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "computed when it is compiled, where a mistake is an error; indices are below 256"
)]
const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut state = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            state = (state >> 1) ^ (if state & 1 == 1 { 0xEDB8_8320 } else { 0 });
            bit += 1;
        }
        tables[0][byte] = state;
        byte += 1;
    }
    let mut after = 1;
    while after < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[after - 1][byte];
            tables[after][byte] = (before >> 8) ^ tables[0][(before & 0xff) as usize];
            byte += 1;
        }
        after += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_check_is_the_librarys() {
        let bytes: Vec<u8> = (0..=u8::MAX).map(|byte| byte.wrapping_mul(167) ^ 0x5a).collect();
        for start in 0..40 {
            for length in 0..SHORT_BYTES + 8 {
                let part = &bytes[start..start + length];
                for before in [0, 1, 0x0012_da16, u32::MAX] {
                    let mut hasher = crc32fast::Hasher::new_with_initial(before);
                    hasher.update(part);
                    let expected = hasher.finalize();
                    assert_eq!((short_check(before, part), check_after(before, part)), (expected, expected));
                }
            }
        }
    }
}
