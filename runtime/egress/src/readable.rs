//! Which responses can be searched for a secret. A server that may have received one is asked for no other response,
//! and any other is refused.

mod charset;

use http::header::{
    ACCEPT_CHARSET, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, IF_RANGE, RANGE, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

/// Headers that ask for a part of the response, or for another form of it (RFC 9110; delta encoding, RFC 3229; older
/// and vendors' names of `range`; digests, RFC 9530 and RFC 3230).
const ASKS_FOR_LESS: [HeaderName; 11] = [
    RANGE,
    IF_RANGE,
    ACCEPT_CHARSET,
    HeaderName::from_static("request-range"),
    HeaderName::from_static("x-range"),
    HeaderName::from_static("x-ms-range"),
    HeaderName::from_static("x-ms-range-get-content-md5"),
    HeaderName::from_static("a-im"),
    HeaderName::from_static("want-digest"),
    HeaderName::from_static("want-content-digest"),
    HeaderName::from_static("want-repr-digest"),
];

/// Digests of a body. They reveal a secret that the mask hides: a guess can be hashed and compared without another
/// request.
const DIGESTS: [HeaderName; 9] = [
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("x-amz-content-sha256"),
    HeaderName::from_static("x-amz-sha256-tree-hash"),
    HeaderName::from_static("x-goog-hash"),
    HeaderName::from_static("x-ms-blob-content-md5"),
    HeaderName::from_static("x-ms-content-crc64"),
];

/// Prefixes of digest names that end in an algorithm.
const DIGEST_STARTS: [&str; 2] = ["x-amz-checksum-", "x-checksum-"];

/// Media types that are compressed formats, without their parameters.
const PACKED_TYPES: [&str; 31] = [
    "application/gzip",
    "application/x-gzip",
    "application/x-gtar-compressed",
    "application/x-tgz",
    "application/x-compressed-tar",
    "application/zip",
    "application/x-zip",
    "application/x-zip-compressed",
    "application/zlib",
    "application/x-deflate",
    "application/deflate",
    "application/x-compress",
    "application/x-compressed",
    "application/zstd",
    "application/x-zstd",
    "application/x-bzip",
    "application/x-bzip2",
    "application/x-xz",
    "application/x-lzma",
    "application/x-lzip",
    "application/x-lz4",
    "application/x-snappy-framed",
    "application/x-brotli",
    "application/brotli",
    "application/x-7z-compressed",
    "application/vnd.rar",
    "application/x-rar-compressed",
    "application/java-archive",
    "application/vnd.android.package-archive",
    "application/x-rpm",
    "application/vnd.debian.binary-package",
];

/// First bytes of compressed data, for data whose declared type does not say so: gzip, zip, zstd, xz, bzip2, LZ4, 7z,
/// rar, zlib (except the level whose first bytes are text), compress, Snappy.
const PACKED_STARTS: [&[u8]; 12] = [
    b"\x1f\x8b\x08",
    b"PK\x03\x04",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ\x00",
    b"\x04\x22\x4d\x18",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x78\x01",
    b"\x78\x9c",
    b"\x78\xda",
    b"\x1f\x9d",
    b"\xff\x06\x00\x00sNaPpY",
];

/// Asks for the whole response, unencoded.
pub fn ask_readably(headers: &mut HeaderMap) {
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    for name in ASKS_FOR_LESS {
        headers.remove(name);
    }
}

/// Why a response can't be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is a part of a response, or a difference.
    #[error("kept from the tool: a part of an answer can't be searched for secrets")]
    Part,
    /// `transfer-encoding` is more than `chunked`.
    #[error("kept from the tool: its `transfer-encoding` can't be searched for secrets")]
    TransferCoding,
    /// It has a `content-encoding`.
    #[error("kept from the tool: its `content-encoding` can't be searched for secrets")]
    ContentCoding,
    /// Its type is a compressed format.
    #[error("kept from the tool: its `content-type` can't be searched for secrets")]
    Type,
    /// Its character set does not encode ASCII as ASCII.
    #[error("kept from the tool: its `charset` can't be searched for secrets")]
    Charset,
    /// Its body begins like a compressed one, or like UTF-16 or UTF-32, although its headers do not say so.
    #[error("kept from the tool: its body can't be searched for secrets")]
    Body,
}

