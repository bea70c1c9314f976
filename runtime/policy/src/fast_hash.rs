//! A hash for tables whose keys come from the policy.
//!
//! Guests only look keys up, so they cannot fill a table with collisions, and the defence against that, which costs more
//! than the look-up itself, is not needed.

use std::hash::{BuildHasherDefault, Hasher};

/// A table with keys from the policy.
pub(crate) type PolicyMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<FastHasher>>;

/// Multiplies and rotates, eight bytes at a time.
#[derive(Default)]
pub(crate) struct FastHasher(u64);

/// An odd number with well-spread bits: 2^64 divided by the golden ratio.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl FastHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(MULTIPLIER);
    }
}

impl Hasher for FastHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        self.add(u64::from_le_bytes(last));
    }

    fn write_u8(&mut self, byte: u8) {
        self.add(u64::from(byte));
    }

    fn finish(&self) -> u64 {
        // Tables use the upper bits as well as the lower ones; multiplying leaves the lower ones poor.
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::{BuildHasher, BuildHasherDefault};

    #[test]
    fn spreads_names_that_differ_little() {
        let build = BuildHasherDefault::<FastHasher>::default();
        let mut buckets = HashSet::new();
        let mut tags = HashSet::new();
        for number in 0..10_000 {
            let hash = build.hash_one(format!("d{number}"));
            buckets.insert(hash & 0xffff);
            tags.insert(hash >> 57);
        }
        // 10,000 names thrown into 65,536 buckets at random fill about 9,270 of them.
        assert!(buckets.len() > 8_500, "{}", buckets.len());
        assert_eq!(tags.len(), 128);
    }
}
