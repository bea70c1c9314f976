//! Decisions about requests.
//!
//! Addresses are not judged here. The address that a name resolves to is judged when it is dialled
//! ([`Policy::network_allows`]), and a grant for an address that may not be dialled is an error when the policy is
//! loaded.

use super::overriding::{is_overriding, normalized};
use crate::check::Ruling;
use crate::decision::{Denial, DenialReason};
use crate::grant::GrantId;
use crate::http::action::HttpAction;
use crate::http::grant::HttpGrant;
use crate::http::invalid::InvalidRequest;
use crate::http::method::Method;
use crate::http::url::{Scheme, Url};
use crate::policy::Policy;
use std::net::IpAddr;

impl Policy {
    /// Whether a request under this grant may connect to the address.
    ///
    /// If the grant lists networks, only addresses in them are allowed; otherwise every address that is not special.
    #[must_use]
    pub fn network_allows(&self, grant: GrantId, address: IpAddr) -> bool {
        self.http_grant(grant).is_some_and(|grant| grant.networks.permits(address))
    }

    /// Whether requests under this grant go through the policy's [`proxy`](Policy::proxy).
    #[must_use]
    pub fn proxies(&self, grant: GrantId) -> bool {
        self.proxy().is_some() && self.http_grant(grant).is_some_and(|grant| grant.proxy != Some(false))
    }

    /// The grant that governs this request and whose secrets are added to it; `None` if the request is denied.
    #[must_use]
    pub fn governing_http_grant(&self, method: &Method, url: &Url) -> Option<&HttpGrant> {
        governing(self, method, url).ok().map(|matched| matched.grant)
    }

    /// The names of the secrets that are added to this request; none if it is denied.
    #[must_use]
    pub fn secrets_for(&self, method: &Method, url: &Url) -> &[String] {
        self.governing_http_grant(method, url).map_or(&[], HttpGrant::secrets)
    }

    /// The name of the proxy's secret, if the proxy can read this request and answer it in the server's place: the
    /// request goes through the proxy, and nothing is encrypted.
    #[must_use]
    pub fn proxy_secret_for(&self, method: &Method, url: &Url) -> Option<&str> {
        let proxied = |grant: &HttpGrant| url.scheme() == Scheme::Http && self.proxies(grant.id);
        self.governing_http_grant(method, url).filter(|grant| proxied(grant))?;
        self.proxy()?.secret.as_deref()
    }

    /// The names of the secrets that any grant sends to the URL's server (scheme, host and port). A name can occur
    /// twice.
    ///
    /// A secret that one grant sends can come back in the response to a request under another.
    pub fn secrets_at<'a>(&'a self, url: &'a Url) -> impl Iterator<Item = &'a str> + 'a {
        self.hosts().secrets(url)
    }
}

/// The grant that governs a request, and the one that makes it ask.
struct Matched<'p> {
    /// The most specific grant whose URL and methods match.
    grant: &'p HttpGrant,
    /// The most specific of the matching grants that ask.
    asked_by: Option<&'p HttpGrant>,
}

/// The denial of a request whose method or URL no policy can grant.
pub(crate) fn judge_invalid(request: &InvalidRequest) -> Denial {
    let reason = if Method::parse(&request.method).is_err() { DenialReason::Method } else { DenialReason::Url };
    Denial::new(reason, None)
}

pub(crate) fn judge(policy: &Policy, request: &HttpAction) -> Result<Ruling, Denial> {
    let Matched { grant, asked_by } = governing(policy, &request.method, &request.url)?;
    if !request.secrets.iter().all(|name| grant.secrets.contains(name)) {
        return Err(Denial::new(DenialReason::Secret, Some(grant.id)));
    }
    let mut overriding = request.headers.iter().map(|(name, _)| name).filter(|name| is_overriding(name));
    if overriding.any(|name| !grant.headers.contains(&normalized(name))) {
        return Err(Denial::new(DenialReason::Header, Some(grant.id)));
    }
    Ok(Ruling { grant: grant.id, asked_by: asked_by.map(|grant| grant.id) })
}

/// Finds the grant that governs a request, or why there is none.
fn governing<'p>(policy: &'p Policy, method: &Method, url: &Url) -> Result<Matched<'p>, Denial> {
    if !method.is_grantable() {
        return Err(Denial::new(DenialReason::Method, None));
    }
    let mut best = None;
    let mut asking = None;
    let (mut other_method, mut without_slashes) = (None, None);
    policy.hosts().visit(url, |position, rest| {
        let Some(grant) = policy.http().get(position) else { return };
        if !grant.url.matches_below_prefix(rest, url) {
            return;
        }
        if !grant.methods.contains(method) {
            keep_more_specific(&mut other_method, grant);
            return;
        }
        // A grant that is not for `%2F` also asks about it: its server may be one that takes it for a `/`.
        if grant.asks(method) {
            keep_more_specific(&mut asking, grant);
        }
        let kept = if grant.url.admits_slashes(url) { &mut best } else { &mut without_slashes };
        keep_more_specific(kept, grant);
    });
    match best {
        Some(grant) => Ok(Matched { grant, asked_by: asking.or_else(|| asking_otherwise(policy, method, url)) }),
        None => Err(match without_slashes {
            Some(grant) => Denial::new(DenialReason::EncodedSlash, Some(grant.id)),
            None => nearest_miss(policy, url, other_method),
        }),
    }
}

/// The most specific grant that asks, among those that match another way in which a server may read the path.
///
/// `POST //admin/users` is sent as it is, and many servers read it as `/admin/users`: a person who wants to be asked
/// about one wants to be asked about the other.
fn asking_otherwise<'p>(policy: &'p Policy, method: &Method, url: &Url) -> Option<&'p HttpGrant> {
    let mut asking = None;
    for reading in url.other_readings() {
        policy.hosts().visit_as(url, &reading, |position, rest| {
            let asks = |grant: &&HttpGrant| grant.methods.contains(method) && grant.asks(method);
            if let Some(grant) = policy.http().get(position).filter(asks)
                && grant.url.matches_reading(rest, url)
            {
                keep_more_specific(&mut asking, grant);
            }
        });
    }
    asking
}

fn nearest_miss(policy: &Policy, url: &Url, other_method: Option<&HttpGrant>) -> Denial {
    if let Some(grant) = other_method {
        return Denial::new(DenialReason::Method, Some(grant.id));
    }
    match policy.hosts().other_scheme(url).and_then(GrantId::http) {
        Some(grant) => Denial::new(DenialReason::Scheme, Some(grant)),
        None => Denial::new(DenialReason::NoGrant, None),
    }
}

/// Keeps the more specific grant; of two equally specific ones, the later one in the file.
fn keep_more_specific<'p>(kept: &mut Option<&'p HttpGrant>, grant: &'p HttpGrant) {
    let rank = |grant: &HttpGrant| (grant.url.specificity(), grant.id);
    if kept.is_none_or(|kept| rank(kept) < rank(grant)) {
        *kept = Some(grant);
    }
}
