//! Splitting items off the front of bytes.

use crate::major;

/// An item's major type and argument, and the bytes after the head.
pub type Head<'a> = (u8, u64, &'a [u8]);

/// Splits off a head, or gives `None` where there is none.
///
/// Refuses indefinite lengths, reserved forms, and simple values and floats of more than one byte. Takes heads that are
/// not the shortest.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a few instructions for most items, and every item of a journal has a head")]
#[must_use]
pub fn split_head(input: &[u8]) -> Option<Head<'_>> {
    let (first, rest) = input.split_first()?;
    let (major, info) = (first >> 5, first & 0x1f);
    let (argument, rest) = match info {
        0..24 => (u64::from(info), rest),
        24..28 if major == major::SIMPLE => return None,
        24 => {
            let (value, rest) = rest.split_first()?;
            (u64::from(*value), rest)
        }
        25 => {
            let (value, rest) = rest.split_first_chunk()?;
            (u64::from(u16::from_be_bytes(*value)), rest)
        }
        26 => {
            let (value, rest) = rest.split_first_chunk()?;
            (u64::from(u32::from_be_bytes(*value)), rest)
        }
        27 => {
            let (value, rest) = rest.split_first_chunk()?;
            (u64::from_be_bytes(*value), rest)
        }
        _ => return None,
    };
    Some((major, argument, rest))
}

/// Reads the head of a byte string: the length of its contents, and of the head itself, in bytes.
#[inline]
#[must_use]
pub fn split_bytes_head(input: &[u8]) -> Option<(usize, usize)> {
    let (major, argument, rest) = split_head(input)?;
    let length = usize::try_from(argument).ok()?;
    (major == major::BYTES).then_some((length, input.len() - rest.len()))
}

/// Splits off an unsigned integer.
#[inline]
#[must_use]
pub fn split_uint(input: &[u8]) -> Option<(u64, &[u8])> {
    let (major, argument, rest) = split_head(input)?;
    (major == major::UINT).then_some((argument, rest))
}

/// Splits off a signed integer of 64 bits.
#[inline]
#[must_use]
pub fn split_int(input: &[u8]) -> Option<(i64, &[u8])> {
    let (major, argument, rest) = split_head(input)?;
    let value = i64::try_from(argument).ok().filter(|_| major <= major::NEGATIVE)?;
    Some((if major == major::UINT { value } else { !value }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bytes, int, text, uint};

    #[test]
    fn reads_the_integers_that_it_writes() {
        for value in [0, 23, 24, 0xffff, 0x1_0000, i64::MAX, -1, -24, -25, i64::MIN] {
            let mut out = Vec::new();
            int(&mut out, value);
            out.push(0xf6);
            assert_eq!(split_int(&out), Some((value, [0xf6].as_slice())));
            assert_eq!(split_uint(&out).is_some(), value >= 0);
        }
        let mut out = Vec::new();
        uint(&mut out, u64::MAX);
        assert_eq!(split_uint(&out), Some((u64::MAX, [].as_slice())));
        assert_eq!(split_int(&out), None);
    }

    #[test]
    fn takes_only_byte_strings_for_byte_strings() {
        let (mut string, mut letters) = (Vec::new(), Vec::new());
        bytes(&mut string, &[7; 300]);
        text(&mut letters, "abc");
        assert_eq!(split_bytes_head(&string), Some((300, 3)));
        assert_eq!(split_bytes_head(&letters), None);
    }

    #[test]
    fn refuses_heads_without_a_definite_argument_and_cut_ones() {
        let refused: [&[u8]; 9] = [
            b"",
            b"\x18",
            b"\x19\x01",
            b"\x1b\0\0\0\0\0\0\0",
            b"\x1c",
            b"\x5f",
            b"\x9f",
            b"\xf9\x3c\x00",
            b"\xfb\x3f\xf0\0\0\0\0\0\0",
        ];
        for input in refused {
            assert_eq!(split_head(input), None, "{input:x?}");
        }
    }
}
