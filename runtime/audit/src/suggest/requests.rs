//! The URLs of recorded requests, and what the requests needed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use wasm_agent_policy::{
    DecisionKind, HttpAction, HttpGrant, IpNet, Method, Policy, SecretSpec, Url, UrlPattern, is_special,
};

use super::patterns::{Dialect, Paths, generalise, is_literal};
use super::room::{Room, SuggestError};
use super::uses::{CallRef, Uses};
use crate::decisions::RecordedDecision;

/// The word for all public addresses in `networks`.
pub(super) const PUBLIC: &str = "public";

/// Requests to one origin with the same secrets: by method, then by path and query.
type Methods = BTreeMap<String, BTreeMap<String, Requested>>;

/// All requests, by origin and secrets.
#[derive(Debug, Default)]
pub(super) struct Requests {
    asked_for: BTreeMap<(String, Vec<String>), Methods>,
    /// The secrets of requests, by URL.
    given: BTreeMap<String, Vec<String>>,
    /// The secrets of all recorded policies, by name.
    pub(super) secrets: BTreeMap<String, SecretSpec>,
}

/// Requests with one method to one URL.
#[derive(Debug, Default, Clone)]
struct Requested {
    /// The path, without its first `/`.
    path: String,
    query: Option<String>,
    networks: BTreeSet<String>,
    /// What the grants say about the proxy.
    proxy: BTreeSet<bool>,
    /// Headers that override what the policy matched.
    headers: BTreeSet<String>,
    /// The path has a `%2F`.
    encoded_slash: bool,
    /// Somebody was asked about a safe request.
    asks: bool,
    /// Nobody was asked about a request that can't be undone.
    unasked: bool,
    uses: Uses,
}

/// An `[[http]]` grant.
#[derive(Debug, Default)]
pub(super) struct Grant {
    pub(super) methods: BTreeSet<String>,
    pub(super) networks: BTreeSet<String>,
    /// What the grants say about the proxy.
    pub(super) proxy: BTreeSet<bool>,
    pub(super) headers: BTreeSet<String>,
    pub(super) asks: bool,
    pub(super) unasked: bool,
    /// A path has a `%2F`.
    pub(super) encoded_slash: bool,
    /// It matches more than was requested, as no pattern matches exactly that.
    pub(super) wider: bool,
    pub(super) uses: Uses,
}

/// The grants, by URL and secrets.
pub(super) type Grants = BTreeMap<(String, Vec<String>), Grant>;

impl Grant {
    /// Adds what a request needs of the grant that governs it.
    fn provide(&mut self, asked: &Requested) {
        self.networks.extend(asked.networks.iter().cloned());
        self.proxy.extend(&asked.proxy);
        self.headers.extend(asked.headers.iter().cloned());
    }
}

impl Requested {
    fn url(&self, origin: &str) -> Option<Url> {
        let query = self.query.as_ref().map_or(String::new(), |query| format!("?{query}"));
        Url::parse_str(&format!("{origin}/{}{query}", self.path)).ok()
    }
}

impl Requests {
    /// Adds the secrets of a policy.
    pub(super) fn begin(&mut self, journal: &str, policy: &Policy) -> Result<(), SuggestError> {
        for secret in policy.secrets() {
            let known = self.secrets.entry(secret.name.clone()).or_insert_with(|| secret.clone());
            let (mut found, mut before) = (secret.clone(), known.clone());
            (found.line, before.line) = (0, 0);
            if found != before {
                return Err(SuggestError::Clash {
                    journal: journal.to_owned(),
                    what: format!("source, header or value of the secret `{}`", secret.name),
                    found: format!("{:?} {} {}", found.source, found.header, found.template),
                    before: format!("{:?} {} {}", before.source, before.header, before.template),
                });
            }
        }
        Ok(())
    }

    /// Adds a request.
    pub(super) fn request(
        &mut self,
        journal: &str,
        policy: &Policy,
        request: &HttpAction,
        decided: &RecordedDecision,
        at: CallRef,
        room: &mut Room,
    ) -> Result<(), SuggestError> {
        let url = &request.url;
        let origin = format!("{}://{}", url.scheme(), url.authority());
        self.check_secrets(journal, request)?;
        let methods = self.asked_for.entry((origin, request.secrets.clone())).or_default();
        let method = methods.entry(request.method.as_str().to_owned()).or_default();
        let whole = url.path_and_query().to_owned();
        if !method.contains_key(&whole) {
            room.take(whole.len())?;
            self.given.entry(request.url.as_str().to_owned()).or_insert_with(|| request.secrets.clone());
        }
        let asked = method.entry(whole).or_insert_with(|| Requested {
            path: url.path().strip_prefix('/').unwrap_or_default().to_owned(),
            query: url.query().map(str::to_owned),
            encoded_slash: url.has_encoded_slash(),
            ..Requested::default()
        });
        let is_safe = request.method.is_safe();
        asked.asks |= is_safe && decided.decision == DecisionKind::Ask;
        asked.unasked |= !is_safe && decided.decision == DecisionKind::Allow;
        asked.uses.add("requests", at);
        asked.networks.extend(networks(policy, request, decided));
        let grant = policy.governing_http_grant(&request.method, &request.url);
        asked.proxy.extend(grant.and_then(HttpGrant::proxy));
        asked.headers.extend(request.overriding_headers());
        Ok(())
    }

