//! Decisions about requests.
//!
//! Addresses are not judged here. A name is judged by what it resolves to, when it is dialled
//! ([`Policy::network_allows`]), and a grant whose own address may not be dialled is an error when the policy is
//! loaded.

use super::Ruling;
use super::overriding::{is_overriding, normalized};
use crate::action::HttpAction;
use crate::decision::{Denial, DenialReason};
use crate::grant::{GrantId, HttpGrant};
use crate::method::Method;
use crate::policy::Policy;
use crate::url::Url;

/// The grant that governs a request.
pub(crate) struct Matched<'p> {
    /// The most specific grant whose URL and methods match.
    pub(crate) grant: &'p HttpGrant,
    /// The most specific of the matching grants that ask.
    asked_by: Option<&'p HttpGrant>,
}

pub(super) fn judge(policy: &Policy, request: &HttpAction) -> Result<Ruling, Denial> {
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
pub(crate) fn governing<'p>(policy: &'p Policy, method: &Method, url: &Url) -> Result<Matched<'p>, Denial> {
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
