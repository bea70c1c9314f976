//! URLs in one canonical form.
//!
//! The matched URL must be the URL that is sent. So a URL is parsed once, by the rules here, and everything after that
//! uses the parsed value. Where two programs are known to read the same text differently (backslashes, user names, dot
//! segments with parameters), the text is refused rather than guessed at. A URL keeps the tool's own spelling of path
//! and query beside the canonical one, as long as no server reads them differently: some are signed as text.

mod authority;
mod decoded;
mod error;
mod parts;
mod spelling;
mod text;

use std::fmt;
use std::sync::Arc;

pub(crate) use authority::{parse_authority, parse_host, split_port};
pub(crate) use decoded::{check as check_decoded, cut, parameters};
pub use error::{URL_BYTES_MAX, UrlError};
pub use parts::{Host, Scheme};
pub(crate) use text::{Component, ENCODED_SLASH, canonical_component};

/// A URL in canonical form.
///
/// Scheme and host are in lower case, names are ASCII (IDNA) without a trailing dot, addresses are in their usual form,
/// the default port is left out, unreserved characters are not percent-encoded and everything else that must be is, in
/// upper case, and dot segments are removed. Doubled slashes are kept. Two URLs are equal if the same text is matched
/// and the same text is sent. Cloning is cheap.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url {
    text: Arc<str>,
    scheme: Scheme,
    host: Host,
    port: u16,
    /// Where the host ends in `text`.
    host_end: usize,
    /// Where the path begins in `text`.
    path_start: usize,
    /// Where the query begins in `text`, after its `?`.
    query_start: Option<usize>,
    /// Where the path ends for a server that decodes it first, as an offset into the path.
    path_cut: Option<usize>,
    /// Whether servers may read the path in different ways.
    has_other_reading: bool,
    /// Whether the path has a `%2F`.
    has_encoded_slash: bool,
    /// Path and query as the tool spelled them, if that is not the canonical form and can be sent in its place.
    spelling: Option<Arc<str>>,
}

impl Url {
    /// Parses a URL that is one text.
    ///
    /// # Errors
    ///
    /// Refuses everything that [`UrlError`] names.
    pub fn parse_str(text: &str) -> Result<Self, UrlError> {
        check_text(text)?;
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let scheme = Scheme::parse(scheme).ok_or(UrlError::Scheme)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path_and_query) = rest.split_at_checked(end).ok_or(UrlError::Scheme)?;
        Self::parse(scheme, authority, path_and_query)
    }

    /// Parses a URL from the parts that `wasi:http` hands over.
    ///
    /// An empty path means `/`.
    ///
    /// # Errors
    ///
    /// Refuses everything that [`UrlError`] names.
    pub fn parse(scheme: Scheme, authority: &str, path_and_query: &str) -> Result<Self, UrlError> {
        let length = authority.len().saturating_add(path_and_query.len());
        if length > URL_BYTES_MAX {
            return Err(UrlError::TooLong);
        }
        check_text(authority)?;
        check_text(path_and_query)?;
        let (host, port) = parse_authority(scheme, authority)?;
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        if !path.is_empty() && !path.starts_with('/') {
            return Err(UrlError::Path);
        }

        let mut text = format!("{scheme}://{host}");
        let host_end = text.len();
        if port != scheme.default_port() {
            text.push(':');
            text.push_str(&port.to_string());
        }
        let path_start = text.len();
        let path = canonical_component(path, Component::Path)?;
        text::push_without_dot_segments(&mut text, &path)?;
        let path = text.get(path_start..).unwrap_or_default();
        let path_cut = decoded::check(path)?;
        let has_other_reading = decoded::has_other_reading(path);
        let has_encoded_slash = path.contains(ENCODED_SLASH);
        let query_start = match query {
            Some(query) => {
                text.push('?');
                let start = text.len();
                text.push_str(&canonical_component(query, Component::Query)?);
                Some(start)
            }
            None => None,
        };
        // Encoding can triple the length.
        if text.len() > URL_BYTES_MAX {
            return Err(UrlError::TooLong);
        }
        let canonical = text.get(path_start..).unwrap_or_default();
        let spelling = spelling::sendable(path_and_query, canonical);
        Ok(Self {
            text: Arc::from(text),
            scheme,
            host,
            port,
            host_end,
            path_start,
            query_start,
            path_cut,
            has_other_reading,
            has_encoded_slash,
            spelling,
        })
    }

    /// The same URL, sent with this spelling of path and query; `None` if the spelling is not one that is sent for it.
    pub(crate) fn sent_as(&self, spelling: &str) -> Option<Self> {
        let url = Self::parse(self.scheme, self.authority(), spelling).ok()?;
        (url.text == self.text && url.spelling() == Some(spelling)).then_some(url)
    }

    /// The whole URL in canonical form, which is matched.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port, even if the URL leaves it out.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port in the form of a `Host` header; the default port is left out.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.text.get(self.host_start()..self.path_start).unwrap_or_default()
    }

    /// The host in the form of a URL.
    #[must_use]
    pub fn host_text(&self) -> &str {
        self.text.get(self.host_start()..self.host_end).unwrap_or_default()
    }

    fn host_start(&self) -> usize {
        self.scheme.as_str().len() + "://".len()
    }

    /// The path, which begins with `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        let end = self.query_start.map_or(self.text.len(), |start| start - 1);
        self.text.get(self.path_start..end).unwrap_or_default()
    }

    /// The path up to its first encoded `?` or `#`, if it has one: what a server sees that decodes too early.
    #[must_use]
    pub(crate) fn cut_path(&self) -> Option<&str> {
        self.path().get(..self.path_cut?)
    }

    /// The other ways in which a server may read the path, each without its leading `/`: that of the most lenient
    /// server, with and without a trailing `/`, and the whole path if it could be cut. Most paths have none.
    pub(crate) fn other_readings(&self) -> Vec<String> {
        if !self.has_other_reading {
            return Vec::new();
        }
        let whole = self.path().strip_prefix('/').unwrap_or(self.path());
        let lenient = decoded::lenient(whole);
        let mut readings = Vec::with_capacity(3);
        readings.extend(lenient.strip_suffix('/').map(str::to_owned));
        readings.push(lenient);
        readings.extend(self.path_cut.map(|_| whole.to_owned()));
        readings
    }

    /// The query without its `?`, if there is one, even an empty one.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.text.get(self.query_start?..)
    }

    /// Path and query in canonical form.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        self.text.get(self.path_start..).unwrap_or_default()
    }

    /// Path and query as the tool spelled them, if they are sent so and that is not the canonical form.
    ///
    /// The canonical form of the spelling is [`Url::path_and_query`]. The two differ only in percent-encoding, never in
    /// dots of the path.
    #[must_use]
    pub fn spelling(&self) -> Option<&str> {
        self.spelling.as_deref()
    }

    /// Path and query as they are sent in a request line.
    #[must_use]
    pub fn sent(&self) -> &str {
        self.spelling().unwrap_or(self.path_and_query())
    }

    /// Whether the path has a `%2F`, which a server may take for a `/`.
    #[must_use]
    pub fn has_encoded_slash(&self) -> bool {
        self.has_encoded_slash
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

/// Refuses characters that no part of a URL may contain.
pub(crate) fn check_text(text: &str) -> Result<(), UrlError> {
    if text.len() > URL_BYTES_MAX {
        return Err(UrlError::TooLong);
    }
    for character in text.chars() {
        match character {
            '\\' => return Err(UrlError::Backslash),
            '#' => return Err(UrlError::Fragment),
            _ if character.is_control() || character.is_whitespace() => return Err(UrlError::Control),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
