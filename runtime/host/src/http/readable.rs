//! What can be searched for a secret: a server that can have got one is asked for nothing else, and believed nothing else.

use http::header::{
    ACCEPT_CHARSET, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, IF_RANGE, RANGE, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use wasmtime_wasi_http::Error;

/// Asks for less than the whole of an answer, or for it in another form (RFC 9110; delta encoding, RFC 3229; older and vendors' names
/// of `range`; digests, RFC 9530 and RFC 3230).
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

/// Digests of a body, which would tell of a secret in it what the mask hides: a guess can be hashed and compared without asking.
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

/// How names of digests begin that end in an algorithm.
const DIGEST_STARTS: [&str; 2] = ["x-amz-checksum-", "x-checksum-"];

/// Types that are compressed in themselves, without their parameters.
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

/// How compressed data begins, whatever its type is said to be: gzip, zip, zstd, xz, bzip2, LZ4, 7z, rar, zlib (but for the level whose
/// mark is text), compress, Snappy.
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

/// Asks for an answer whole, and as it is.
pub(crate) fn ask_readably(headers: &mut HeaderMap) {
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    for name in ASKS_FOR_LESS {
        headers.remove(name);
    }
}

/// Why an answer can't be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is a part of something, or a difference.
    Part,
    /// `transfer-encoding` is more than `chunked`.
    TransferCoding,
    /// It has a `content-encoding`.
    ContentCoding,
    /// Its type is a compressed one.
    Type,
    /// Its characters are not written in bytes that are those of ASCII.
    Charset,
}

impl Unreadable {
    /// What the journal says.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::Part => "kept from the tool: a part of an answer can't be searched for secrets",
            Self::TransferCoding => "kept from the tool: its `transfer-encoding` can't be searched for secrets",
            Self::ContentCoding => "kept from the tool: its `content-encoding` can't be searched for secrets",
            Self::Type => "kept from the tool: its `content-type` can't be searched for secrets",
            Self::Charset => "kept from the tool: its `charset` can't be searched for secrets",
        }
    }

    /// What the tool is told.
    pub(crate) fn told(self) -> Error {
        match self {
            Self::TransferCoding => Error::HttpResponseTransferCoding(None),
            _ => Error::HttpResponseContentCoding(None),
        }
    }
}

/// Refuses an answer that can't be searched, by what it says of itself.
pub(crate) fn check<B>(response: &Response<B>) -> Result<(), Unreadable> {
    let (status, headers) = (response.status(), response.headers());
    let is_part = matches!(status, StatusCode::PARTIAL_CONTENT | StatusCode::IM_USED);
    if is_part || headers.contains_key("content-range") && status != StatusCode::RANGE_NOT_SATISFIABLE {
        return Err(Unreadable::Part);
    }
    let only = |name, value: &str| headers.get_all(name).iter().all(|found| says(found, value));
    if !only(TRANSFER_ENCODING, "chunked") || headers.get_all(TRANSFER_ENCODING).iter().count() > 1 {
        return Err(Unreadable::TransferCoding);
    }
    if !only(CONTENT_ENCODING, "identity") {
        return Err(Unreadable::ContentCoding);
    }
    headers.get_all(CONTENT_TYPE).iter().try_for_each(check_type)
}

/// Removes what a server tells of a body before the mask, in the head of a response or in its trailers.
pub(crate) fn remove_digests(headers: &mut HeaderMap) {
    for name in DIGESTS {
        headers.remove(name);
    }
    let is_digest = |name: &&HeaderName| DIGEST_STARTS.iter().any(|start| name.as_str().starts_with(start));
    let named: Vec<HeaderName> = headers.keys().filter(is_digest).cloned().collect();
    for name in named {
        headers.remove(name);
    }
}

/// Whether data is compressed, by how it begins.
pub(crate) fn is_packed(data: &[u8]) -> bool {
    let is_bzip2 = data.starts_with(b"BZh") && data.get(4..10) == Some(b"1AY&SY");
    is_bzip2 || PACKED_STARTS.iter().any(|start| data.starts_with(start))
}

fn says(found: &HeaderValue, value: &str) -> bool {
    found.as_bytes().trim_ascii().eq_ignore_ascii_case(value.as_bytes())
}

fn check_type(value: &HeaderValue) -> Result<(), Unreadable> {
    // One that is not text can't be read, and says nothing.
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
    if is_packed {
        return Err(Unreadable::Type);
    }
    let charsets = parameters.split(';').filter_map(|parameter| parameter.trim().strip_prefix("charset"));
    let charsets = charsets.filter_map(|rest| rest.trim_start().strip_prefix('='));
    let mut charsets = charsets.map(|charset| charset.trim().trim_matches(['"', '\'']));
    if charsets.all(is_like_ascii) { Ok(()) } else { Err(Unreadable::Charset) }
}

