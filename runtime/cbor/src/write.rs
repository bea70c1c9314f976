//! Appending items.

use crate::{FALSE, NULL, TRUE, major, wide};

/// Appends a head: the major type, and the argument in its shortest form.
#[inline]
fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    match u8::try_from(argument) {
        // Most heads are one byte, which is written without a call.
        Ok(short @ ..24) => out.push((major << 5) | short),
        _ => long_head(out, major << 5, argument),
    }
}

fn long_head(out: &mut Vec<u8>, major: u8, argument: u64) {
    if let Ok(short) = u8::try_from(argument) {
        out.extend_from_slice(&[major | 24, short]);
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

/// Appends an unsigned integer.
#[inline]
pub fn uint(out: &mut Vec<u8>, value: u64) {
    head(out, major::UINT, value);
}

/// Appends an integer.
#[inline]
pub fn int(out: &mut Vec<u8>, value: i64) {
    // CBOR stores -1 - n for a negative n, which is its bitwise complement.
    match u64::try_from(value) {
        Ok(value) => head(out, major::UINT, value),
        Err(_) => head(out, major::NEGATIVE, (!value).cast_unsigned()),
    }
}

/// Appends a byte string.
#[inline]
pub fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    bytes_head(out, value.len());
    out.extend_from_slice(value);
}

/// Appends the head of a byte string. The caller appends its contents.
#[inline]
pub fn bytes_head(out: &mut Vec<u8>, length: usize) {
    head(out, major::BYTES, wide(length));
}

/// Appends a text string.
#[inline]
pub fn text(out: &mut Vec<u8>, value: &str) {
    head(out, major::TEXT, wide(value.len()));
    out.extend_from_slice(value.as_bytes());
}

/// Appends the head of an array. The caller appends its `length` items.
#[inline]
pub fn array(out: &mut Vec<u8>, length: usize) {
    array_head(out, wide(length));
}

/// As [`array`], for a length that was announced rather than counted in memory.
#[inline]
pub fn array_head(out: &mut Vec<u8>, length: u64) {
    head(out, major::ARRAY, length);
}

/// Appends the head of a map. The caller appends its `length` entries: key, value, key, value.
#[inline]
pub fn map(out: &mut Vec<u8>, length: usize) {
    map_head(out, wide(length));
}

/// As [`map`], for a length that was announced rather than counted in memory.
#[inline]
pub fn map_head(out: &mut Vec<u8>, length: u64) {
    head(out, major::MAP, length);
}

/// Appends a tag. The caller appends the item that it qualifies.
#[inline]
pub fn tag(out: &mut Vec<u8>, number: u64) {
    head(out, major::TAG, number);
}

/// Appends `true` or `false`.
#[inline]
pub fn boolean(out: &mut Vec<u8>, value: bool) {
    out.push(if value { TRUE } else { FALSE });
}

/// Appends `null`.
#[inline]
pub fn null(out: &mut Vec<u8>) {
    out.push(NULL);
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn writes_integers_at_every_bound_as_a_library_reads_them() {
        let values = [0, 23, 24, 0xff, 0x100, 0xffff, 0x1_0000, 0xffff_ffff, 1 << 32, i64::MAX];
        for value in values.into_iter().flat_map(|value| [value, !value]) {
            let mut out = Vec::new();
            int(&mut out, value);
            uint(&mut out, value.cast_unsigned());
            uint(&mut out, u64::MAX);
            int(&mut out, i64::MIN);
            let mut decoder = minicbor::Decoder::new(&out);
            assert_eq!(decoder.i64().unwrap(), value);
            assert_eq!(decoder.u64().unwrap(), value.cast_unsigned());
            assert_eq!(decoder.u64().unwrap(), u64::MAX);
            assert_eq!(decoder.i64().unwrap(), i64::MIN);
            assert_eq!(decoder.position(), out.len());
        }
    }
}
