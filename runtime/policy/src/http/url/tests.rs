//! A table of URLs that are the same, and one of texts that are not URLs.

use super::*;
use proptest::prelude::*;

fn canonical(text: &str) -> String {
    Url::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
}

#[test]
fn every_spelling_has_one_canonical_form() {
    for (text, expected) in [
        // Case, default ports, trailing dot, empty path.
        ("HTTPS://API.Example.COM", "https://api.example.com/"),
        ("https://example.com:443/", "https://example.com/"),
        ("http://example.com:0080/", "http://example.com/"),
        ("http://example.com:443/", "http://example.com:443/"),
        ("https://example.com./a", "https://example.com/a"),
        ("https://example.com?q", "https://example.com/?q"),
        // Names that are not ASCII, and full-width characters that turn into ASCII.
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://example。com/", "https://example.com/"),
        ("https://ｅxample.com/", "https://example.com/"),
        // Addresses in the forms that resolvers take for them.
        ("http://127.0.0.1/", "http://127.0.0.1/"),
        ("http://127.1/", "http://127.0.0.1/"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://0x7f.0.0.1/", "http://127.0.0.1/"),
        ("http://0x7f000001/", "http://127.0.0.1/"),
        ("http://0177.0.0.1/", "http://127.0.0.1/"),
        ("http://127.0.0.1./", "http://127.0.0.1/"),
        ("http://１２７.0.0.1/", "http://127.0.0.1/"),
        ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/"),
        ("http://[::FFFF:127.0.0.1]:8080/", "http://127.0.0.1:8080/"),
        ("http://[::ffff:7f00:1]/", "http://127.0.0.1/"),
        ("http://[::127.0.0.1]/", "http://[::7f00:1]/"),
        // Dot segments, plain and encoded.
        ("https://example.com/a/../b", "https://example.com/b"),
        ("https://example.com/a/%2e%2E/b", "https://example.com/b"),
        ("https://example.com/a/.%2e/b", "https://example.com/b"),
        ("https://example.com/a/./b/.", "https://example.com/a/b/"),
        ("https://example.com/a/b/..", "https://example.com/a/"),
        ("https://example.com/../../etc", "https://example.com/etc"),
        ("https://example.com/..", "https://example.com/"),
        ("https://example.com/a//../b", "https://example.com/a/b"),
        ("https://example.com/...", "https://example.com/..."),
        // Percent-encoding: unreserved decoded, the rest encoded, hexadecimal in upper case.
        ("https://example.com/%61%7e", "https://example.com/a~"),
        ("https://example.com/%c3%a9", "https://example.com/%C3%A9"),
        ("https://example.com/é", "https://example.com/%C3%A9"),
        ("https://example.com/a|b\"", "https://example.com/a%7Cb%22"),
        ("https://example.com/%252561", "https://example.com/%252561"),
        ("https://example.com/Mr%EF%BC%8ESmith", "https://example.com/Mr%EF%BC%8ESmith"),
        ("https://example.com/caf%E9%20%FC", "https://example.com/caf%E9%20%FC"),
        ("https://example.com/100%25", "https://example.com/100%25"),
        ("https://example.com/a%3Fb", "https://example.com/a%3Fb"),
        // An encoded slash is not a slash. Whether it may be sent is for a grant to say.
        ("https://example.com/a%2fb/..", "https://example.com/"),
        ("https://example.com/a%2fb%2F%2F", "https://example.com/a%2Fb%2F%2F"),
        ("https://example.com/a;v=1", "https://example.com/a;v=1"),
        // Doubled slashes are data.
        ("https://example.com//a//b", "https://example.com//a//b"),
        // The query.
        ("https://example.com/?", "https://example.com/?"),
        ("https://example.com/?a=%2f&b[]=/../x?", "https://example.com/?a=%2F&b%5B%5D=/../x?"),
        ("https://example.com/?u=a@b:c", "https://example.com/?u=a@b:c"),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn refuses_what_two_programs_read_differently() {
    let host = |text: &str| UrlError::Host(text.to_owned());
    let encoding = |text: &str| UrlError::AmbiguousEncoding(text.to_owned());
    for (text, error) in [
        ("", UrlError::Scheme),
        ("example.com/", UrlError::Scheme),
        ("https:/example.com/", UrlError::Scheme),
        ("https:example.com", UrlError::Scheme),
        ("ftp://example.com/", UrlError::Scheme),
        ("file:///etc/passwd", UrlError::Scheme),
        ("javascript://example.com/", UrlError::Scheme),
        ("https:///example.com/", host("")),
        ("https://", host("")),
        ("https://:443/", host("")),
        (" https://example.com/", UrlError::Control),
        ("https://exam\tple.com/", UrlError::Control),
        ("https://example.com/a\r\nX: y", UrlError::Control),
        ("https://example.com/a b", UrlError::Control),
        ("https://example.com/\u{a0}", UrlError::Control),
        ("https://example.com\\@evil.test/", UrlError::Backslash),
        ("https://example.com/..\\secret", UrlError::Backslash),
        ("https://example.com#@evil.test/", UrlError::Fragment),
        ("https://example.com/#x", UrlError::Fragment),
        ("https://example.com@evil.test/", UrlError::UserInfo),
        ("https://user:word@example.com/", UrlError::UserInfo),
        ("https://@example.com/", UrlError::UserInfo),
        ("https://exam%70le.com/", host("exam%70le.com")),
        ("https://*.example.com/", host("*.example.com")),
        ("https://exa<mple.com/", host("exa<mple.com")),
        ("https://a..example.com/", host("a..example.com")),
        ("https://.example.com/", host(".example.com")),
        ("https://example.com../", host("example.com..")),
        ("http://256.0.0.1/", host("256.0.0.1")),
        ("http://1.2.3.4.5/", host("1.2.3.4.5")),
        ("http://[::1/", host("[:")),
        ("http://[fe80::1%25eth0]/", host("[fe80::1%25eth0]")),
        ("http://::1/", host(":")),
        ("https://example.com:/", UrlError::Port(String::new())),
        ("https://example.com:0/", UrlError::Port("0".into())),
        ("https://example.com:65536/", UrlError::Port("65536".into())),
        ("https://example.com:+80/", UrlError::Port("+80".into())),
        ("https://example.com:80:90/", host("example.com:80")),
        ("https://example.com/%", UrlError::Percent),
        ("https://example.com/%2", UrlError::Percent),
        ("https://example.com/?%zz", UrlError::Percent),
        ("https://example.com/a%2F..%2Fb", UrlError::AmbiguousSegment("..".into())),
        ("https://example.com/%2e%2F", UrlError::AmbiguousSegment(".".into())),
        ("https://example.com/a%2f..;x", UrlError::AmbiguousSegment("..;x".into())),
        ("https://example.com/a%2f%252e%252e", UrlError::AmbiguousSegment("%252e%252e".into())),
        ("https://example.com/a%2f%EF%BC%8E%EF%BC%8E%2fb", UrlError::AmbiguousSegment("%EF%BC%8E%EF%BC%8E".into())),
        ("https://example.com/a%2fb%5c", encoding("%5C")),
        ("https://example.com/a%2fb%252f", encoding("b%252f")),
        ("https://example.com/a%5cb", encoding("%5C")),
        ("https://example.com/a%00", encoding("%00")),
        ("https://example.com/a%0d%0ab", encoding("%0D")),
        ("https://example.com/a/..;/b", UrlError::AmbiguousSegment("..;".into())),
        ("https://example.com/a/%2e%2e;x=1/b", UrlError::AmbiguousSegment("..;x=1".into())),
    ] {
        assert_eq!(Url::parse_str(text).map(|url| url.to_string()), Err(error), "{text}");
    }
}

#[test]
fn refuses_what_a_server_may_decode_to_something_else() {
    let encoding = |text: &str| UrlError::AmbiguousEncoding(text.to_owned());
    let segment = |text: &str| UrlError::AmbiguousSegment(text.to_owned());
    for (text, error) in [
        ("https://example.com/a/..%3B/b", segment("..%3B")),
        ("https://example.com/a/..%3bx=1/b", segment("..%3Bx=1")),
        ("https://example.com/a/%2e%2e%253b/b", segment("..%253b")),
        ("https://example.com/a/..%3F/b", segment("..%3F")),
        ("https://example.com/a/..%23/b", segment("..%23")),
        ("https://example.com/a/.%3B/b", segment(".%3B")),
        ("https://example.com/a/..%20/b", segment("..%20")),
        ("https://example.com/a/%20../b", segment("%20..")),
        ("https://example.com/%252e%252e/a", segment("%252e%252e")),
        ("https://example.com/.%252E/a", segment(".%252E")),
        ("https://example.com/%25252e%25252e/a", segment("%25252e%25252e")),
        ("https://example.com/%EF%BC%8E%EF%BC%8E/a", segment("%EF%BC%8E%EF%BC%8E")),
        ("https://example.com/．．/a", segment("%EF%BC%8E%EF%BC%8E")),
        ("https://example.com/%E2%80%A5/a", segment("%E2%80%A5")),
        ("https://example.com/.%E2%80%8B./a", segment(".%E2%80%8B.")),
        ("https://example.com/\u{fe30}/a", segment("%EF%B8%B0")),
        ("https://example.com/.\u{34f}./a", segment(".%CD%8F.")),
        ("https://example.com/.\u{180e}./a", segment(".%E1%A0%8E.")),
        ("https://example.com/.\u{fe0f}./a", segment(".%EF%B8%8F.")),
        ("https://example.com/..\u{e0041}/a", segment("..%F3%A0%81%81")),
        ("https://example.com/..\u{a5}a", encoding("..%C2%A5a")),
        ("https://example.com/..\u{20a9}a", encoding("..%E2%82%A9a")),
        ("https://example.com/%EF%BC%852e%EF%BC%852e/a", segment("%EF%BC%852e%EF%BC%852e")),
        ("https://example.com/a%252fb", encoding("a%252fb")),
        ("https://example.com/a%25252Fb", encoding("a%25252Fb")),
        ("https://example.com/a%255cb", encoding("a%255cb")),
        ("https://example.com/a%2500", encoding("a%2500")),
        ("https://example.com/a%250d%250ab", encoding("a%250d%250ab")),
        ("https://example.com/a%09", encoding("%09")),
        ("https://example.com/..%00/b", encoding("%00")),
        ("https://example.com/%c0%ae%c0%ae/a", encoding("%C0%AE%C0%AE")),
        ("https://example.com/%c0%af", encoding("%C0%AF")),
        ("https://example.com/%c1%9c", encoding("%C1%9C")),
        ("https://example.com/%e0%80%ae", encoding("%E0%80%AE")),
        ("https://example.com/%f0%80%80%ae", encoding("%F0%80%80%AE")),
        ("https://example.com/%f8%80%80%80%ae", encoding("%F8%80%80%80%AE")),
        ("https://example.com/%25c0%25ae", encoding("%25c0%25ae")),
        ("https://example.com/a%ef%bc%8fb", encoding("a%EF%BC%8Fb")),
        ("https://example.com/a／b", encoding("a%EF%BC%8Fb")),
        ("https://example.com/a%ef%bc%bcb", encoding("a%EF%BC%BCb")),
        ("https://example.com/a%e2%88%95b", encoding("a%E2%88%95b")),
        ("https://example.com/a%EF%BC%9Fb", encoding("a%EF%BC%9Fb")),
    ] {
        assert_eq!(Url::parse_str(text).map(|url| url.to_string()), Err(error), "{text}");
    }
}

#[test]
fn bounds_the_length_before_and_after_encoding() {
    let path = "/".repeat(URL_BYTES_MAX);
    assert_eq!(Url::parse(Scheme::Https, "example.com", &path), Err(UrlError::TooLong));
    let grows = format!("/{}", "|".repeat(URL_BYTES_MAX / 3));
    assert_eq!(Url::parse(Scheme::Https, "example.com", &grows), Err(UrlError::TooLong));
    let label = "a".repeat(63);
    assert!(Url::parse_str(&format!("https://{label}.com/")).is_ok());
    assert!(Url::parse_str(&format!("https://a{label}.com/")).is_err());
}

#[test]
fn parts_cannot_reach_into_each_other() {
    for (authority, path) in [
        ("example.com/x", "/"),
        ("example.com?x", "/"),
        ("example.com", "x"),
        ("example.com", "@evil.test/"),
        ("example.com", ".evil.test/"),
        ("example.com", "*"),
    ] {
        assert!(Url::parse(Scheme::Https, authority, path).is_err(), "{authority} {path}");
    }
}

#[test]
fn takes_a_url_apart() {
    let url = Url::parse_str("https://Example.com:8443/a/b?c=d").unwrap();
    assert_eq!(url.scheme(), Scheme::Https);
    assert_eq!(url.host(), &Host::Name("example.com".into()));
    assert_eq!(url.port(), 8443);
    assert_eq!(url.authority(), "example.com:8443");
    assert_eq!(url.path(), "/a/b");
    assert_eq!(url.query(), Some("c=d"));
    assert_eq!(url.path_and_query(), "/a/b?c=d");
    assert_eq!(Url::parse_str("http://[::1]").unwrap().authority(), "[::1]");
}

proptest! {
    #[test]
    fn canonical_text_parses_to_itself(
        host in "[a-z0-9.:\\[\\]é*%-]{1,12}",
        path in "(/[a-zA-Z0-9.%;é{}?&=|]{0,6}){0,5}",
    ) {
        if let Ok(url) = Url::parse_str(&format!("https://{host}{path}")) {
            let again = Url::parse_str(url.as_str()).unwrap();
            prop_assert_eq!((again.as_str(), again.spelling()), (url.as_str(), None));
            prop_assert!(!url.path().split('/').any(|segment| segment == "." || segment == ".."));
            let from_parts = Url::parse(url.scheme(), url.authority(), url.path_and_query());
            prop_assert_eq!(from_parts, Ok(again));
        }
    }
}
