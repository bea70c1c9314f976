//! Items of this format: where one ends, and whether it is allowed.
//!
//! Only what the format uses: integers, byte and text strings, arrays, maps, payload references, booleans and null.

use std::str;

use wasm_agent_cbor::major::{ARRAY, BYTES, MAP, TAG, TEXT};
use wasm_agent_cbor::{split_head, split_int, split_uint};

use crate::format::{DEPTH_MAX, PAYLOAD_TAG};

/// Splits off the first item of `input`, or gives `None` if `input` does not begin with a whole item of this format.
///
/// Texts must be UTF-8, lengths definite, and nesting at most [`DEPTH_MAX`], the record's own array included. Every
/// item that passes can be shown.
pub(crate) fn split_item(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = skip(input, 1)?;
    input.split_at_checked(input.len() - rest.len())
}

/// Whether `input` is exactly one item of this format.
pub(crate) fn is_item(input: &[u8]) -> bool {
    skip(input, 0).is_some_and(<[u8]>::is_empty)
}

/// How long a scalar is, by its first byte: an integer, false, true or null. 0 for everything else.
const SCALARS: [u8; 256] = {
    let mut lengths = [0; 256];
    let mut first = 0;
    while first < 0x40 {
        #[expect(clippy::indexing_slicing, reason = "in a constant it is the compiler that panics")]
        {
            lengths[first] = match first & 0x1f {
                0..24 => 1,
                24 => 2,
                25 => 3,
                26 => 5,
                27 => 9,
                _ => 0,
            };
        }
        first += 1;
    }
    (lengths[0xf4], lengths[0xf5], lengths[0xf6]) = (1, 1, 1);
    lengths
};

/// Skips an integer of 64 bits with a sign.
#[inline]
pub(crate) fn skip_int(input: &[u8]) -> Option<&[u8]> {
    match input.first()? {
        // Shorter ones are in range.
        first @ (0x00..0x1b | 0x20..0x3b) => {
            let length = SCALARS.get(usize::from(*first)).filter(|length| **length > 0)?;
            input.get(usize::from(*length)..)
        }
        _ => split_int(input).map(|(_, rest)| rest),
    }
}

/// Skips one item.
#[inline]
pub(crate) fn skip(input: &[u8], depth: usize) -> Option<&[u8]> {
    let first = input.first()?;
    // Most items are scalars, and need no look at their value.
    match SCALARS.get(usize::from(*first)) {
        None | Some(0) => skip_contents(input, depth),
        Some(length) => input.get(usize::from(*length)..),
    }
}

/// Skips an item with contents. Recursion ends at [`DEPTH_MAX`], whatever the input.
fn skip_contents(input: &[u8], depth: usize) -> Option<&[u8]> {
    let (major, argument, rest) = split_head(input)?;
    match major {
        BYTES | TEXT => {
            let (contents, rest) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
            (major == BYTES || str::from_utf8(contents).is_ok()).then_some(rest)
        }
        ARRAY => skip_all(rest, argument, depth + 1),
        MAP => skip_all(rest, argument.checked_mul(2)?, depth + 1),
        TAG => skip_reference(rest).filter(|_| argument == PAYLOAD_TAG && depth + 1 < DEPTH_MAX),
        // Scalars are skipped already; what is left of them is not of this format.
        _ => None,
    }
}

/// Skips the items of an array, map or tag.
fn skip_all(mut input: &[u8], count: u64, depth: usize) -> Option<&[u8]> {
    if depth > DEPTH_MAX {
        return None;
    }
    for _ in 0..count {
        input = skip(input, depth)?;
    }
    Some(input)
}

/// Skips the array after the tag of a payload reference: a digest, a length, and perhaps an offset.
fn skip_reference(input: &[u8]) -> Option<&[u8]> {
    let (ARRAY, fields @ (2 | 3), rest) = split_head(input)? else { return None };
    let (BYTES, 32, rest) = split_head(rest)? else { return None };
    let (_, rest) = split_uint(rest.get(32..)?)?;
    if fields == 2 { Some(rest) } else { split_uint(rest).map(|(_, rest)| rest) }
}

#[cfg(test)]
mod tests {
    use wasm_agent_cbor::{array, boolean, bytes, int, map, null, tag, text, uint};

    use super::*;

    #[test]
    fn steps_over_exactly_one_item() {
        let mut items = Vec::new();
        array(&mut items, 3);
        int(&mut items, -70_000);
        map(&mut items, 1);
        text(&mut items, "key");
        tag(&mut items, PAYLOAD_TAG);
        array(&mut items, 2);
        bytes(&mut items, &[0; 32]);
        uint(&mut items, 300);
        null(&mut items);
        let whole = items.len();
        assert!(is_item(&items));
        boolean(&mut items, true);
        assert!(!is_item(&items));
        assert_eq!(split_item(&items).map(|(item, rest)| (item.len(), rest)), Some((whole, [0xf5].as_slice())));
        for cut in 0..whole {
            assert_eq!(split_item(&items[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn refuses_what_the_format_does_not_use() {
        let refused: [&[u8]; 13] = [
            b"\xc1\x00",
            b"\xd9\xae\x39\x00",
            b"\xd9\xae\x39\x82\x41a\x00",
            b"",
            b"\x9f\xff",
            b"\x5f\x41a\xff",
            b"\x62\xff\xfe",
            b"\xf7",
            b"\xe0",
            b"\xf9\x3c\x00",
            b"\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00",
            b"\x1c",
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        ];
        for input in refused {
            assert!(!is_item(input), "{input:x?}");
        }
    }

    #[test]
    fn refuses_nesting_past_the_bound() {
        let reference = [b"\xd9\xae\x39\x82\x58\x20".as_slice(), &[0; 32], &[0]].concat();
        let behind = |depth| [vec![0x81; depth], reference.clone()].concat();
        assert!(is_item(&behind(DEPTH_MAX - 2)));
        assert!(!is_item(&behind(DEPTH_MAX - 1)));
        let nested = |depth: usize| [vec![0x81; depth], vec![0x00]].concat();
        assert!(is_item(&nested(DEPTH_MAX)));
        assert!(!is_item(&nested(DEPTH_MAX + 1)));
        assert!(!is_item(&nested(1_000_000)));
    }
}
