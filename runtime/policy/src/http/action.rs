//! A request, as it is checked, shown, approved and recorded.

use super::method::Method;
use super::overriding::{is_overriding, normalized};
use super::url::Url;

/// An HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAction {
    /// The method.
    pub method: Method,
    /// The URL that is sent.
    pub url: Url,
    /// The guest's headers, names in lower case, in the guest's order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, where it is known before the request is sent.
    pub body: Option<BodyDigest>,
    /// The names of the secrets that the host adds when it sends the request.
    pub secrets: Vec<String>,
}

/// A body by its length and digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyDigest {
    /// The length in bytes.
    pub len: u64,
    /// The BLAKE3 digest.
    pub blake3: [u8; 32],
}

impl HttpAction {
    /// A request without headers, body and secrets.
    #[must_use]
    pub fn new(method: Method, url: Url) -> Self {
        Self { method, url, headers: Vec::new(), body: None, secrets: Vec::new() }
    }

    /// The names of the headers that override what is matched, as a grant lists them.
    pub fn overriding_headers(&self) -> impl Iterator<Item = String> + '_ {
        let names = self.headers.iter().map(|(name, _)| name.as_str());
        names.filter(|name| is_overriding(name)).map(normalized)
    }
}
