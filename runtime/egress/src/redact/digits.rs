//! Decodes hexadecimal and base64, from every position in a text.

use super::hash::{Base, Findings, Lane, Pattern};

/// Most bytes between two digits of one number or text: a line end with the next line's indentation, or separators
/// between numbers.
pub(super) const GAP_BYTES_MAX: usize = 16;

/// Hexadecimal. It is not known where a pair begins, so both ways to pair the digits are followed.
pub(super) struct Hexadecimal {
    lanes: [Lane; 2],
    /// The digits so far, with their values and their positions in the source.
    digits: Vec<(u8, u32)>,
    gap: usize,
    /// Digits in a row without a gap, up to here.
    run: usize,
    /// Whether the previous byte is a `0`.
    zero: bool,
}

impl Hexadecimal {
    pub(super) fn new(base: Base) -> Self {
        Self { lanes: [Lane::new(base), Lane::new(base)], digits: Vec::new(), gap: 0, run: 0, zero: false }
    }

    pub(super) fn clear(&mut self) {
        self.digits.clear();
        self.lanes.iter_mut().for_each(Lane::clear);
        self.gap = 0;
        self.run = 0;
        self.zero = false;
    }

    /// Takes the next byte of a text, at `start..end` in the source.
    #[inline]
    pub(super) fn next(&mut self, byte: u8, start: u32, end: u32, patterns: &[Pattern], findings: &mut Findings) {
        let zero = std::mem::replace(&mut self.zero, byte == b'0');
        if let Some(value) = char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok()) {
            self.gap = 0;
            self.run += 1;
            let parity = self.digits.len() & 1;
            if let (Some((high, from)), Some(lane)) = (self.digits.last(), self.lanes.get_mut(parity)) {
                lane.push(high << 4 | value, *from, end, patterns, findings);
            }
            self.digits.push((value, start));
            return;
        }
        // The case of nearly every byte of a text: no number has begun.
        if self.digits.is_empty() {
            return;
        }
        // In `0x41`, `0x410x42` and `, 0x41` the zero is not a digit; in `30x41` it ends a byte.
        let pairs = self.run.is_multiple_of(2);
        self.run = 0;
        if zero && !pairs && matches!(byte, b'x' | b'X') {
            self.take_back();
        }
        let is_mark = matches!(byte, b'x' | b'X' | b'h' | b'H');
        self.gap += 1;
        if !(is_mark || byte.is_ascii() && !byte.is_ascii_alphanumeric()) || self.gap > GAP_BYTES_MAX {
            self.clear();
        }
    }

    /// Removes the last digit again.
    fn take_back(&mut self) {
        self.digits.pop();
        if !self.digits.is_empty()
            && let Some(lane) = self.lanes.get_mut(self.digits.len() & 1)
        {
            lane.pop();
        }
    }
}

/// Base64, in the standard or the URL alphabet. It is not known where a group of four begins, so all four ways are
/// followed.
pub(super) struct Base64 {
    lanes: [Lane; 4],
    count: usize,
    last: Option<(u8, u32)>,
    gap: usize,
}

impl Base64 {
    pub(super) fn new(base: Base) -> Self {
        Self { lanes: [(); 4].map(|()| Lane::new(base)), count: 0, last: None, gap: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.last = None;
        self.lanes.iter_mut().for_each(Lane::clear);
        self.gap = 0;
    }

    /// Takes the next byte of a text, at `start..end` in the source.
    #[inline]
    pub(super) fn next(&mut self, byte: u8, start: u32, end: u32, patterns: &[Pattern], findings: &mut Findings) {
        let Some(value) = sextet(byte) else {
            if self.last.is_some() {
                self.gap += 1;
                if !matches!(byte, b'\r' | b'\n' | b'\t' | b' ' | b'=') || self.gap > GAP_BYTES_MAX {
                    self.clear();
                }
            }
            return;
        };
        self.gap = 0;
        if let Some((before, from)) = self.last {
            // It ends the first, second or third byte of its group, depending on whether the group began one, two or
            // three characters before.
            for (behind, byte) in
                [(1, before << 2 | value >> 4), (2, before << 4 | value >> 2), (3, before << 6 | value)]
            {
                if let Some(lane) = self.lanes.get_mut(self.count.wrapping_sub(behind) & 3) {
                    lane.push(byte, from, end, patterns, findings);
                }
            }
        }
        self.count = self.count.wrapping_add(1);
        self.last = Some((value, start));
    }
}

/// The value of a base64 character.
fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}
