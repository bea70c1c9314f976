//! `[[http]]`: URLs that a tool may request.

use super::method::Method;
use super::networks::Networks;
use super::url_pattern::UrlPattern;
use crate::grant::GrantId;
use ipnet::IpNet;

/// URLs that a tool may request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpGrant {
    /// Names this grant.
    pub id: GrantId,
    /// The line of its `[[http]]` in the policy file, from 1.
    pub line: u32,
    /// The URLs.
    pub url: UrlPattern,
    pub(crate) methods: Vec<Method>,
    /// `ask` as written; without it, safe methods pass unasked and others ask.
    pub(crate) ask: Option<bool>,
    pub(crate) secrets: Vec<String>,
    pub(crate) networks: Networks,
    /// `proxy` as written; without it, requests go through the policy's proxy if it has one.
    pub(crate) proxy: Option<bool>,
    /// In lower case, with `-` for every character other than letters and digits.
    pub(crate) headers: Vec<String>,
}

impl HttpGrant {
    /// The methods, at least one.
    #[must_use]
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// The names of the secrets that are added to requests under this grant.
    #[must_use]
    pub fn secrets(&self) -> &[String] {
        &self.secrets
    }

    /// The networks that the grant lists. If it lists any, no other address is dialled, public or not.
    #[must_use]
    pub fn networks(&self) -> &[IpNet] {
        self.networks.listed()
    }

    /// Whether every address that is not special may be dialled: the grant lists no networks, or `public` among them.
    #[must_use]
    pub fn dials_public(&self) -> bool {
        self.networks.has_public()
    }

    /// `proxy`, if the grant says whether its requests go through the policy's proxy.
    #[must_use]
    pub fn proxy(&self) -> Option<bool> {
        self.proxy
    }

    /// The headers that may override what was matched (another method, URL, host or client), in lower case.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Whether a person is asked before a request with this method.
    #[must_use]
    pub fn asks(&self, method: &Method) -> bool {
        self.ask.unwrap_or(!method.is_safe())
    }
}