    /// Refuses requests to one URL with different secrets: a grant gives its secrets to all of its requests.
    fn check_secrets(&self, journal: &str, request: &HttpAction) -> Result<(), SuggestError> {
        let given = self.given.get(request.url.as_str());
        let Some(before) = given.filter(|before| **before != request.secrets) else { return Ok(()) };
        Err(SuggestError::Clash {
            journal: journal.to_owned(),
            what: format!("list of secrets for `{}`", request.url),
            found: request.secrets.join(", "),
            before: before.join(", "),
        })
    }

    /// The grants, by URL and secrets.
    pub(super) fn grants(&self, how: Paths) -> Grants {
        let mut grants = Grants::new();
        for ((origin, secrets), methods) in &self.asked_for {
            // A grant gives its secrets to all of its requests: no pattern may match those that had others.
            let same =
                self.asked_for.range((origin.clone(), Vec::new())..).take_while(|((other, _), _)| other == origin);
            let how = if same.take(2).count() > 1 { Paths::Exact } else { how };
            for (method, urls) in methods {
                let paths: BTreeSet<String> = urls.values().map(|asked| asked.path.clone()).collect();
                let patterns = generalise(&paths, &BTreeSet::new(), how, Dialect::Url);
                for asked in urls.values() {
                    let Some(pattern) = patterns.get(&asked.path) else { continue };
                    let query = match (how, &asked.query) {
                        (Paths::Exact, query) => format!("?{}", query.as_deref().unwrap_or_default()),
                        (Paths::Dir | Paths::Glob, _) => String::new(),
                    };
                    let wanted = format!("{origin}/{pattern}{query}");
                    let url = usable(&wanted, origin, asked);
                    let wider = url != wanted || !is_literal(&asked.path, Dialect::Url);
                    let grant = grants.entry((url, secrets.clone())).or_default();
                    grant.wider |= wider;
                    grant.methods.insert(method.clone());
                    grant.provide(asked);
                    grant.asks |= asked.asks;
                    grant.encoded_slash |= asked.encoded_slash;
                    grant.unasked |= asked.unasked;
                    grant.uses.merge(&asked.uses);
                }
            }
        }
        grants
    }

    /// Gives the grant that governs each request what the request needed. A more specific pattern than the request's
    /// own may match it: `/a/**`, made of `/a/b`, also matches `/a`.
    pub(super) fn provide(&self, policy: &Policy, grants: &mut Grants) {
        for ((origin, secrets), methods) in &self.asked_for {
            for (method, urls) in methods {
                let Ok(method) = Method::parse(method) else { continue };
                for asked in urls.values() {
                    let Some(url) = asked.url(origin) else { continue };
                    let Some(governing) = policy.governing_http_grant(&method, &url) else { continue };
                    if let Some(grant) = grants.get_mut(&(governing.url.to_string(), secrets.clone())) {
                        grant.provide(asked);
                    }
                }
            }
        }
    }

    /// The secrets that requests got.
    pub(super) fn used_secrets(&self) -> impl Iterator<Item = &SecretSpec> {
        let used: BTreeSet<&String> = self.asked_for.keys().flat_map(|(_, secrets)| secrets).collect();
        self.secrets.iter().filter(move |(name, _)| used.contains(name)).map(|(_, secret)| secret)
    }
}

/// The pattern, or the whole origin if the pattern does not match the URL that it was made from.
fn usable(pattern: &str, origin: &str, asked: &Requested) -> String {
    match (UrlPattern::parse_with(pattern, asked.encoded_slash), asked.url(origin)) {
        (Ok(compiled), Some(url)) if compiled.matches(&url) => pattern.to_owned(),
        _ => format!("{origin}/**"),
    }
}

/// The networks that a request needed of its recorded grant: all of them, if its addresses are not known.
fn networks(policy: &Policy, request: &HttpAction, decided: &RecordedDecision) -> Vec<String> {
    let Some(grant) = policy.governing_http_grant(&request.method, &request.url) else { return Vec::new() };
    let listed = |needed: &dyn Fn(&IpNet) -> bool| -> Vec<String> {
        grant.networks().iter().filter(|network| needed(network)).map(ToString::to_string).collect()
    };
    // A secret is sent in the clear only where a grant lists private networks and nothing else.
    let in_the_clear = !request.secrets.is_empty() && request.url.scheme().as_str() == "http";
    let only_public = decided.reached.iter().all(|address| is_special(*address).is_none());
    if decided.reached.is_empty() || (in_the_clear && only_public) {
        let mut all = listed(&|_| true);
        all.extend(grant.dials_public().then(|| PUBLIC.to_owned()));
        return all;
    }
    let mut needed = listed(&|network| decided.reached.iter().any(|address| network.contains(&address.to_canonical())));
    // In older releases a list of networks was added to the public ones: their journals can have public addresses too.
    let is_listed = |address: &IpAddr| grant.networks().iter().any(|network| network.contains(&address.to_canonical()));
    let mut others = decided.reached.iter().filter(|address| !is_listed(address));
    if others.any(|address| is_special(*address).is_none()) {
        needed.push(PUBLIC.to_owned());
    }
    needed
}
