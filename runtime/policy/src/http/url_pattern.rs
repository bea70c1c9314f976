//! The URLs that a grant covers: scheme, host, port, path and, if written, query.

use crate::http::url::parse_authority;
use crate::http::url::{
    Component, ENCODED_SLASH, Host, Scheme, Url, UrlError, canonical_component, check_decoded, check_text, cut,
    parse_host, split_port,
};
use crate::path_pattern::{Dialect, PatternError, Segments, Wild};
use std::fmt;
use std::net::IpAddr;

/// Why a text is not a URL pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlPatternError {
    /// A part of the text could not be part of a URL.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The path is not a pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The text has no path.
    #[error("the URL has no path")]
    NoPath,
    /// The host has a `*` that is not the whole first label.
    #[error("a host may only have a wildcard as its first label, found `{0}`")]
    HostWildcard(String),
    /// The path has a `%2F`, and the pattern is not for such paths.
    #[error("`%2F` is ambiguous: some servers take it for a `/`")]
    EncodedSlash,
    /// The wildcard is in front of an address.
    #[error("an address has no names below it, found `{0}`")]
    AddressWildcard(String),
}

impl UrlPatternError {
    /// What the operator could write instead.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoPath => {
                Some("end it with `/**` for everything on the host, or with `/` for the front page only".into())
            }
            Self::HostWildcard(_) => {
                Some("`*.example.com` stands for every name below `example.com`, itself not included".into())
            }
            Self::EncodedSlash => {
                Some("add `encoded-slash = true` if the server takes `%2F` for a character of a segment".into())
            }
            Self::Url(UrlError::UserInfo) => Some("put credentials into `[secrets]`".into()),
            Self::Pattern(PatternError::Reserved(_)) => Some("write one grant for each alternative".into()),
            Self::Url(_) | Self::Pattern(_) | Self::AddressWildcard(_) => None,
        }
    }
}

/// A pattern for URLs.
///
/// In the path, `*` matches any run of characters within a segment, but no `;`, and `**` any number of segments. A
/// pattern without a query matches any query. In a query, `*` stays within one parameter unless it is the whole query;
/// an empty query (a `?` at the end) matches only URLs without one. The host is exact, or `*.` and a name for all names
/// below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlPattern {
    text: String,
    canonical: String,
    scheme: Scheme,
    host: HostPattern,
    port: u16,
    path: Segments,
    query: Option<Wild>,
    /// Whether the path itself has an encoded `?` or `#`: the operator then means a server that does not decode it.
    has_cut: bool,
    /// Whether `%2F` is a character of its segment. Otherwise no path with a `%2F` matches.
    encoded_slash: bool,
    specificity: Specificity,
}

/// The hosts of a [`UrlPattern`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// This host.
    Exact(Host),
    /// Every name with one or more labels in front of this one; not the name itself.
    Below(String),
}

/// Orders patterns by how specific they are, field by field: an exact host before a wildcard, a longer wildcard before
/// a shorter one, more leading path segments without a wildcard, more plain characters in the path, a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Specificity {
    exact_host: bool,
    host_labels: usize,
    literal_segments: usize,
    literal_characters: usize,
    has_query: bool,
}

impl UrlPattern {
    /// Parses a pattern that matches no path with a `%2F`.
    ///
    /// # Errors
    ///
    /// Refuses patterns that can never match, and a missing path, which could mean the front page or everything.
    pub fn parse(text: &str) -> Result<Self, UrlPatternError> {
        Self::parse_with(text, false)
    }

