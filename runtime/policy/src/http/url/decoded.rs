//! What a server may make of a path.
//!
//! Servers decode a path once, or several do it one after the other; some take more bytes for a character than UTF-8
//! allows, or a full-width character for the one it looks like. A path that would then have other segments than the
//! ones that are matched is refused. One that would then end earlier is cut: a pattern has to match what is left of it
//! too. And a grant that asks does so for what the most lenient server makes of a path.

use super::UrlError;
use super::text::{hex_value, push_encoded};
use crate::escape::is_unseen;

/// Checks a canonical path. Answers where it could be cut: at the first encoded `?` or `#`.
pub(crate) fn check(path: &str) -> Result<Option<usize>, UrlError> {
    if !path.contains('%') {
        return Ok(None);
    }
    for segment in path.split('/').filter(|segment| segment.contains('%')) {
        check_segment(segment)?;
    }
    Ok(cut(path, |byte| matches!(byte, b'?' | b'#')))
}

/// Where the first of these characters is that is encoded, once or more often.
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

/// Whether there is anything in a path that servers read differently: [`lenient`] would then differ from it.
pub(super) fn has_other_reading(path: &str) -> bool {
    path.contains(['%', ';'])
        || path.as_bytes().windows(2).any(|pair| matches!(pair, b"//" | b"./"))
        || path.len() > 1 && path.ends_with(['/', '.'])
}

/// What the most lenient server reads a path as, in canonical form and without its leading `/`: decoded until nothing
/// is encoded, cut at a `?` or `#` that comes of it, and each segment without its parameters, invisible characters,
/// white space around it and dots behind it. Segments of which nothing is left are dropped; after a last one there is a
/// `/`.
pub(super) fn lenient(path: &str) -> String {
    let mut reading = String::with_capacity(path.len());
    let mut ends_empty = false;
    for segment in path.split('/') {
        let plain = plain(&fully_decoded(segment.bytes()));
        let name = plain.split([';', '?', '#']).next().unwrap_or_default().trim();
        let name = name.trim_end_matches(|character: char| character == '.' || character.is_whitespace());
        ends_empty = name.is_empty();
        if !ends_empty {
            if !reading.is_empty() {
                reading.push('/');
            }
            push_encoded(&mut reading, name);
        }
        if plain.contains(['?', '#']) {
            break;
        }
    }
    if ends_empty && !reading.is_empty() {
        reading.push('/');
    }
    reading
}

/// How often parameters begin in a part of a path for a server that decodes before it looks: `;`, however it is
/// written.
pub(crate) fn parameters(text: &str) -> usize {
    if text.contains('%') {
        plain(&fully_decoded(text.bytes())).matches(';').count()
    } else {
        text.matches(';').count()
    }
}

/// Decoded bytes as characters of ASCII, as far as they may be taken for some.
fn plain(decoded: &[u8]) -> String {
    // Two dots in one character are one for each of them.
    let decoded = String::from_utf8_lossy(decoded).replace(['\u{2025}', '\u{fe30}'], "..");
    let plain: String = decoded.chars().filter_map(looks_like).collect();
    // A percent sign can have been among the full-width characters.
    String::from_utf8_lossy(&fully_decoded(plain.bytes())).into_owned()
}

/// Percent-encoding taken off until none is left.
fn fully_decoded(text: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut decoded = Vec::new();
    for byte in text {
        decoded.push(byte);
        if let [.., b'%', high, low] = *decoded
            && let Some(inner) = pair(high, low)
        {
            decoded.truncate(decoded.len() - 3);
            // A `%` that comes of it begins the next encoding.
            decoded.push(inner);
        }
    }
    decoded
}

fn pair(high: u8, low: u8) -> Option<u8> {
    Some(hex_value(high)? << 4 | hex_value(low)?)
}

/// Whether there is a sequence that spends more bytes on a character than it needs (RFC 3629 section 3, "overlong").
fn is_overlong(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| matches!(byte, 0xc0 | 0xc1))
        || bytes.windows(2).any(|pair| {
            matches!(pair, [0xe0, 0x80..=0x9f] | [0xf0, 0x80..=0x8f] | [0xf8, 0x80..=0x87] | [0xfc, 0x80..=0x83])
        })
}

/// The ASCII character that a character may be taken for: its full-width form, or what code pages have as the best fit
/// for it. Nothing for what is invisible.
fn looks_like(character: char) -> Option<char> {
    Some(match character {
        '\u{ff01}'..='\u{ff5e}' => u32::from(character).checked_sub(0xfee0).and_then(char::from_u32)?,
        '\u{2024}' | '\u{fe52}' | '\u{3002}' | '\u{ff61}' => '.',
        '\u{2044}' | '\u{2215}' => '/',
        // The currencies stand where the backslash does in code pages of Japan and Korea.
        '\u{2216}' | '\u{fe68}' | '\u{a5}' | '\u{20a9}' => '\\',
        '\u{fe54}' => ';',
        '\u{fe56}' => '?',
        '\u{fe5f}' => '#',
        '\u{fe6a}' => '%',
        // Controls and white space are looked at as what they are.
        unseen if is_unseen(unseen) && !unseen.is_control() && !unseen.is_whitespace() => return None,
        other => other,
    })
}
