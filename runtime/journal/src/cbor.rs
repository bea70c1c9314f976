//! Deterministic CBOR (RFC 8949, section 4.2.1): writing items, and stepping over them.
//!
//! Only what the format uses: integers, byte and text strings, arrays, maps, payload references, booleans and null, all
//! with definite lengths and shortest heads. No floats. Whoever writes a map puts its keys in order.

use std::str;

use crate::format::{DEPTH_MAX, PAYLOAD_TAG};

pub(crate) const UINT: u8 = 0;
pub(crate) const NEGATIVE: u8 = 1;
pub(crate) const BYTES: u8 = 2;
pub(crate) const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
pub(crate) const NULL: u8 = 0xf6;

/// Writes an item's head: major type and argument in the shortest form.
fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let major = major << 5;
    if let Ok(short) = u8::try_from(argument) {
        if short < 24 {
            out.push(major | short);
        } else {
            out.extend_from_slice(&[major | 24, short]);
        }
    } else if let Ok(short) = u16::try_from(argument) {
        let [a, b] = short.to_be_bytes();
        out.extend_from_slice(&[major | 25, a, b]);
    } else if let Ok(short) = u32::try_from(argument) {
        let [a, b, c, d] = short.to_be_bytes();
        out.extend_from_slice(&[major | 26, a, b, c, d]);
    } else {
        out.push(major | 27);
        out.extend_from_slice(&argument.to_be_bytes());
    }
}

pub(crate) fn uint(out: &mut Vec<u8>, value: u64) {
    head(out, UINT, value);
}

pub(crate) fn int(out: &mut Vec<u8>, value: i64) {
    // CBOR stores -1 - n for a negative n, which is its bitwise complement.
    match u64::try_from(value) {
        Ok(value) => head(out, UINT, value),
        Err(_) => head(out, NEGATIVE, (!value).cast_unsigned()),
    }
}

pub(crate) fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    bytes_head(out, value.len());
    out.extend_from_slice(value);
}

/// Writes the head of a byte string whose contents the caller appends.
pub(crate) fn bytes_head(out: &mut Vec<u8>, length: usize) {
    head(out, BYTES, wide(length));
}

pub(crate) fn text(out: &mut Vec<u8>, value: &str) {
    head(out, TEXT, wide(value.len()));
    out.extend_from_slice(value.as_bytes());
}

pub(crate) fn array(out: &mut Vec<u8>, length: usize) {
    array_of(out, wide(length));
}

pub(crate) fn array_of(out: &mut Vec<u8>, length: u64) {
    head(out, ARRAY, length);
}

pub(crate) fn map(out: &mut Vec<u8>, length: usize) {
    map_of(out, wide(length));
}

pub(crate) fn map_of(out: &mut Vec<u8>, length: u64) {
    head(out, MAP, length);
}

pub(crate) fn tag(out: &mut Vec<u8>, number: u64) {
    head(out, TAG, number);
}

pub(crate) fn boolean(out: &mut Vec<u8>, value: bool) {
    out.push(if value { TRUE } else { FALSE });
}

pub(crate) fn null(out: &mut Vec<u8>) {
    out.push(NULL);
}

/// Widens a length. No platform that Rust supports has a `usize` above 64 bits.
pub(crate) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// Splits the first item off `input`, or `None` where no whole item of this format stands there.
///
/// Strings must be UTF-8, lengths definite, nesting at most [`DEPTH_MAX`], the record's own array included: whatever
/// passes here can be shown.
pub(crate) fn split_item(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = skip(input, 1)?;
    input.split_at_checked(input.len() - rest.len())
}

/// Whether `input` is exactly one item of this format.
pub(crate) fn is_item(input: &[u8]) -> bool {
    skip(input, 0).is_some_and(<[u8]>::is_empty)
}

/// Reads the head of a byte string: the length of its contents, and of the head itself.
pub(crate) fn split_bytes_head(input: &[u8]) -> Option<(usize, usize)> {
    let (major, argument, rest) = split_head(input)?;
    let length = usize::try_from(argument).ok()?;
    (major == BYTES).then_some((length, input.len() - rest.len()))
}

/// Splits off an unsigned integer.
#[inline]
pub(crate) fn split_uint(input: &[u8]) -> Option<(u64, &[u8])> {
    let (major, argument, rest) = split_head(input)?;
    (major == UINT).then_some((argument, rest))
}

/// Splits off an integer of 64 bits with a sign.
#[inline]
pub(crate) fn split_int(input: &[u8]) -> Option<(i64, &[u8])> {
    let (major, argument, rest) = split_head(input)?;
    let value = i64::try_from(argument).ok().filter(|_| major <= NEGATIVE)?;
    Some((if major == UINT { value } else { !value }, rest))
}