    /// Parses a pattern. With `encoded_slash`, a `%2F` in a path is a character of its segment, which `*` matches and
    /// the pattern can have itself.
    ///
    /// # Errors
    ///
    /// As [`UrlPattern::parse`].
    pub fn parse_with(text: &str, encoded_slash: bool) -> Result<Self, UrlPatternError> {
        check_text(text)?;
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let scheme = Scheme::parse(scheme).ok_or(UrlError::Scheme)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path_and_query) = rest.split_at_checked(end).ok_or(UrlError::Scheme)?;
        let (host, port) = parse_host_pattern(scheme, authority)?;
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        let relative = path.strip_prefix('/').ok_or(UrlPatternError::NoPath)?;
        if let Some(reserved) = relative.chars().find(|c| matches!(c, '[' | ']' | '{' | '}')) {
            return Err(PatternError::Reserved(reserved).into());
        }
        let relative = canonical_component(relative, Component::Path)?;
        if relative.contains(ENCODED_SLASH) && !encoded_slash {
            return Err(UrlPatternError::EncodedSlash);
        }
        let path = Segments::compile(&relative, Dialect::Url)?;
        let has_cut = check_decoded(&relative)?.is_some();
        let mut canonical = format!("{scheme}://{host}:{port}/{relative}");
        let query = match query {
            Some(query) => {
                let query = canonical_component(query, Component::Query)?;
                canonical.push('?');
                canonical.push_str(&query);
                Some(Wild::compile(&query, Dialect::Url))
            }
            None => None,
        };
        let specificity = Specificity {
            exact_host: matches!(host, HostPattern::Exact(_)),
            host_labels: match &host {
                HostPattern::Exact(_) => 0,
                HostPattern::Below(name) => name.split('.').count(),
            },
            literal_segments: path.literal_prefix().count(),
            literal_characters: relative.chars().filter(|character| *character != '*').count(),
            has_query: query.is_some(),
        };
        let text = text.to_owned();
        Ok(Self { text, canonical, scheme, host, port, path, query, has_cut, encoded_slash, specificity })
    }

    /// Whether the pattern matches a URL.
    #[must_use]
    pub fn matches(&self, url: &Url) -> bool {
        self.scheme == url.scheme()
            && self.port == url.port()
            && self.host.matches(url.host())
            && self.path.matches(url.path().strip_prefix('/').unwrap_or(url.path()))
            && self.matches_cut(url)
            && self.matches_query(url)
            && self.admits_slashes(url)
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host or hosts.
    #[must_use]
    pub fn host(&self) -> &HostPattern {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the pattern is for paths with a `%2F`, or the URL has none.
    pub(crate) fn admits_slashes(&self, url: &Url) -> bool {
        self.encoded_slash || !url.has_encoded_slash()
    }

    /// Whether the path can match a URL with a `%2F`.
    pub(crate) fn has_room_for_slashes(&self) -> bool {
        let path = self.path_text();
        path.contains('*') || path.contains(ENCODED_SLASH)
    }

    /// Whether path and query match, given that everything before them and the [`UrlPattern::literal_prefix`] of the
    /// path match, and whether or not the pattern is for paths with a `%2F`. `rest` is the rest of the path.
    pub(crate) fn matches_below_prefix(&self, rest: Option<&str>, url: &Url) -> bool {
        self.path.matches_below_prefix(rest) && self.matches_cut(url) && self.matches_query(url)
    }

    /// Whether the pattern matches one of the [`Url::other_readings`] of a URL's path, under the conditions of
    /// [`UrlPattern::matches_below_prefix`].
    pub(crate) fn matches_reading(&self, rest: Option<&str>, url: &Url) -> bool {
        // The part of the path that is cut off may become any query.
        self.path.matches_below_prefix(rest) && (url.cut_path().is_some() || self.matches_query(url))
    }

    /// Whether a path that a server may cut at an encoded `?` or `#` also matches when cut.
    fn matches_cut(&self, url: &Url) -> bool {
        let Some(cut) = url.cut_path().filter(|_| !self.has_cut) else { return true };
        // The part that is cut off may become a query.
        self.query.is_none() && self.path.matches(cut.strip_prefix('/').unwrap_or(cut))
    }

    fn matches_query(&self, url: &Url) -> bool {
        self.query.as_ref().is_none_or(|query| match url.query() {
            Some(text) => {
                let cut = cut(text, |byte| byte == b'#').and_then(|end| text.get(..end));
                query.matches_query(text) && cut.is_none_or(|cut| query.matches_query(cut))
            }
            None => query.is_empty(),
        })
    }

    /// The leading segments of the path that are plain text.
    pub(crate) fn literal_prefix(&self) -> impl Iterator<Item = &str> {
        self.path.literal_prefix()
    }

    pub(crate) fn specificity(&self) -> Specificity {
        self.specificity
    }

    /// The path in canonical form, without its leading `/`.
    pub(crate) fn path_text(&self) -> &str {
        let behind_scheme = self.canonical.split_once("://").map_or("", |(_, rest)| rest);
        let behind_host = behind_scheme.split_once('/').map_or("", |(_, rest)| rest);
        behind_host.split_once('?').map_or(behind_host, |(path, _)| path)
    }

    /// Whether the pattern has a query.
    pub(crate) fn has_query(&self) -> bool {
        self.query.is_some()
    }

    /// The canonical text: the same for every spelling of the pattern.
    pub(crate) fn canonical_text(&self) -> &str {
        &self.canonical
    }
}

impl fmt::Display for UrlPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => write!(f, "{host}"),
            Self::Below(name) => write!(f, "*.{name}"),
        }
    }
}

impl HostPattern {
    /// Whether the pattern matches a host. An address is never below a name.
    #[must_use]
    pub fn matches(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Exact(expected), _) => expected == host,
            (Self::Below(suffix), Host::Name(name)) => name
                .strip_suffix(suffix.as_str())
                .and_then(|labels| labels.strip_suffix('.'))
                .is_some_and(|labels| !labels.is_empty()),
            (Self::Below(_), Host::Ip(_)) => false,
        }
    }

    /// The address, if the host is one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Exact(Host::Ip(address)) => Some(*address),
            Self::Exact(Host::Name(_)) | Self::Below(_) => None,
        }
    }

    /// Whether the name always means this machine (RFC 6761 section 6.3).
    pub(crate) fn is_localhost(&self) -> bool {
        let name = match self {
            Self::Exact(Host::Name(name)) => name,
            Self::Below(name) => name.as_str(),
            Self::Exact(Host::Ip(_)) => return false,
        };
        name == "localhost" || name.ends_with(".localhost")
    }
}

fn parse_host_pattern(scheme: Scheme, authority: &str) -> Result<(HostPattern, u16), UrlPatternError> {
    let Some(below) = authority.strip_prefix("*.") else {
        let (host, _) = split_port(authority);
        if host.contains('*') {
            return Err(UrlPatternError::HostWildcard(host.to_owned()));
        }
        let (host, port) = parse_authority(scheme, authority)?;
        return Ok((HostPattern::Exact(host), port));
    };
    if split_port(below).0.contains('*') {
        return Err(UrlPatternError::HostWildcard(split_port(authority).0.to_owned()));
    }
    let (_, port) = parse_authority(scheme, below)?;
    match parse_host(split_port(below).0)? {
        Host::Name(name) => Ok((HostPattern::Below(name.to_string()), port)),
        Host::Ip(_) => Err(UrlPatternError::AddressWildcard(split_port(authority).0.to_owned())),
    }
}

#[cfg(test)]
mod tests;
