//! Percent-encoding and dot segments.

use super::error::UrlError;
use std::borrow::Cow;

/// A `/` that is encoded, in canonical form. Some servers take it for a character of its segment, others for a `/`.
pub(crate) const ENCODED_SLASH: &str = "%2F";

/// A part of a URL with its own rules.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Component {
    /// The path: segments separated by `/`.
    Path,
    /// The query, after its `?`.
    Query,
}

/// Normalizes percent-encoding (RFC 3986 section 6.2.2).
///
/// Decodes unreserved characters, writes hexadecimal digits in upper case, and encodes everything that may not stand
/// for itself. All spellings of one text have the same result.
pub(crate) fn canonical_component(text: &str, component: Component) -> Result<Cow<'_, str>, UrlError> {
    if text.bytes().all(|byte| stands_for_itself(byte, component)) {
        return Ok(Cow::Borrowed(text));
    }
    let mut canonical = String::with_capacity(text.len() + 16);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            push_byte(&mut canonical, byte, stands_for_itself(byte, component));
            continue;
        }
        let high = bytes.next().and_then(hex_value).ok_or(UrlError::Percent)?;
        let low = bytes.next().and_then(hex_value).ok_or(UrlError::Percent)?;
        let decoded = high << 4 | low;
        if component == Component::Path && (decoded == b'\\' || decoded.is_ascii_control()) {
            return Err(UrlError::AmbiguousEncoding(format!("%{decoded:02X}")));
        }
        push_byte(&mut canonical, decoded, is_unreserved(decoded));
    }
    Ok(Cow::Owned(canonical))
}

/// Appends a path to `out` with its dot segments removed (RFC 3986 section 5.2.4). An empty path becomes `/`.
pub(super) fn push_without_dot_segments(out: &mut String, path: &str) -> Result<(), UrlError> {
    let Some(relative) = path.strip_prefix('/') else {
        out.push('/');
        return Ok(());
    };
    let start = out.len();
    let mut segments = relative.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => {
                let kept = out.get(start..).and_then(|text| text.rfind('/')).unwrap_or(0);
                out.truncate(start.saturating_add(kept));
            }
            other => {
                if matches!(other.split_once(';'), Some(("." | "..", _))) {
                    return Err(UrlError::AmbiguousSegment(other.to_owned()));
                }
                out.push('/');
                out.push_str(other);
                continue;
            }
        }
        // `/a/.` and `/a/b/..` both name the directory `/a/`.
        if is_last {
            out.push('/');
        }
    }
    if out.len() == start {
        out.push('/');
    }
    Ok(())
}

/// Appends unencoded text to a path, encoded as by [`canonical_component`].
pub(super) fn push_encoded(out: &mut String, plain: &str) {
    for byte in plain.bytes() {
        push_byte(out, byte, stands_for_itself(byte, Component::Path));
    }
}

fn push_byte(out: &mut String, byte: u8, plain: bool) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    if plain {
        out.push(char::from(byte));
        return;
    }
    out.push('%');
    for digit in [byte >> 4, byte & 15] {
        out.extend(HEX.get(usize::from(digit)));
    }
}

/// `pchar` of RFC 3986 section 3.3 without `%`, `/`, and `?` in the query.
pub(super) fn stands_for_itself(byte: u8, component: Component) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@/".contains(&byte) || (byte == b'?' && component == Component::Query)
}

/// `unreserved` of RFC 3986 section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

pub(super) fn hex_value(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
