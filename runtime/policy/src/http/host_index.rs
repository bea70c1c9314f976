//! Finds the HTTP grants that could match a URL without looking at the others.

use crate::http::grant::HttpGrant;
use crate::http::url::{Scheme, Url};
use crate::http::url_pattern::HostPattern;
use crate::prefix_tree::PrefixTree;
use std::collections::{BTreeSet, HashMap};
use std::iter::once;

/// HTTP grants by host, then scheme and port, then the leading literal segments of their paths.
///
/// Hosts are looked up in a tree and not by a hash: a policy can come from anyone's journal, and somebody could write
/// one whose 10,000 hosts all collide under a fast hash, at 0.1 ms a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostIndex {
    exact: PrefixTree<Site>,
    below: PrefixTree<Site>,
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
        let mut sites: Vec<(&HostPattern, Site)> = Vec::new();
        let mut places: HashMap<(&HostPattern, Scheme, u16), usize> = HashMap::new();
        for (position, grant) in grants.iter().enumerate() {
            let (host, scheme, port) = (grant.url.host(), grant.url.scheme(), grant.url.port());
            let place = *places.entry((host, scheme, port)).or_insert(sites.len());
            if place == sites.len() {
                sites.push((host, Site { scheme, port, grants: PrefixTree::default(), secrets: BTreeSet::new() }));
            }
            if let Some((_, site)) = sites.get_mut(place) {
                site.grants.insert(grant.url.literal_prefix(), position);
                site.secrets.extend(grant.secrets.iter().cloned());
            }
        }
        let mut index = Self::default();
        for (host, site) in sites {
            match host {
                HostPattern::Exact(host) => index.exact.insert(once(host.to_string().as_str()), site),
                HostPattern::Below(name) => index.below.insert(once(name.as_str()), site),
            }
        }
        index
    }

    /// Visits the positions of the grants whose scheme, host, port and leading plain path segments match the URL, each
    /// with the rest of the path below those segments.
    #[inline]
    pub(crate) fn visit<'u>(&self, url: &'u Url, each: impl FnMut(usize, Option<&'u str>)) {
        let path = url.path();
        self.visit_as(url, path.strip_prefix('/').unwrap_or(path), each);
    }

    /// Does the same for another path, without its leading `/`, on the URL's server.
    #[inline]
    pub(crate) fn visit_as<'u>(&self, url: &Url, relative: &'u str, mut each: impl FnMut(usize, Option<&'u str>)) {
        for site in self.sites(url).filter(|site| site.is_for(url.scheme(), url.port())) {
            site.grants.visit(Some(relative), |position, rest| each(*position, rest));
        }
    }

    /// The names of the secrets that grants for the URL's server have, whatever their paths and methods. A name can
    /// occur twice.
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
        // Part of an address is never found here: a pattern whose host ends in a number or `]` is not parsed as a name.
        let above = below.into_iter().flat_map(move |below| {
            let dots = host.bytes().enumerate().filter(|(_, byte)| *byte == b'.');
            dots.flat_map(move |(dot, _)| host.get(dot + 1..).map_or(&[][..], |name| below.get(name)))
        });
        self.exact.get(host).iter().chain(above)
    }
}

impl Site {
    fn is_for(&self, scheme: Scheme, port: u16) -> bool {
        self.scheme == scheme && self.port == port
    }
}
