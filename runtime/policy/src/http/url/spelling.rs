//! The tool's own spelling of path and query.
//!
//! Some services sign a URL as text: `%7E` and `~` are the same to the policy, and different to the signature. So the
//! tool's own text is sent, as long as it differs from the canonical form in nothing but percent-encoding.

use std::sync::Arc;

use super::text::{Component, stands_for_itself};

/// Characters that must be encoded (RFC 3986 section 2), but are common in queries, and that servers read as they are.
const OFTEN_UNENCODED: &[u8] = b"[]{}|^";

/// The text, if it is not the canonical form and can be sent in its place. `canonical` is its canonical form.
///
/// The canonical form is sent for a path with dot segments, or with an encoded dot: a server that does not decode would
/// see other segments than a server that does. It is also sent for characters that can't stand in a request line.
pub(super) fn sendable(text: &str, canonical: &str) -> Option<Arc<str>> {
    if text == canonical || !text.starts_with('/') {
        return None;
    }
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let is_sendable = has_only_sendable(path, Component::Path) && has_only_sendable(query, Component::Query);
    (is_sendable && !has_dots(path)).then(|| Arc::from(text))
}

fn has_only_sendable(text: &str, component: Component) -> bool {
    text.bytes().all(|byte| stands_for_itself(byte, component) || byte == b'%' || OFTEN_UNENCODED.contains(&byte))
}

/// Whether a path has dot segments, or a dot that is encoded.
fn has_dots(path: &str) -> bool {
    let encoded = path.as_bytes().windows(3).any(|code| code.eq_ignore_ascii_case(b"%2e"));
    encoded || path.split('/').any(|segment| matches!(segment, "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::super::Url;
    use proptest::prelude::*;

    fn sent(path: &str) -> String {
        Url::parse_str(&format!("https://example.com{path}")).unwrap().sent().to_owned()
    }

    #[test]
    fn the_tools_own_percent_encoding_is_sent() {
        for path in [
            "/",
            "/a?b=c",
            "/%61%7E?x=%7e",
            "/caf%c3%a9?q=%c3%a9",
            "/?a=%2f&b=%2E%2e/../x",
            "/?filter[a]=b|c&d={e}^f",
            "/a[0]|{b}",
            "/a%3bb;c%2ftail",
            "/a//b/",
            "/100%25?100%25",
            "/%2A?sig=a%2Bb%3D%3d",
        ] {
            assert_eq!(sent(path), path);
        }
    }

    #[test]
    fn what_a_server_could_read_in_another_way_is_sent_in_canonical_form() {
        for (path, expected) in [
            ("", "/"),
            ("?a=%7e", "/?a=~"),
            ("/a/./%62", "/a/b"),
            ("/a/../%62", "/b"),
            ("/a/%2e/%62", "/a/b"),
            ("/a/%2E%2e/%62", "/b"),
            ("/a/.%2e", "/"),
            ("/index%2ehtml", "/index.html"),
            ("/..%2E/%62", "/.../b"),
            ("/é%62", "/%C3%A9b"),
            ("/%62?é", "/b?%C3%A9"),
            ("/%62<a>", "/b%3Ca%3E"),
            ("/%62\"", "/b%22"),
            ("/%62?`", "/b?%60"),
        ] {
            assert_eq!(sent(path), expected, "{path}");
        }
    }

    #[test]
    fn a_spelling_is_one_of_its_url_or_refused() {
        let url = Url::parse_str("https://example.com:8443/a~b?c=~").unwrap();
        let spelled = url.sent_as("/a%7eb?c=~").unwrap();
        assert_eq!((spelled.as_str(), spelled.sent()), (url.as_str(), "/a%7eb?c=~"));
        assert_ne!(spelled, url);
        for other in ["/a~b?c=~", "/a%7Ec?c=~", "/x/../a~b?c=%7e", "a%7eb?c=~", "/a%7eb", "", "//evil.test/a%7eb?c=~"] {
            assert_eq!(url.sent_as(other), None, "{other}");
        }
    }

    /// Decodes once, as every server does.
    fn decoded(text: &str) -> Vec<u8> {
        let mut decoded = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            if byte == b'%' {
                let code: Vec<u8> = bytes.by_ref().take(2).collect();
                decoded.push(u8::from_str_radix(std::str::from_utf8(&code).unwrap(), 16).unwrap());
            } else {
                decoded.push(byte);
            }
        }
        decoded
    }

    proptest! {
        #[test]
        fn the_canonical_form_of_what_is_sent_is_what_was_matched(
            path in "(/([a-z.~;:@!]|%[0-9a-fA-F]{2}|%25|%2[eEfF]|[\\[\\]{}|^<>\"é．／]){0,6}){0,4}",
            query in "(\\?([a-z.~;&=/?]|%[0-9a-fA-F]{2}|[\\[\\]|^<é]){0,8})?",
        ) {
            let Ok(url) = Url::parse_str(&format!("https://example.com{path}{query}")) else { return Ok(()) };
            let sent = Url::parse(url.scheme(), url.authority(), url.sent());
            prop_assert_eq!(sent.as_ref(), Ok(&url));
            prop_assert!(url.sent().bytes().all(|byte| byte.is_ascii_graphic()), "{}", url.sent());
            // A server splits the path before it decodes it.
            let parts = |text: &str| -> Vec<Vec<u8>> {
                let (path, query) = text.split_once('?').unwrap_or((text, ""));
                path.split('/').map(decoded).chain([decoded(query)]).collect()
            };
            let found = parts(url.sent());
            prop_assert_eq!(&found, &parts(url.path_and_query()));
            let (_, segments) = found.split_last().unwrap();
            prop_assert!(!segments.iter().any(|segment| matches!(segment.as_slice(), b"." | b"..")));
        }
    }
}
