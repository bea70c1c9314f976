//! `networks`: the addresses that may be dialled under one grant.

use crate::http::network::is_special;
use ipnet::IpNet;
use std::net::IpAddr;

/// The entry that stands for every address that is not special.
pub(crate) const PUBLIC: &str = "public";

/// The networks whose addresses may be dialled under one grant.
///
/// If a grant lists any, nothing else is dialled: a grant that lists a private network is for the servers in it, and a
/// name that resolves elsewhere is not one of them. If it lists none, every public address may be dialled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Networks {
    listed: Vec<IpNet>,
    public: bool,
}

impl Networks {
    /// Adds a network; `false` if it is listed already.
    pub(crate) fn add(&mut self, network: IpNet) -> bool {
        let is_new = !self.listed.contains(&network);
        if is_new {
            self.listed.push(network);
        }
        is_new
    }

    /// Adds every address that is not special; `false` if `public` is listed already.
    pub(crate) fn add_public(&mut self) -> bool {
        !std::mem::replace(&mut self.public, true)
    }

    /// Whether every address that is not special may be dialled.
    pub(crate) fn has_public(&self) -> bool {
        self.public || self.listed.is_empty()
    }

    /// Whether the grant lists anything.
    pub(crate) fn is_written(&self) -> bool {
        self.public || !self.listed.is_empty()
    }

    pub(crate) fn listed(&self) -> &[IpNet] {
        &self.listed
    }

    /// Whether the address may be dialled.
    pub(crate) fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.listed.iter().any(|network| network.contains(&address))
            || (self.has_public() && is_special(address).is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(listed: &[&str]) -> Networks {
        let mut networks = Networks::default();
        for entry in listed {
            assert!(match *entry {
                PUBLIC => networks.add_public(),
                network => networks.add(network.parse().unwrap()),
            });
        }
        networks
    }

    #[test]
    fn a_list_is_exact() {
        for (listed, address, expected) in [
            (&[][..], "8.8.8.8", true),
            (&[], "127.0.0.1", false),
            (&[], "169.254.169.254", false),
            (&["127.0.0.0/8", "fd12::/16"], "127.0.0.1", true),
            (&["127.0.0.0/8", "fd12::/16"], "::ffff:127.9.9.9", true),
            (&["127.0.0.0/8", "fd12::/16"], "::1", false),
            (&["127.0.0.0/8", "fd12::/16"], "10.0.0.1", false),
            (&["127.0.0.0/8", "fd12::/16"], "fd12::5", true),
            (&["127.0.0.0/8", "fd12::/16"], "fd13::5", false),
            (&["127.0.0.0/8", "fd12::/16"], "64:ff9b::127.0.0.1", false),
            // An address that is not listed is not dialled, public or not.
            (&["127.0.0.0/8"], "8.8.8.8", false),
            (&["127.0.0.0/8"], "2606:4700::1", false),
            (&["10.0.0.0/8", "public"], "8.8.8.8", true),
            (&["10.0.0.0/8", "public"], "10.1.1.1", true),
            (&["10.0.0.0/8", "public"], "127.0.0.1", false),
            (&["public"], "10.0.0.1", false),
            (&["public"], "64:ff9b::10.0.0.1", false),
            (&["8.8.8.0/24"], "8.8.8.8", true),
            (&["8.8.8.0/24"], "8.8.9.8", false),
            (&["8.8.8.0/24"], "10.0.0.1", false),
            (&["0.0.0.0/0"], "127.0.0.1", true),
            (&["0.0.0.0/0"], "2606:4700::1", false),
        ] {
            assert_eq!(networks(listed).permits(address.parse().unwrap()), expected, "{listed:?} {address}");
        }
    }

    #[test]
    fn keeps_each_entry_once() {
        let mut listed = networks(&["10.0.0.0/8", "public"]);
        assert!(!listed.add("10.0.0.0/8".parse().unwrap()) && !listed.add_public());
    }
}
