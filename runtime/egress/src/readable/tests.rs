//! What is asked for, accepted and refused.

use super::*;

fn checked(status: u16, headers: &[(&str, &str)]) -> Result<(), Unreadable> {
    checked_for("GET", status, headers)
}

fn checked_for(method: &str, status: u16, headers: &[(&str, &str)]) -> Result<(), Unreadable> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    check(method, &response.body(()).unwrap())
}

#[test]
fn accepts_responses_that_can_be_searched() {
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
fn refuses_responses_that_cannot_be_searched() {
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
fn accepts_anything_declared_of_an_absent_body() {
    let headers = [("content-encoding", "gzip"), ("content-type", "application/zip"), ("transfer-encoding", "gzip")];
    for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304)] {
        assert_eq!(checked_for(method, status, &headers), Ok(()), "{method} {status}");
    }
    for (method, status) in [("GET", 200), ("POST", 201), ("head", 200), ("GET", 404)] {
        assert!(checked_for(method, status, &headers).is_err(), "{method} {status}");
    }
}

#[test]
fn accepts_character_sets_that_contain_ascii() {
    for charset in [
        "binary",
        "utf_8",
        "UTF8",
        "utf8mb4",
        "x-sjis",
        "Shift_JIS",
        "tis-620",
        "ansi_x3.4-1968",
        "\"iso_8859-1:1987\"",
        "utf-8,",
        "'utf-8'",
        "",
        "windows-1252",
        "cp437",
        "ibm850",
        "ibm00858",
        "cp932",
        "cp936",
        "cp1125",
        "cp20866",
        "euc-tw",
        "koi8-u",
    ] {
        let said = format!("text/plain; charset={charset}; a=\"x; charset=utf-16\"");
        assert_eq!(checked(200, &[("content-type", &said)]), Ok(()), "{said}");
    }
    for twice in ["", "identity", "Identity, identity", ", identity"] {
        let headers = [("content-encoding", twice), ("content-encoding", "identity")];
        assert_eq!(checked(200, &headers), Ok(()), "{twice}");
    }
}

#[test]
fn refuses_character_sets_in_which_ascii_is_something_else() {
    for said in [
        "charset=utf-16le",
        "charset=UTF_16",
        "charset=\"utf\\-16\"",
        "charset=utf16;charset=utf-8",
        "charset=utf-8;charset=utf16",
        "charset=x-utf-32",
        "charset=csUTF32BE",
        "charset=ucs-2",
        "charset=ISO-10646-UCS-4",
        "charset=unicodeFFFE",
        "charset=csUnicode",
        "charset=unicode-1-1-utf-7",
        "charset=iso-2022-jp",
        "charset=csISO2022KR",
        "charset=hz-gb-2312",
        "charset=cp037",
        "charset=IBM-1047",
        "charset=x-ibm00930",
        "charset=IBM01140",
        "charset=ebcdic-cp-us",
        "charset=cp1200",
        "charset=windows-65000",
        "charset*=utf-8''utf-16",
        "charset*0=utf-",
        "charset utf-16",
        "a=b charset=utf-16",
        "a=\"b; charset=utf-16",
    ] {
        let said = format!("text/html; {said}");
        assert_eq!(checked(200, &[("content-type", &said)]), Err(Unreadable::Charset), "{said}");
    }
    for said in ["text/html charset=utf-16", "text/html, text/plain; charset=utf-8", "text/html\tcharset=utf-16"] {
        assert_eq!(checked(200, &[("content-type", said)]), Err(Unreadable::Type), "{said}");
    }
}

#[test]
fn knows_wide_characters_by_the_first_bytes() {
    for data in [
        &b"\xff\xfe{\0"[..],
        b"\xfe\xff\0{",
        b"\0\0\xfe\xff",
        b"<\0?\0x\0",
        b"\0<\0?",
        b"{\0",
        b"\0{",
        b"[\0-N",
        b"\0[N-",
        b"s\0e\0",
        b"\0s\0e\0c",
        b"s\0\0\0e\0\0\0",
        b"\0\0\0s\0\0\0e",
        b"\r\0\n\0",
    ] {
        assert!(is_wide(data), "{data:?}");
    }
    for data in [
        &b""[..],
        b"{",
        b"\0",
        b"{}",
        b"\xef\xbb\xbf{}",
        b"\0asm\x01\0\0\0",
        b"\0\0\0\x20ftypisom",
        b"\0\0\0\0\x20",
        b"\0\x01\0\0\0\x0c",
        b"\0\0\x01\0\x01\0",
        b"II*\0\x08\0\0\0",
        b"MM\0*",
        b"\x89PNG\r\n",
        b"SQLite format 3\0",
    ] {
        assert!(!is_wide(data), "{data:?}");
    }
}

#[test]
fn knows_compressed_data_by_its_first_bytes_and_text_from_it() {
    for data in
        [&b"\x1f\x8b\x08\0"[..], b"PK\x03\x04\x14\0\x08\x80", b"x\x9c\x4b", b"BZh91AY&SY\x19", b"\x28\xb5\x2f\xfd\x04"]
    {
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
    for name in ["range", "if-range", "a-im", "accept-charset", "x-ms-range", "want-digest", "accept", "if-none-match"]
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
