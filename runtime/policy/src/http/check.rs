//! Decisions about requests.
//!
//! Addresses are not judged here. A name is judged by what it resolves to, when it is dialled
//! ([`Policy::network_allows`]), and a grant whose own address may not be dialled is an error when the policy is
//! loaded.

use super::overriding::{is_overriding, normalized};
use crate::check::Ruling;
use crate::decision::{Denial, DenialReason};
use crate::grant::GrantId;
use crate::http::action::HttpAction;
use crate::http::grant::HttpGrant;
use crate::http::method::Method;
use crate::http::url::Url;
use crate::policy::Policy;
use std::net::IpAddr;

impl Policy {
    /// Whether a connection under this grant may be made to the address.
    ///
    /// Where the grant lists networks, only addresses in them may be; where it lists none, every address that is not
    /// special.
    #[must_use]
    pub fn network_allows(&self, grant: GrantId, address: IpAddr) -> bool {
        self.http_grant(grant).is_some_and(|grant| grant.networks.permits(address))
    }

    /// The grant that would govern this request: the one whose secrets are put in, where nothing denies it.
    #[must_use]
    pub fn governing_http_grant(&self, method: &Method, url: &Url) -> Option<&HttpGrant> {
        governing(self, method, url).ok().map(|matched| matched.grant)
    }

    /// The names of the secrets that are put into this request, where nothing denies it.
    #[must_use]
    pub fn secrets_for(&self, method: &Method, url: &Url) -> &[String] {
        self.governing_http_grant(method, url).map_or(&[], HttpGrant::secrets)
    }

    /// The names of the secrets that the URL's server (scheme, host and port) can get under any grant. A name can come
    /// twice.
    ///
    /// What one grant sends there can come back in the answer to a request under another.
    pub fn secrets_at<'a>(&'a self, url: &'a Url) -> impl Iterator<Item = &'a str> + 'a {
        self.hosts().secrets(url)
    }
}

/// The grant that governs a request.
struct Matched<'p> {
    /// The most specific grant whose URL and methods match.
    grant: &'p HttpGrant,
    /// The most specific of the matching grants that ask.
    asked_by: Option<&'p HttpGrant>,
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
    let mut other_method = None;
    policy.hosts().visit(url, |position, rest| {
        let Some(grant) = policy.http().get(position) else { return };
        if !grant.url.matches_below_prefix(rest, url) {
            return;
        }
        if !grant.methods.contains(method) {
            keep_more_specific(&mut other_method, grant);
            return;
        }
        keep_more_specific(&mut best, grant);
        if grant.asks(method) {
            keep_more_specific(&mut asking, grant);
        }
    });
    match best {
        Some(grant) => Ok(Matched { grant, asked_by: asking.or_else(|| asking_otherwise(policy, method, url)) }),
        None => Err(nearest_miss(policy, url, other_method)),
    }
}

/// The most specific grant that asks and matches what a server may read the path as.
///
/// `POST //admin/users` is sent as it is, and to many servers is `/admin/users`: a person who wants to be asked about
/// that wants to be asked about this too.
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

/// Keeps the grant whose URL pins down more; of two that pin down as much, the later in the file.
fn keep_more_specific<'p>(kept: &mut Option<&'p HttpGrant>, grant: &'p HttpGrant) {
    let rank = |grant: &HttpGrant| (grant.url.specificity(), grant.id);
    if kept.is_none_or(|kept| rank(kept) < rank(grant)) {
        *kept = Some(grant);
    }
}
