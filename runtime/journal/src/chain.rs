//! What ties records together: the running check in every frame, the hash in every seal.
//!
//! Both cover a frame's *sealed bytes*: all of it but the contents of a blob, for which its digest stands. So
//! contents are hashed once, not twice, and a reader that has no use for them can step over them.

use crate::format::MAGIC;
use crate::payload::Digest;

/// State of both chains at one point of the file.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    check: u32,
    seal: blake3::Hasher,
}

impl Chain {
    /// The state after the magic.
    pub(crate) fn new() -> Self {
        let mut seal = blake3::Hasher::new();
        seal.update(&MAGIC);
        Self { check: crc32fast::hash(&MAGIC), seal }
    }

    /// The running check as it stands.
    pub(crate) fn check(&self) -> u32 {
        self.check
    }

    /// Takes one frame's length and payload into the running check, and returns the check.
    pub(crate) fn advance(&mut self, length_and_payload: &[u8]) -> u32 {
        self.check = check_after(self.check, length_and_payload);
        self.check
    }

    /// Sets the running check to that of a frame whose check was found right.
    pub(crate) fn advanced_to(&mut self, check: u32) {
        self.check = check;
    }

    /// Takes sealed bytes into the hash. Long runs of bytes are several times quicker than single records.
    pub(crate) fn absorb(&mut self, sealed: &[u8]) {
        self.seal.update(sealed);
    }

    /// The hash for a seal, after which the next one starts over. The seal's own bytes come next.
    pub(crate) fn seal(&mut self) -> Digest {
        let hash = *self.seal.finalize().as_bytes();
        self.seal.reset();
        hash
    }
}

/// The check of a frame that follows one with the check `before`.
#[inline]
pub(crate) fn check_after(before: u32, length_and_payload: &[u8]) -> u32 {
    if length_and_payload.len() < SHORT_BYTES {
        return short_check(before, length_and_payload);
    }
    let mut hasher = crc32fast::Hasher::new_with_initial(before);
    hasher.update(length_and_payload);
    hasher.finalize()
}

/// Length below which records are checked by table here, in bytes.
///
/// Most records are that short, and the library takes the last bytes of an input one by one: for 30 bytes that is half of
/// its time. It is quicker from its own vector code on, which begins at 128 bytes.
const SHORT_BYTES: usize = 128;

/// CRC-32, eight bytes at a time, then four, then one.
#[inline]
fn short_check(before: u32, bytes: &[u8]) -> u32 {
    let mut state = !before;
    let (eights, mut rest) = bytes.as_chunks::<8>();
    for [a, b, c, d, e, f, g, h] in eights {
        let low = state ^ u32::from_le_bytes([*a, *b, *c, *d]);
        let [a, b, c, d] = low.to_le_bytes();
        state = entry(7, a) ^ entry(6, b) ^ entry(5, c) ^ entry(4, d);
        state ^= entry(3, *e) ^ entry(2, *f) ^ entry(1, *g) ^ entry(0, *h);
    }
    if let Some(([a, b, c, d], after)) = rest.split_first_chunk() {
        let [a, b, c, d] = (state ^ u32::from_le_bytes([*a, *b, *c, *d])).to_le_bytes();
        state = entry(3, a) ^ entry(2, b) ^ entry(1, c) ^ entry(0, d);
        rest = after;
    }
    for byte in rest {
        let [low, ..] = state.to_le_bytes();
        state = (state >> 8) ^ entry(0, low ^ byte);
    }
    !state
}

/// What a byte adds that is followed by `after` more.
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
