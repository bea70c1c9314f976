//! Changes to inputs that are the same every time: what a fuzzer does, without one.

use crate::forge;

/// Bytes that mean something where lengths, heads and texts are read.
const TELLING: [u8; 16] =
    [0x00, 0x01, 0x17, 0x18, 0x19, 0x1b, 0x20, 0x40, 0x58, 0x60, 0x7f, 0x80, 0x9f, 0xd9, 0xf6, 0xff];

/// Makes changes, one after another.
#[derive(Debug, Clone)]
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// Changes that this number alone decides.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number below a bound, by SplitMix64.
    pub fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    /// Changes some bytes.
    pub fn bytes(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            let length = self.below(9).min(bytes.len() - at);
            match self.below(7) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 if !bytes.is_empty() => bytes[at] = TELLING[self.below(TELLING.len())],
                2 => bytes.insert(at, TELLING[self.below(TELLING.len())]),
                3 => drop(bytes.drain(at..at + length)),
                4 => {
                    let copied = bytes[at..at + length].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, copied);
                }
                5 => {
                    let to = self.below(bytes.len());
                    let (from, length) = (at, length.min(bytes.len() - to));
                    bytes.copy_within(from..from + length, to);
                }
                _ if self.below(8) == 0 => bytes.truncate(at),
                _ if !bytes.is_empty() => bytes[at] = bytes[at].wrapping_add(1),
                _ => bytes.push(0),
            }
        }
    }

    /// Changes some records: takes one out, repeats it, moves it, or changes bytes in it.
    pub fn records(&mut self, payloads: &mut Vec<Vec<u8>>) {
        for _ in 0..=self.below(2) {
            if payloads.is_empty() {
                return;
            }
            let (at, to) = (self.below(payloads.len()), self.below(payloads.len()));
            match self.below(8) {
                0 => drop(payloads.remove(at)),
                1 => payloads.insert(to, payloads[at].clone()),
                2 => payloads.swap(at, to),
                3 if self.below(4) == 0 => payloads.truncate(at),
                _ => self.bytes(&mut payloads[at]),
            }
        }
    }

    /// A journal with some records changed and everything else made to fit.
    pub fn journal(&mut self, journal: &[u8]) -> Vec<u8> {
        let mut payloads = forge::payloads(journal);
        self.records(&mut payloads);
        payloads.retain(|payload| !payload.is_empty());
        forge::journal(&payloads, None)
    }
}