/// Whether a response has no body, whatever its headers say (RFC 9110 section 6.4.1).
pub fn is_bodiless(method: &str, status: StatusCode) -> bool {
    method == "HEAD" || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Refuses a response that, by its headers, can't be searched.
pub fn check<B>(method: &str, response: &Response<B>) -> Result<(), Unreadable> {
    let (status, headers) = (response.status(), response.headers());
    if is_bodiless(method, status) {
        return Ok(());
    }
    let is_part = matches!(status, StatusCode::PARTIAL_CONTENT | StatusCode::IM_USED);
    if is_part || headers.contains_key("content-range") && status != StatusCode::RANGE_NOT_SATISFIABLE {
        return Err(Unreadable::Part);
    }
    let only = |name, value: &str| headers.get_all(name).iter().all(|found| has_value(found, value));
    if !only(TRANSFER_ENCODING, "chunked") || headers.get_all(TRANSFER_ENCODING).iter().count() > 1 {
        return Err(Unreadable::TransferCoding);
    }
    let is_identity = |coding: &[u8]| matches!(coding.trim_ascii().to_ascii_lowercase().as_slice(), b"" | b"identity");
    let mut codings = headers.get_all(CONTENT_ENCODING).iter().flat_map(|found| found.as_bytes().split(|b| *b == b','));
    if !codings.all(is_identity) {
        return Err(Unreadable::ContentCoding);
    }
    headers.get_all(CONTENT_TYPE).iter().try_for_each(check_type)
}

/// Removes digests that a server made of the body before it was masked, from headers or trailers.
pub fn remove_digests(headers: &mut HeaderMap) {
    for name in DIGESTS {
        headers.remove(name);
    }
    let is_digest = |name: &&HeaderName| DIGEST_STARTS.iter().any(|start| name.as_str().starts_with(start));
    let named: Vec<HeaderName> = headers.keys().filter(is_digest).cloned().collect();
    for name in named {
        headers.remove(name);
    }
}

/// Whether data begins like a compressed format.
pub fn is_packed(data: &[u8]) -> bool {
    let is_bzip2 = data.starts_with(b"BZh") && data.get(4..10) == Some(b"1AY&SY");
    is_bzip2 || PACKED_STARTS.iter().any(|start| data.starts_with(start))
}

/// Whether data begins like text in UTF-16 or UTF-32: with a byte order mark, or with ASCII among zeros. The search
/// finds nothing in such a text, and clients recognise it without being told.
pub fn is_wide(data: &[u8]) -> bool {
    let is_text = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    match *data {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, 0, 0xfe, 0xff, ..] => true,
        [b'{' | b'[' | b'<' | b'"', 0, ..] | [0, b'{' | b'[' | b'<' | b'"', ..] => true,
        [one, 0, other, 0, ..] | [0, one, 0, other, ..] if is_text(one) && is_text(other) => true,
        // The next character, if there is one, is in a valid plane. That of a video's `ftyp` is not.
        [one, 0, 0, 0, ref rest @ ..] if is_text(one) => {
            !matches!(*rest, [_, _, plane, high, ..] if plane > 16 || high > 0)
        }
        [0, 0, 0, one, ref rest @ ..] if is_text(one) => !matches!(*rest, [high, plane, ..] if high > 0 || plane > 16),
        _ => false,
    }
}

fn has_value(found: &HeaderValue, value: &str) -> bool {
    found.as_bytes().trim_ascii().eq_ignore_ascii_case(value.as_bytes())
}

fn check_type(value: &HeaderValue) -> Result<(), Unreadable> {
    // A value that is not text can't be read, and declares nothing.
    let text = value.to_str().map_err(|_| Unreadable::Type)?.to_ascii_lowercase();
    let (kind, parameters) = text.split_once(';').unwrap_or((&text, ""));
    let kind = kind.trim();
    if kind == "multipart/byteranges" {
        return Err(Unreadable::Part);
    }
    let is_packed = PACKED_TYPES.contains(&kind)
        || ["+zip", "+gzip", "+zstd"].iter().any(|suffix| kind.ends_with(suffix))
        || kind.starts_with("application/vnd.openxmlformats-officedocument.")
        || kind.starts_with("application/vnd.oasis.opendocument.");
    // White space inside: some readers take what follows for a parameter.
    if is_packed || kind.contains(char::is_whitespace) {
        return Err(Unreadable::Type);
    }
    if charset::are_readable(parameters) { Ok(()) } else { Err(Unreadable::Charset) }
}

#[cfg(test)]
mod tests;
