//! Finds the HTTP grants that could match a URL without looking at the others.

use crate::fast_hash::PolicyMap;
use crate::grant::HttpGrant;
use crate::prefix_tree::PrefixTree;
use crate::url::{Scheme, Url};
use crate::url_pattern::HostPattern;
use std::collections::{BTreeSet, HashMap};

/// HTTP grants by host, then scheme and port, then the leading plain segments of their paths.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostIndex {
    exact: PolicyMap<String, Vec<Site>>,
    below: PolicyMap<String, Vec<Site>>,
}

/// The grants of one scheme and port of a host.
#[derive(Clone, Debug)]
struct Site {
    scheme: Scheme,
    port: u16,
    /// Positions among the policy's HTTP grants.
    grants: PrefixTree<usize>,
    /// The names of all secrets that these grants have.
    secrets: BTreeSet<String>,
}

impl HostIndex {
    pub(crate) fn new(grants: &[HttpGrant]) -> Self {
        let mut index = Self::default();
        // Where each site is among those of its host, which can be as many as there are ports.
        let mut places: HashMap<(&HostPattern, Scheme, u16), usize> = HashMap::new();
        for (position, grant) in grants.iter().enumerate() {
            let sites = match grant.url.host() {
                HostPattern::Exact(host) => index.exact.entry(host.to_string()),
                HostPattern::Below(name) => index.below.entry(name.clone()),
            };
            let sites = sites.or_default();
            let (scheme, port) = (grant.url.scheme(), grant.url.port());
            let prefix = grant.url.literal_prefix();
            let place = *places.entry((grant.url.host(), scheme, port)).or_insert(sites.len());
            let secrets = grant.secrets.iter().cloned();
            match sites.get_mut(place) {
                Some(site) => {
                    site.grants.insert(prefix, position);
                    site.secrets.extend(secrets);
                }
                None => {
                    let mut tree = PrefixTree::default();
                    tree.insert(prefix, position);
                    sites.push(Site { scheme, port, grants: tree, secrets: secrets.collect() });
                }
            }
        }
        index
    }

    /// Visits the positions of the grants whose scheme, host, port and leading plain path segments fit the URL, each
    /// with what is left of the path below those segments.
    #[inline]
    pub(crate) fn visit<'u>(&self, url: &'u Url, each: impl FnMut(usize, Option<&'u str>)) {
        let path = url.path();
        self.visit_as(url, path.strip_prefix('/').unwrap_or(path), each);
    }

    /// Visits the same for another path, which has no `/` at its beginning, on the server of the URL.
    #[inline]
    pub(crate) fn visit_as<'u>(&self, url: &Url, relative: &'u str, mut each: impl FnMut(usize, Option<&'u str>)) {
        for site in self.sites(url).filter(|site| site.is_for(url.scheme(), url.port())) {
            site.grants.visit(Some(relative), |position, rest| each(*position, rest));
        }
    }

    /// The names of the secrets that grants for the URL's server have, whatever their paths and methods. A name can
    /// come twice.
    pub(crate) fn secrets<'i>(&'i self, url: &'i Url) -> impl Iterator<Item = &'i str> + 'i {
        let sites = self.sites(url).filter(|site| site.is_for(url.scheme(), url.port()));
        sites.flat_map(|site| site.secrets.iter().map(String::as_str))
    }

    /// The position of a grant for this host with another scheme.
    pub(crate) fn other_scheme(&self, url: &Url) -> Option<usize> {
        self.sites(url).filter(|site| site.scheme != url.scheme()).flat_map(|site| site.grants.first()).next().copied()
    }

    /// The sites of the URL's host, and of each name above it.
    fn sites<'i>(&'i self, url: &'i Url) -> impl Iterator<Item = &'i Site> + 'i {
        let host = url.host_text();
        let below = Some(&self.below).filter(|below| !below.is_empty());
        // No part of an address is found here: what ends in a number, or in `]`, is not parsed as a name.
        let above = below.into_iter().flat_map(move |below| {
            let dots = host.bytes().enumerate().filter(|(_, byte)| *byte == b'.');
            dots.filter_map(move |(dot, _)| below.get(host.get(dot + 1..)?))
        });
        self.exact.get(host).into_iter().chain(above).flatten()
    }
}

impl Site {
    fn is_for(&self, scheme: Scheme, port: u16) -> bool {
        self.scheme == scheme && self.port == port
    }
}
