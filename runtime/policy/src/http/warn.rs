//! Warnings about URLs, networks and secrets.

use std::collections::HashSet;

use super::domains::is_shared;
use crate::file::grant::{AskSet, FilesystemGrant};
use crate::http::grant::HttpGrant;
use crate::http::method::Method;
use crate::http::network;
use crate::http::url::{ENCODED_SLASH, Scheme};
use crate::http::url_pattern::HostPattern;
use crate::policy::Policy;
use crate::warn::{Findings, WarningKind};

/// Most hosts to which a tool may send, unasked, what it reads, before this is a warning.
const HOSTS_FEW: usize = 8;

pub(crate) fn check(grant: &HttpGrant, findings: &mut Findings<'_>) {
    host(grant, findings);
    path(grant, findings);
    networks(grant, findings);
}

fn host(grant: &HttpGrant, findings: &mut Findings<'_>) {
    let HostPattern::Below(name) = grant.url.host() else { return };
    if is_shared(name) {
        let message = format!("anybody can register a name below `{name}`, so `{}` can be anybody's server", grant.url);
        let hint = "write one grant for each host that is meant";
        findings.add(grant.line, WarningKind::SharedDomain, &message, hint);
    } else if let Some(secret) = grant.secrets.first() {
        let message = format!("the secret `{secret}` is sent to every name below `{name}`, whoever runs it");
        let hint = "name the host that the secret is for";
        findings.add(grant.line, WarningKind::SecretToMany, &message, hint);
    }
}

fn path(grant: &HttpGrant, findings: &mut Findings<'_>) {
    let segments: Vec<&str> = grant.url.path_text().split('/').collect();
    let any = segments.iter().position(|segment| *segment == "**");
    if any.is_none() && !grant.url.has_query() && asks_nothing(grant) {
        let message = format!("`{}` has no query, so a request can carry any query, unasked", grant.url);
        let hint = "end it with `?` for no query, with a query as in `?q=*`, or with `?*` for any; or set `ask = true`";
        findings.add(grant.line, WarningKind::FreeQuery, &message, hint);
    }
    if let Some(about) = any.and_then(|any| segments.get(any + 1)) {
        let message = format!(
            "`**` before `{about}` matches any path, so `{}` also matches `{about}` below other users' paths",
            grant.url
        );
        let hint = "write the path from its beginning; `*` stands for one segment of it";
        findings.add(grant.line, WarningKind::AnyDepth, &message, hint);
    }
    if let Some(word) = segments.iter().find(|segment| continues_a_word(segment)) {
        let (plain, alike) = (word.trim_matches('*'), word.replace('*', "-other"));
        let message = format!(
            "`{word}` in `{}` matches more than `{plain}` and the paths below it: `{alike}` matches too",
            grant.url
        );
        let hint = format!("write a grant for `{plain}` and one for `{plain}/**`");
        findings.add(grant.line, WarningKind::WordStar, &message, &hint);
    }
}

/// Whether the segment is a word with a star directly after or before it.
fn continues_a_word(segment: &str) -> bool {
    // The `F` of a `%2F` is not part of a word.
    let behind = segment
        .strip_suffix('*')
        .is_some_and(|word| word.ends_with(char::is_alphanumeric) && !word.ends_with(ENCODED_SLASH));
    let before = segment.strip_prefix('*').is_some_and(|word| word.starts_with(char::is_alphanumeric));
    behind || before
}

fn networks(grant: &HttpGrant, findings: &mut Findings<'_>) {
    if let Some(listed) = grant.networks().iter().find(|listed| !network::is_loopback(listed))
        && grant.url.scheme() == Scheme::Http
    {
        let what = if grant.secrets.is_empty() { "requests" } else { "requests and their secrets" };
        let message =
            format!("{what} to `{}` are not encrypted: anybody in `{listed}` can read and change them", grant.url);
        findings.add(grant.line, WarningKind::Unencrypted, &message, "use `https`");
    }
    // An address matches only itself, so nobody else can be behind it.
    if grant.url.host().address().is_some() {
        return;
    }
    let metadata = grant.networks().iter().find_map(|listed| Some((listed, network::metadata_in(listed)?)));
    if let Some((listed, address)) = metadata {
        let message = format!(
            "`{listed}` in `networks` contains `{address}`, where clouds serve credentials: whoever controls the name \
             in `{}` can direct the request there",
            grant.url
        );
        let hint = "list the network that the server is in; `\"public\"` stands for all public addresses";
        findings.add(grant.line, WarningKind::Metadata, &message, hint);
    }
}

/// A proxy may be in a network that the tool is kept out of, and it resolves names there.
pub(crate) fn check_proxy(policy: &Policy, findings: &mut Findings<'_>) {
    let Some(proxy) = policy.proxy() else { return };
    for grant in policy.http().iter().filter(|grant| grant.proxy.is_none() && grant.url.host().address().is_none()) {
        let message = format!(
            "the proxy `{}` resolves the name in `{}`, and nothing checks that it leads to no private address",
            proxy.text, grant.url
        );
        let hint = "`proxy = true` says that the proxy may, `proxy = false` sends these requests directly";
        findings.add(grant.line, WarningKind::ProxyResolves, &message, hint);
    }
}

/// Whether this grant lets some request pass unasked.
fn asks_nothing(grant: &HttpGrant) -> bool {
    grant.methods.iter().any(|method| !grant.asks(method))
}

/// A tool that can read much and send it to many places can leak it.
pub(crate) fn check_way_out(policy: &Policy, findings: &mut Findings<'_>) {
    let Some(read) = policy.filesystem().iter().find(|grant| reads_much(grant)) else { return };
    let mut hosts = HashSet::new();
    let out = policy.http().iter().filter(|grant| grant.dials_public() && asks_nothing(grant)).find_map(|grant| {
        hosts.insert(grant.url.host());
        let sends_bodies = grant.methods.iter().any(|method| !method.is_safe() && !grant.asks(method));
        let many = match grant.url.host() {
            HostPattern::Below(name) => Some(format!("any host below `{name}`")),
            HostPattern::Exact(host) if sends_bodies && grant.url.path_text().split('/').any(|name| name == "**") => {
                Some(format!("any path at `{host}`"))
            }
            HostPattern::Exact(_) => (hosts.len() > HOSTS_FEW).then(|| format!("more than {HOSTS_FEW} hosts")),
        };
        Some((grant, many?))
    });
    let Some((grant, many)) = out else { return };
    let method = grant.methods.iter().find(|method| !grant.asks(method)).map_or("", Method::as_str);
    let message = format!(
        "what is read in `{}` (line {}) can be sent to {many} unasked (`{method}` under `{}`)",
        read.guest, read.line, grant.url
    );
    let hint = "set `ask = true` here, narrow the URL, or list in `only` what the tool needs to read";
    findings.add(grant.line, WarningKind::WayOut, &message, hint);
}

/// Whether a grant lets all of a directory, or of one below it, be read unasked.
fn reads_much(grant: &FilesystemGrant) -> bool {
    let whole = |pattern: &str| pattern.split('/').any(|name| name == "**");
    !grant.ask.has_any(AskSet::READ)
        && grant.only.as_ref().is_none_or(|only| only.patterns().iter().any(|pattern| whole(pattern.as_str())))
}