/// Steps over one item. Recursion ends at [`DEPTH_MAX`], whatever the input.
fn skip(input: &[u8], depth: usize) -> Option<&[u8]> {
    let (major, argument, rest) = split_head(input)?;
    match major {
        UINT | NEGATIVE => Some(rest),
        BYTES | TEXT => {
            let (contents, rest) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
            (major == BYTES || str::from_utf8(contents).is_ok()).then_some(rest)
        }
        ARRAY => skip_all(rest, argument, depth + 1),
        MAP => skip_all(rest, argument.checked_mul(2)?, depth + 1),
        TAG => skip_reference(rest).filter(|_| argument == PAYLOAD_TAG && depth + 1 < DEPTH_MAX),
        // False, true and null.
        _ => (20..=22).contains(&argument).then_some(rest),
    }
}

/// Steps over `items` items without going into any function again, or gives up: `None` says nothing about the input.
///
/// Takes only what [`split_item`] takes. Arrays, maps and tags are counted instead of their depth, which is no larger.
#[inline]
pub(crate) fn skip_flat(mut input: &[u8], mut items: u64) -> Option<&[u8]> {
    let mut opened = 0;
    while items > 0 {
        items -= 1;
        // Most items are numbers, and most of those say by their first byte how long they are.
        let (&first, rest) = input.split_first()?;
        match first {
            0x00..=0x17 | 0x20..=0x37 | FALSE | TRUE | NULL => {
                input = rest;
                continue;
            }
            0x1a | 0x3a => {
                input = rest.get(4..)?;
                continue;
            }
            0x1b | 0x3b => {
                input = rest.get(8..)?;
                continue;
            }
            0x80..=0x97 => {
                opened += 1;
                items = items.checked_add((first & 0x1f).into()).filter(|_| opened < DEPTH_MAX)?;
                input = rest;
                continue;
            }
            _ => {}
        }
        let (major, argument, rest) = split_head(input)?;
        input = rest;
        match major {
            UINT | NEGATIVE => {}
            BYTES => input = input.get(usize::try_from(argument).ok()?..)?,
            TEXT => {
                let (contents, rest) = input.split_at_checked(usize::try_from(argument).ok()?)?;
                if !contents.is_ascii() && str::from_utf8(contents).is_err() {
                    return None;
                }
                input = rest;
            }
            ARRAY | MAP => {
                opened += 1;
                let inside = argument.checked_mul(if major == MAP { 2 } else { 1 })?;
                items = items.checked_add(inside).filter(|_| opened < DEPTH_MAX)?;
            }
            TAG => {
                opened += 2;
                input = skip_reference(input).filter(|_| argument == PAYLOAD_TAG && opened < DEPTH_MAX)?;
            }
            _ if (20..=22).contains(&argument) => {}
            _ => return None,
        }
    }
    Some(input)
}

/// Steps over the items of an array, map or tag.
fn skip_all(mut input: &[u8], count: u64, depth: usize) -> Option<&[u8]> {
    if depth > DEPTH_MAX {
        return None;
    }
    for _ in 0..count {
        input = skip(input, depth)?;
    }
    Some(input)
}

/// Steps over what the tag of a payload reference stands before: a digest, a length, and an offset or none.
fn skip_reference(input: &[u8]) -> Option<&[u8]> {
    let (ARRAY, fields @ (2 | 3), rest) = split_head(input)? else { return None };
    let (BYTES, 32, rest) = split_head(rest)? else { return None };
    let (_, rest) = split_uint(rest.get(32..)?)?;
    if fields == 2 { Some(rest) } else { split_uint(rest).map(|(_, rest)| rest) }
}

/// Reads a head. Refuses indefinite lengths, reserved forms, and simple values and floats in more than one byte.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a few instructions for most items, and every item of a journal has one")]
pub(crate) fn split_head(input: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (first, rest) = input.split_first()?;
    let (major, info) = (first >> 5, first & 0x1f);
    let (argument, rest) = match info {
        0..24 => (u64::from(info), rest),
        24..28 if major == 7 => return None,
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

#[cfg(test)]
mod tests {
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

    #[test]
    fn writes_integers_in_the_shortest_form() {
        for (value, length) in [(0, 1), (23, 1), (24, 2), (255, 2), (256, 3), (65_536, 5), (1 << 32, 9)] {
            let mut positive = Vec::new();
            int(&mut positive, value);
            assert_eq!(positive.len(), length, "{value}");
            let mut negative = Vec::new();
            int(&mut negative, -1 - value);
            assert_eq!(negative.len(), length, "{value}");
            assert_eq!(minicbor::decode::<i64>(&negative).unwrap(), -1 - value);
        }
    }
}