/// Whether ASCII characters are the bytes of ASCII in a character set. Only these are searched.
fn is_like_ascii(charset: &str) -> bool {
    const NAMES: [&str; 16] = [
        "",
        "utf-8",
        "utf8",
        "us-ascii",
        "ascii",
        "latin1",
        "latin-1",
        "gbk",
        "gb2312",
        "gb18030",
        "big5",
        "euc-jp",
        "euc-kr",
        "shift_jis",
        "shift-jis",
        "macintosh",
    ];
    const FAMILIES: [&str; 5] = ["iso-8859-", "iso8859-", "windows-", "cp125", "koi8-"];
    NAMES.contains(&charset) || FAMILIES.iter().any(|family| charset.starts_with(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(status: u16, headers: &[(&str, &str)]) -> Result<(), Unreadable> {
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        check(&response.body(()).unwrap())
    }

    #[test]
    fn takes_what_can_be_searched() {
        for headers in [
            &[][..],
            &[("transfer-encoding", "chunked")],
            &[("transfer-encoding", "Chunked"), ("content-type", "text/html; charset=\"UTF-8\"")],
            &[("content-encoding", "identity"), ("content-type", "application/json")],
            &[("content-type", "text/plain;charset=ISO-8859-15; format=flowed")],
            &[("content-type", "multipart/mixed; boundary=x")],
            &[("content-type", "application/octet-stream")],
        ] {
            assert_eq!(checked(200, headers), Ok(()), "{headers:?}");
        }
        assert_eq!(checked(416, &[("content-range", "bytes */10")]), Ok(()));
    }

    #[test]
    fn refuses_what_can_not() {
        for (status, name, value, why) in [
            (206, "x-a", "1", Unreadable::Part),
            (226, "im", "gzip", Unreadable::Part),
            (200, "content-range", "bytes 1-2/3", Unreadable::Part),
            (200, "content-type", "multipart/byteranges; boundary=x", Unreadable::Part),
            (200, "transfer-encoding", "gzip", Unreadable::TransferCoding),
            (200, "transfer-encoding", "gzip, chunked", Unreadable::TransferCoding),
            (200, "transfer-encoding", "deflate", Unreadable::TransferCoding),
            (200, "content-encoding", "gzip", Unreadable::ContentCoding),
            (200, "content-encoding", "identity, br", Unreadable::ContentCoding),
            (200, "content-encoding", "x-anything", Unreadable::ContentCoding),
            (200, "content-type", "application/gzip", Unreadable::Type),
            (200, "content-type", "Application/X-GZIP; a=b", Unreadable::Type),
            (200, "content-type", "application/epub+zip", Unreadable::Type),
            (200, "content-type", "text/html; charset=utf-16", Unreadable::Charset),
            (200, "content-type", "text/html;a=b; charset = \"UTF-7\"", Unreadable::Charset),
            (200, "content-type", "text/html; charset=ibm037", Unreadable::Charset),
        ] {
            assert_eq!(checked(status, &[(name, value)]), Err(why), "{name}: {value}");
        }
        let twice = [("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")];
        assert_eq!(checked(200, &twice), Err(Unreadable::TransferCoding));
        assert_eq!(
            checked(200, &[("content-encoding", "identity"), ("content-encoding", "gzip")]),
            Err(Unreadable::ContentCoding)
        );
    }

    #[test]
    fn knows_compressed_data_by_its_first_bytes_and_text_from_it() {
        for data in [
            &b"\x1f\x8b\x08\0"[..],
            b"PK\x03\x04\x14\0\x08\x80",
            b"x\x9c\x4b",
            b"BZh91AY&SY\x19",
            b"\x28\xb5\x2f\xfd\x04",
        ] {
            assert!(is_packed(data), "{data:?}");
        }
        for data in [&b""[..], b"\x1f", b"x^2", b"BZh is a bird", b"PK", b"7z", b"{}", b"%PDF-1.7 \xff"] {
            assert!(!is_packed(data), "{data:?}");
        }
    }

    #[test]
    fn removes_digests_of_bodies() {
        let mut headers = HeaderMap::new();
        for name in [
            "digest",
            "content-md5",
            "x-amz-checksum-crc32",
            "x-amz-checksum-sha256",
            "x-amz-content-sha256",
            "x-goog-hash",
            "x-checksum-sha1",
            "x-ms-content-crc64",
            "x-checks",
            "etag",
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("1"));
        }
        remove_digests(&mut headers);
        let mut left: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["etag", "x-checks"]);
    }

    #[test]
    fn asks_for_the_whole_answer_as_it_is() {
        let mut headers = HeaderMap::new();
        for name in
            ["range", "if-range", "a-im", "accept-charset", "x-ms-range", "want-digest", "accept", "if-none-match"]
        {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("1"));
        }
        headers.append(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        headers.append(ACCEPT_ENCODING, HeaderValue::from_static("br"));
        ask_readably(&mut headers);
        let mut left: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        left.sort_unstable();
        assert_eq!(left, [("accept", "1"), ("accept-encoding", "identity"), ("if-none-match", "1")]);
    }
}
