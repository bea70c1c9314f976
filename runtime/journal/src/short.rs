//! [`Short`]: the integers that every call begins with, put together without looking for room before each.

/// Bytes that two and four integers take at most.
const SHORT_BYTES: usize = 2 + 4 * HEAD_BYTES;

/// Bytes of the longest integer.
const HEAD_BYTES: usize = 9;

/// The start of a record: two bytes, then at most four integers. What `cbor` writes, byte for byte.
pub(crate) struct Short {
    bytes: [u8; SHORT_BYTES],
    length: usize,
}

impl Short {
    /// Two bytes: the head of the record's array, and its kind.
    #[inline]
    pub(crate) fn of(array: u8, kind: u8) -> Self {
        let mut bytes = [0; SHORT_BYTES];
        if let Some(start) = bytes.first_chunk_mut() {
            *start = [array, kind];
        }
        Self { bytes, length: 2 }
    }

    /// Adds an unsigned integer.
    #[inline]
    pub(crate) fn uint(&mut self, value: u64) {
        self.head(0, value);
    }

    /// Adds an integer.
    #[inline]
    pub(crate) fn int(&mut self, value: i64) {
        // CBOR stores -1 - n for a negative n, which is its bitwise complement.
        let sign = value >> 63;
        self.head(if sign == 0 { 0 } else { 0x20 }, (value ^ sign).cast_unsigned());
    }

    #[inline]
    fn head(&mut self, major: u8, argument: u64) {
        let (info, width) = match argument {
            0..24 => (low(argument), 0_u8),
            24..0x100 => (24, 1),
            0x100..0x1_0000 => (25, 2),
            0x1_0000..0x1_0000_0000 => (26, 4),
            _ => (27, 8),
        };
        // All eight bytes are written each time. Those that are too many make room for the next integer, or are left out.
        let place = self.bytes.get_mut(self.length..).and_then(<[u8]>::first_chunk_mut::<HEAD_BYTES>);
        if let Some([first, rest @ ..]) = place {
            *first = major | info;
            *rest = argument.checked_shl(64 - 8 * u32::from(width)).unwrap_or_default().to_be_bytes();
        }
        self.length += 1 + usize::from(width);
    }

    /// What was put together.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[inline]
fn low(argument: u64) -> u8 {
    let [low, ..] = argument.to_le_bytes();
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cbor;

    #[test]
    fn writes_integers_as_elsewhere() {
        let values = [0, 23, 24, 0xff, 0x100, 0xffff, 0x1_0000, 0xffff_ffff, 1 << 32, i64::MAX];
        for value in values.into_iter().flat_map(|value| [value, !value]) {
            let (mut short, mut expected) = (Short::of(0x87, 4), vec![0x87, 4]);
            short.int(value);
            cbor::int(&mut expected, value);
            for value in [value.cast_unsigned(), u64::MAX] {
                short.uint(value);
                cbor::uint(&mut expected, value);
            }
            short.int(i64::MIN);
            cbor::int(&mut expected, i64::MIN);
            assert_eq!(short.bytes(), expected);
        }
    }
}
