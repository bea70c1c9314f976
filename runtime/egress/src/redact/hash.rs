//! Compares windows of a text with secrets in constant time, by a rolling hash.
//!
//! Comparing byte by byte takes longer the more of a guess is right. So the text is hashed as it grows: a polynomial
//! over a prime field, with a new random base for each run. Each position costs one multiplication for each secret,
//! whatever the text and however long the secret is. Only if the whole hash is equal are the bytes compared.

use std::ops::Range;

use zeroize::Zeroizing;

/// The prime 2^61 - 1.
const MODULUS: u64 = (1 << 61) - 1;

/// Most bytes of a text that are kept. Older ones are dropped, but for the length of the longest secret and one more.
const ENTRIES_MAX: usize = 1536;

/// How many bytes are kept when older ones are dropped.
const ENTRIES_KEPT: usize = super::bounds::SECRET_BYTES_MAX + 1;

/// The sum of two numbers below the modulus.
fn add(a: u64, b: u64) -> u64 {
    let sum = a + b;
    if sum >= MODULUS { sum - MODULUS } else { sum }
}

/// The product of two numbers below the modulus.
fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    // Both halves have 61 bits.
    let low = u64::try_from(product & u128::from(MODULUS)).unwrap_or_default();
    let high = u64::try_from(product >> 61).unwrap_or_default();
    add(if low == MODULUS { 0 } else { low }, high)
}

/// The base of the hashes of one run.
#[derive(Clone, Copy)]
pub(super) struct Base(u64);

impl Base {
    /// Makes a base from random bits.
    pub(super) fn new(random: u64) -> Self {
        // Not 0, 1 or 2, with which the hash would be weak.
        Self(random % (MODULUS - 3) + 3)
    }

    fn then(self, hash: u64, byte: u8) -> u64 {
        add(multiply(hash, self.0), u64::from(byte) + 1)
    }
}

/// A text to search for.
#[derive(Clone)]
pub(super) struct Pattern {
    hash: u64,
    /// The base to the power of the text's length.
    power: u64,
    text: Zeroizing<Vec<u8>>,
}

impl Pattern {
    pub(super) fn new(base: Base, text: Zeroizing<Vec<u8>>) -> Self {
        let (mut hash, mut power) = (0, 1);
        for byte in text.iter() {
            hash = base.then(hash, *byte);
            power = multiply(power, base.0);
        }
        Self { hash, power, text }
    }
}

/// Where secrets were found, and the work it took.
#[derive(Default)]
pub(super) struct Findings {
    /// Ranges of secrets in the source.
    pub(super) ranges: Vec<Range<usize>>,
    /// Comparisons and decoded bytes so far, which tests compare with the text's length.
    #[cfg(test)]
    pub(super) steps: u64,
}

impl Findings {
    pub(super) fn step(&mut self, _count: usize) {
        #[cfg(test)]
        {
            self.steps += u64::try_from(_count).unwrap();
        }
    }
}

/// A text that grows byte by byte and is searched meanwhile.
pub(super) struct Lane {
    base: Base,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    /// The hash of everything up to this byte.
    hash: u64,
    /// Where the byte begins in the source.
    start: u32,
    byte: u8,
}

impl Lane {
    pub(super) fn new(base: Base) -> Self {
        Self { base, entries: Vec::new() }
    }

    /// Starts a new text.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Removes the last byte again.
    pub(super) fn pop(&mut self) {
        self.entries.pop();
    }

    /// Adds a byte at `start..end` in the source, and records each pattern that ends with it.
    pub(super) fn push(&mut self, byte: u8, start: u32, end: u32, patterns: &[Pattern], findings: &mut Findings) {
        if self.entries.len() >= ENTRIES_MAX {
            self.entries.drain(..ENTRIES_MAX - ENTRIES_KEPT);
        }
        let byte = folded(byte);
        let hash = self.base.then(self.entries.last().map_or(0, |entry| entry.hash), byte);
        self.entries.push(Entry { hash, start, byte });
        // No secret is shorter, so this reveals nothing of the actual ones.
        if self.entries.len() < super::bounds::SECRET_BYTES_MIN {
            return;
        }
        findings.step(patterns.len());
        for pattern in patterns {
            let length = pattern.text.len();
            let before = self.entries.get(self.entries.len().wrapping_sub(length + 1)).map_or(0, |entry| entry.hash);
            let expected = add(multiply(before, pattern.power), pattern.hash);
            if expected == hash && self.ends_with(&pattern.text) {
                self.note(length, end, findings);
            }
        }
    }

    fn ends_with(&self, text: &[u8]) -> bool {
        self.entries.len() >= text.len()
            && self.entries.iter().rev().zip(text.iter().rev()).all(|(entry, byte)| entry.byte == *byte)
    }

    fn note(&self, length: usize, end: u32, findings: &mut Findings) {
        let first = self.entries.len().checked_sub(length).and_then(|first| self.entries.get(first));
        let Some(start) = first.and_then(|entry| usize::try_from(entry.start).ok()) else { return };
        let end = usize::try_from(end).unwrap_or(usize::MAX);
        if end.saturating_sub(start) <= super::bounds::SPELLING_BYTES_MAX {
            findings.ranges.push(start..end);
        }
    }
}

/// Maps all variants of a character to one: header names lose the case of letters, forms turn spaces into `+`.
pub(super) fn folded(byte: u8) -> u8 {
    match byte {
        b' ' => b'+',
        other => other.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(base: Base, text: &[u8]) -> Pattern {
        Pattern::new(base, text.to_vec().into())
    }

    fn found(text: &[u8], patterns: &[Pattern], base: Base) -> Vec<Range<usize>> {
        let (mut lane, mut findings) = (Lane::new(base), Findings::default());
        for (start, byte) in (0..).zip(text) {
            lane.push(*byte, start, start + 1, patterns, &mut findings);
        }
        findings.ranges
    }

    #[test]
    fn arithmetic_is_that_of_the_field() {
        for a in [0, 1, 2, 3, MODULUS / 2, MODULUS - 2, MODULUS - 1] {
            for b in [0, 1, 2, 12_345, MODULUS / 3, MODULUS - 1] {
                let exact = u128::from(a) * u128::from(b) % u128::from(MODULUS);
                assert_eq!(u128::from(multiply(a, b)), exact, "{a} * {b}");
            }
        }
    }

    #[test]
    fn finds_what_is_there_with_any_base_and_nothing_else() {
        for random in [0, 1, u64::MAX, MODULUS, 0x1234_5678_9abc_def0] {
            let base = Base::new(random);
            let patterns = [pattern(base, b"abcdefgh"), pattern(base, b"bcdefghij")];
            assert_eq!(found(b"xxABCDEFGHIJabcdefg", &patterns, base), [2..10, 3..12]);
        }
    }

    #[test]
    fn finds_the_longest_secret_behind_any_length_of_text() {
        let base = Base::new(7);
        let secret: Vec<u8> =
            (0..super::super::SECRET_BYTES_MAX).map(|index| b'a' + u8::try_from(index % 23).unwrap()).collect();
        let patterns = [pattern(base, &secret)];
        for before in [0, 1, 500, 1022, 1023, 1024, 1025, 1536, 5000] {
            let text = [vec![b'.'; before], secret.clone()].concat();
            let range = before..text.len();
            assert_eq!(found(&text, &patterns, base), [range], "{before}");
        }
    }
}
