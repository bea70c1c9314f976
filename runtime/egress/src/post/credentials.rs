//! The headers that the operator adds to a post. Their values are secrets.

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::PostError;
use crate::client::belongs_to_connection;
use crate::redact::{Needles, SECRET_BYTES_MAX, SECRET_BYTES_MIN};

/// Most headers. Collectors need one or two.
const HEADERS_MAX: usize = 64;

/// Longest headers, in bytes: names and values together. Servers commonly refuse more than 8 KiB.
const HEADERS_BYTES_MAX: usize = 64 << 10;

/// Headers, and how their values are masked in texts of the server.
pub(super) struct Credentials {
    pub(super) headers: HeaderMap,
    needles: Arc<Needles>,
}

impl Credentials {
    /// Checks names and values. The last header with a name is the one that is sent.
    pub(super) fn new(given: &[(String, String)]) -> Result<Self, PostError> {
        let bytes = given.iter().map(|(name, value)| name.len().saturating_add(value.len()));
        if given.len() > HEADERS_MAX || bytes.fold(0, usize::saturating_add) > HEADERS_BYTES_MAX {
            return Err(PostError::Headers { count_max: HEADERS_MAX, bytes_max: HEADERS_BYTES_MAX });
        }
        let mut headers = HeaderMap::new();
        for (index, (name, value)) in given.iter().enumerate() {
            let number = index.saturating_add(1);
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| PostError::HeaderName { number })?;
            if [CONTENT_TYPE, CONTENT_LENGTH].contains(&name) || belongs_to_connection(&name) {
                return Err(PostError::OwnHeader { name: name.as_str().to_owned() });
            }
            let mut value =
                HeaderValue::from_str(value).map_err(|_| PostError::HeaderValue { name: name.as_str().to_owned() })?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let random = getrandom::u64().map_err(|error| PostError::Random(error.into()))?;
        let secrets = headers.values().flat_map(|value| secrets(value.as_bytes()));
        Ok(Self { needles: Arc::new(Needles::new(random, secrets)), headers })
    }

    /// What a server said, without the values of the headers.
    ///
    /// Values of fewer than [`SECRET_BYTES_MIN`] bytes stay: they could not be told from other text.
    pub(super) fn masked(&self, said: &[u8]) -> String {
        let said = String::from_utf8_lossy(said);
        if self.needles.is_empty() { said.into_owned() } else { self.needles.masked(&said) }
    }
}

/// What must not be shown of a value: all of it, and what follows the scheme, as in `Bearer TOKEN`. In parts that are
/// short enough to be searched for.
fn secrets(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bare = value.iter().position(|byte| *byte == b' ').and_then(|space| value.get(space.saturating_add(1)..));
    [Some(value), bare].into_iter().flatten().map(<[u8]>::trim_ascii).flat_map(parts)
}

/// Divides a value into parts of at most [`SECRET_BYTES_MAX`] bytes. The last one overlaps with the one before it so
/// as not to be too short.
fn parts(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let last = value.len().checked_sub(SECRET_BYTES_MAX).and_then(|start| value.get(start..)).unwrap_or(value);
    let whole = value.chunks_exact(SECRET_BYTES_MAX);
    whole.chain([last]).filter(|part| part.len() >= SECRET_BYTES_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(given: &[(&str, &str)]) -> Result<Credentials, PostError> {
        let given: Vec<_> = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Credentials::new(&given)
    }

    #[test]
    fn values_are_masked_with_and_without_their_scheme() {
        let long = "0123456789abcdef".repeat(100);
        let given = [("authorization", "Bearer tok-3f9a77zz"), ("x-scope", "1"), ("x-long", &long), ("x-empty", "")];
        let credentials = credentials(&given).ok().unwrap();
        let masked = |text: &str| credentials.masked(text.as_bytes());
        assert_eq!(masked("no tok-3f9a77zz in tenant 1"), "no ************ in tenant 1");
        assert_eq!(masked("{\"got\":\"Bearer tok-3f9a77zz\"}"), format!("{{\"got\":\"{}\"}}", "*".repeat(19)));
        assert_eq!(masked("tok%2D3f9a77zz"), "*".repeat(14));
        assert_eq!(masked(&format!("<{long}>")), format!("<{}>", "*".repeat(long.len())));
        assert_eq!(masked("Bearer wanted"), "Bearer wanted");
    }

    #[test]
    fn the_last_header_of_a_name_is_sent_and_none_is_shown() {
        let credentials = credentials(&[("X-Key", "one-of-two"), ("x-key", "two-of-two")]).ok().unwrap();
        assert_eq!(credentials.headers.get_all("x-key").iter().collect::<Vec<_>>(), ["two-of-two"]);
        assert!(!format!("{:?}", credentials.headers).contains("two"));
    }

    #[test]
    fn what_can_not_be_sent_is_an_error_that_does_not_show_it() {
        let many = [("a", "b"); HEADERS_MAX + 1];
        let long = "v".repeat(HEADERS_BYTES_MAX);
        for (given, expected) in [
            (&[("a", "tok-1"), ("b c", "tok-2")][..], "header 2 has a name that is not valid"),
            (&[("", "tok-1")], "header 1 has a name that is not valid"),
            (&[("a", "tok\n1")], "header `a` has a value that is not valid"),
            (&[("a", "tok\u{1}")], "header `a` has a value that is not valid"),
            (&[("Content-Type", "tok-1")], "header `content-type` can't be set"),
            (&[("host", "tok-1")], "header `host` can't be set"),
            (&[("Transfer-Encoding", "tok-1")], "header `transfer-encoding` can't be set"),
            (&many, "there can be at most 64 headers with 65536 bytes"),
            (&[("a", &long)], "there can be at most 64 headers with 65536 bytes"),
        ] {
            let error = credentials(given).err().unwrap();
            assert_eq!(error.to_string(), expected);
            assert!(!format!("{error:?}").contains("tok"), "{error:?}");
        }
    }
}
