//! How servers may read a path.
//!
//! A server may decode a path more than once, or several servers in a row decode it; some accept overlong UTF-8, or
//! take a full-width character for the one it looks like. A path that would then have other segments than the ones
//! matched is refused. For a path that would then end earlier, a pattern has to match the shorter path too. And a grant
//! that asks also does so for what the most lenient server makes of a path.

use super::error::UrlError;
use super::text::{ENCODED_SLASH, hex_value, push_encoded};
use crate::escape::is_unseen;

/// Checks a canonical path. Returns where it could be cut: at the first encoded `?` or `#`.
pub(crate) fn check(path: &str) -> Result<Option<usize>, UrlError> {
    if !path.contains('%') {
        return Ok(None);
    }
    for segment in path.split('/').filter(|segment| segment.contains('%')) {
        // A server may also take `%2F` for a `/`. Everything else that decodes to one is refused.
        for part in segment.split(ENCODED_SLASH) {
            check_segment(part)?;
        }
    }
    Ok(cut(path, |byte| matches!(byte, b'?' | b'#')))
}

/// The position of the first of these characters that is encoded, once or more often.
pub(crate) fn cut(text: &str, is_end: impl Fn(u8) -> bool) -> Option<usize> {
    let starts = text.bytes().enumerate().filter(|(_, byte)| *byte == b'%').map(|(start, _)| start);
    let mut starts = starts.filter(|start| {
        let mut code = text.as_bytes().get(start + 1..).unwrap_or_default();
        while let Some(deeper @ [_, _, ..]) = code.strip_prefix(b"25") {
            code = deeper;
        }
        matches!(code, [high, low, ..] if pair(*high, *low).is_some_and(&is_end))
    });
    starts.next()
}

fn check_segment(segment: &str) -> Result<(), UrlError> {
    let encoding = || UrlError::AmbiguousEncoding(segment.to_owned());
    let decoded = fully_decoded(segment.bytes());
    if is_overlong(&decoded) {
        return Err(encoding());
    }
    let plain = plain(&decoded);
    if plain.contains(['/', '\\']) || plain.chars().any(|character| character.is_ascii_control()) {
        return Err(encoding());
    }
    let head = plain.split([';', '?', '#']).next().unwrap_or_default();
    let head: String = head.chars().filter(|character| !character.is_whitespace()).collect();
    if matches!(head.as_str(), "." | "..") {
        return Err(UrlError::AmbiguousSegment(segment.to_owned()));
    }
    let is_cut = |text: &str| text.contains(['?', '#']);
    if is_cut(&plain) && cut(segment, |byte| matches!(byte, b'?' | b'#')).is_none() {
        return Err(encoding());
    }
    Ok(())
}

/// Whether servers may read the path in different ways: [`lenient`] would then change it.
pub(super) fn has_other_reading(path: &str) -> bool {
    path.contains(['%', ';'])
        || path.as_bytes().windows(2).any(|pair| matches!(pair, b"//" | b"./"))
        || path.len() > 1 && path.ends_with(['/', '.'])
}

/// The path as the most lenient server reads it, in canonical form and without its leading `/`: decoded until nothing
/// is encoded, cut at a `?` or `#` that appears, and each segment without parameters, invisible characters, surrounding
/// white space and trailing dots. Segments that end up empty are dropped; if the last one does, the path ends in `/`.
pub(super) fn lenient(path: &str) -> String {
    let mut reading = String::with_capacity(path.len());
    let mut ends_empty = false;
    for segment in path.split('/') {
        let plain = plain(&fully_decoded(segment.bytes()));
        let kept = plain.split(['?', '#']).next().unwrap_or_default();
        // Decoding can have made one segment into several.
        for name in kept.split('/') {
            let name = name.split(';').next().unwrap_or_default().trim();
            let name = name.trim_end_matches(|character: char| character == '.' || character.is_whitespace());
            ends_empty = name.is_empty();
            if !ends_empty {
                if !reading.is_empty() {
                    reading.push('/');
                }
                push_encoded(&mut reading, name);
            }
        }
        if kept.len() < plain.len() {
            break;
        }
    }
    if ends_empty && !reading.is_empty() {
        reading.push('/');
    }
    reading
}

/// How many parameters a server sees in a part of a path if it decodes first: the number of `;`, however encoded.
pub(crate) fn parameters(text: &str) -> usize {
    if text.contains('%') {
        plain(&fully_decoded(text.bytes())).matches(';').count()
    } else {
        text.matches(';').count()
    }
}

/// Decoded bytes as the ASCII characters that a server may take them for.
fn plain(decoded: &[u8]) -> String {
    // One character for two dots counts as two.
    let decoded = String::from_utf8_lossy(decoded).replace(['\u{2025}', '\u{fe30}'], "..");
    let plain: String = decoded.chars().filter_map(looks_like).collect();
    // A full-width character may have been a percent sign.
    String::from_utf8_lossy(&fully_decoded(plain.bytes())).into_owned()
}

/// Decodes until no percent-encoding is left.
fn fully_decoded(text: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut decoded = Vec::new();
    for byte in text {
        decoded.push(byte);
        if let [.., b'%', high, low] = *decoded
            && let Some(inner) = pair(high, low)
        {
            decoded.truncate(decoded.len() - 3);
            // A decoded `%` begins the next encoding.
            decoded.push(inner);
        }
    }
    decoded
}

fn pair(high: u8, low: u8) -> Option<u8> {
    Some(hex_value(high)? << 4 | hex_value(low)?)
}

/// Whether there is an overlong sequence (RFC 3629 section 3).
fn is_overlong(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, 0xc0 | 0xc1))
        || bytes.windows(2).any(|pair| {
            matches!(pair, [0xe0, 0x80..=0x9f] | [0xf0, 0x80..=0x8f] | [0xf8, 0x80..=0x87] | [0xfc, 0x80..=0x83])
        })
}

/// The ASCII character that a character may be taken for: full-width forms and best-fit mappings of code pages. `None`
/// for invisible characters.
fn looks_like(character: char) -> Option<char> {
    Some(match character {
        '\u{ff01}'..='\u{ff5e}' => u32::from(character).checked_sub(0xfee0).and_then(char::from_u32)?,
        '\u{2024}' | '\u{fe52}' | '\u{3002}' | '\u{ff61}' => '.',
        '\u{2044}' | '\u{2215}' => '/',
        // In Japanese and Korean code pages the currency signs have the place of the backslash.
        '\u{2216}' | '\u{fe68}' | '\u{a5}' | '\u{20a9}' => '\\',
        '\u{fe54}' => ';',
        '\u{fe56}' => '?',
        '\u{fe5f}' => '#',
        '\u{fe6a}' => '%',
        // Controls and white space stay what they are.
        unseen if is_unseen(unseen) && !unseen.is_control() && !unseen.is_whitespace() => return None,
        other => other,
    })
}
