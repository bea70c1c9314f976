//! Addresses that are not the public internet.
//!
//! A name in a policy says nothing about the address it resolves to. So each address is judged before it is dialled,
//! and special ones are refused unless the grant lists their network (see
//! [`Networks`](crate::http::networks::Networks)): controlling a name must not be enough to reach a service on this
//! machine, this network or the cloud's metadata.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kind of the addresses at which clouds serve credentials.
const METADATA: &str = "cloud metadata";

/// Special IPv4 networks, the narrower before the wider (IANA special-purpose registry, RFC 6890, and the addresses at
/// which clouds serve credentials).
const SPECIAL_V4: &[(Ipv4Addr, u8, &str)] = &[
    (Ipv4Addr::new(169, 254, 169, 254), 32, METADATA),
    (Ipv4Addr::new(169, 254, 170, 2), 32, METADATA),
    (Ipv4Addr::new(100, 100, 100, 200), 32, METADATA),
    (Ipv4Addr::new(168, 63, 129, 16), 32, METADATA),
    (Ipv4Addr::new(192, 0, 0, 192), 32, METADATA),
    (Ipv4Addr::new(255, 255, 255, 255), 32, "broadcast"),
    (Ipv4Addr::new(0, 0, 0, 0), 8, "unspecified"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "carrier-grade NAT"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "protocol assignment"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarking"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    (Ipv4Addr::new(233, 252, 0, 0), 24, "documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
];

/// Special IPv6 networks, the narrower before the wider. Everything outside `2000::/3` is special anyway.
const SPECIAL_V6: &[(Ipv6Addr, u8, &str)] = &[
    (Ipv6Addr::UNSPECIFIED, 128, "unspecified"),
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128, METADATA),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 0), 96, "IPv4-compatible"),
    (Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96, "IPv4-translated"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "NAT64"),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, "discard"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, "Teredo"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "documentation"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "protocol assignment"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "documentation"),
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16, "segment routing"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "unique local"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "site-local"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
];

/// Global unicast addresses (RFC 4291 section 2.4, as allocated by IANA).
const GLOBAL_UNICAST: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The well-known NAT64 prefix: the last 32 bits are the IPv4 address that is reached (RFC 6052).
const NAT64: (Ipv6Addr, u8) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// What kind of special address this is; `None` for a public one.
///
/// An IPv4 address inside an IPv6 address (mapped, or behind the well-known NAT64 prefix) is judged as itself. The
/// other ways to embed one (compatible, translated, 6to4, Teredo, ISATAP, local NAT64) are special whatever they embed.
#[must_use]
pub fn is_special(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    SPECIAL_V4.iter().find(|(network, prefix, _)| v4_share(address, *network, *prefix)).map(|(_, _, name)| *name)
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    if v6_share(address, NAT64.0, NAT64.1) {
        let [.., a, b, c, d] = address.octets();
        return special_v4(Ipv4Addr::new(a, b, c, d));
    }
    let named =
        SPECIAL_V6.iter().find(|(network, prefix, _)| v6_share(address, *network, *prefix)).map(|(_, _, name)| *name);
    if named.is_some() {
        return named;
    }
    if !v6_share(address, GLOBAL_UNICAST.0, GLOBAL_UNICAST.1) {
        return Some("not global unicast");
    }
    // RFC 5214 section 6.1: an interface identifier that embeds an IPv4 address.
    let [_, _, _, _, universal, marker, _, _] = address.segments();
    (matches!(universal, 0 | 0x200) && marker == 0x5efe).then_some("ISATAP")
}

/// Whether every address of the network is special: none of it is the public internet.
pub(crate) fn is_within_special(network: &IpNet) -> bool {
    match network {
        IpNet::V4(network) => v4_within_special(network.network(), network.prefix_len()),
        IpNet::V6(network) => {
            let (first, prefix) = (network.network(), network.prefix_len());
            if v6_share(first, NAT64.0, NAT64.1.min(prefix)) {
                let [.., a, b, c, d] = first.octets();
                return prefix >= NAT64.1 && v4_within_special(Ipv4Addr::new(a, b, c, d), prefix - NAT64.1);
            }
            let is_global = v6_share(first, GLOBAL_UNICAST.0, GLOBAL_UNICAST.1.min(prefix));
            !is_global || SPECIAL_V6.iter().any(|(special, own, _)| prefix >= *own && v6_share(first, *special, *own))
        }
    }
}

fn v4_within_special(first: Ipv4Addr, prefix: u8) -> bool {
    SPECIAL_V4.iter().any(|(special, own, _)| prefix >= *own && v4_share(first, *special, *own))
}

/// Whether every address of the network is this machine.
pub(crate) fn is_loopback(network: &IpNet) -> bool {
    match network {
        IpNet::V4(network) => network.prefix_len() >= 8 && v4_share(network.network(), Ipv4Addr::LOCALHOST, 8),
        IpNet::V6(network) => network.prefix_len() == 128 && network.network() == Ipv6Addr::LOCALHOST,
    }
}

/// An address in the network at which a cloud serves credentials, where there is one.
pub(crate) fn metadata_in(network: &IpNet) -> Option<IpAddr> {
    let v4 = SPECIAL_V4.iter().filter(|(_, _, name)| *name == METADATA).map(|(address, ..)| IpAddr::V4(*address));
    let v6 = SPECIAL_V6.iter().filter(|(_, _, name)| *name == METADATA).map(|(address, ..)| IpAddr::V6(*address));
    v4.chain(v6).find(|address| network.contains(address))
}

fn v4_share(a: Ipv4Addr, b: Ipv4Addr, prefix: u8) -> bool {
    let differing = u32::from(a) ^ u32::from(b);
    differing.leading_zeros() >= u32::from(prefix)
}

fn v6_share(a: Ipv6Addr, b: Ipv6Addr, prefix: u8) -> bool {
    let differing = u128::from(a) ^ u128::from(b);
    differing.leading_zeros() >= u32::from(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn special(text: &str) -> Option<&'static str> {
        is_special(text.parse().unwrap())
    }

    #[test]
    fn every_special_network_ends_where_it_should() {
        for (address, expected) in [
            ("0.0.0.0", Some("unspecified")),
            ("0.255.255.255", Some("unspecified")),
            ("1.0.0.0", None),
            ("9.255.255.255", None),
            ("10.0.0.0", Some("private")),
            ("10.255.255.255", Some("private")),
            ("11.0.0.0", None),
            ("100.63.255.255", None),
            ("100.64.0.0", Some("carrier-grade NAT")),
            ("100.100.100.200", Some("cloud metadata")),
            ("100.127.255.255", Some("carrier-grade NAT")),
            ("100.128.0.0", None),
            ("126.255.255.255", None),
            ("127.0.0.1", Some("loopback")),
            ("127.255.255.255", Some("loopback")),
            ("128.0.0.0", None),
            ("168.63.129.16", Some("cloud metadata")),
            ("168.63.129.17", None),
            ("169.253.255.255", None),
            ("169.254.0.0", Some("link-local")),
            ("169.254.169.254", Some("cloud metadata")),
            ("169.255.0.0", None),
            ("172.15.255.255", None),
            ("172.16.0.0", Some("private")),
            ("172.31.255.255", Some("private")),
            ("172.32.0.0", None),
            ("192.0.0.8", Some("protocol assignment")),
            ("192.0.1.0", None),
            ("192.0.2.1", Some("documentation")),
            ("192.88.99.1", Some("6to4 relay")),
            ("192.167.255.255", None),
            ("192.168.0.0", Some("private")),
            ("192.169.0.0", None),
            ("198.17.255.255", None),
            ("198.18.0.0", Some("benchmarking")),
            ("198.19.255.255", Some("benchmarking")),
            ("198.20.0.0", None),
            ("198.51.100.7", Some("documentation")),
            ("203.0.113.7", Some("documentation")),
            ("223.255.255.255", None),
            ("224.0.0.0", Some("multicast")),
            ("239.255.255.255", Some("multicast")),
            ("240.0.0.0", Some("reserved")),
            ("255.255.255.255", Some("broadcast")),
            ("8.8.8.8", None),
        ] {
            assert_eq!(special(address), expected, "{address}");
        }
    }

    #[test]
    fn ipv6_is_special_outside_global_unicast_and_where_it_embeds_ipv4() {
        for (address, expected) in [
            ("::", Some("unspecified")),
            ("::1", Some("loopback")),
            ("::2", Some("IPv4-compatible")),
            ("::8.8.8.8", Some("IPv4-compatible")),
            ("::ffff:127.0.0.1", Some("loopback")),
            ("::ffff:8.8.8.8", None),
            ("::ffff:0:127.0.0.1", Some("IPv4-translated")),
            ("64:ff9b::127.0.0.1", Some("loopback")),
            ("64:ff9b::169.254.169.254", Some("cloud metadata")),
            ("64:ff9b::8.8.8.8", None),
            ("64:ff9b:1::8.8.8.8", Some("NAT64")),
            ("64:ff9b:2::1", Some("not global unicast")),
            ("100::1", Some("discard")),
            ("1fff::1", Some("not global unicast")),
            ("2001::1", Some("Teredo")),
            ("2001:1ff::1", Some("protocol assignment")),
            ("2001:200::1", None),
            ("2001:db8::1", Some("documentation")),
            ("2001:4860:4860::8888", None),
            ("2002:7f00:1::1", Some("6to4")),
            ("2606:4700::5efe:7f00:1", Some("ISATAP")),
            ("3fff:fff::1", Some("documentation")),
            ("3fff:1000::1", None),
            ("4000::1", Some("not global unicast")),
            ("5f00::1", Some("segment routing")),
            ("fbff::1", Some("not global unicast")),
            ("fc00::1", Some("unique local")),
            ("fd00:ec2::254", Some("cloud metadata")),
            ("fe80::1", Some("link-local")),
            ("fec0::1", Some("site-local")),
            ("ff02::1", Some("multicast")),
        ] {
            assert_eq!(special(address), expected, "{address}");
        }
    }

    #[test]
    fn tells_networks_that_have_public_addresses() {
        for (network, expected) in [
            ("127.0.0.0/8", true),
            ("10.1.2.0/24", true),
            ("0.0.0.0/0", false),
            ("10.0.0.0/7", false),
            ("8.8.8.0/24", false),
            ("168.63.129.16/32", true),
            ("168.0.0.0/8", false),
            ("::/0", false),
            ("::/3", false),
            ("fd00::/8", true),
            ("8000::/1", true),
            ("2001:db8::/32", true),
            ("2001::/16", false),
            ("2606:4700::/32", false),
            ("64:ff9b::/96", false),
            ("64:ff9b::a00:0/104", true),
            ("64:ff9b::808:0/112", false),
            ("64:ff9b:2::/48", true),
        ] {
            assert_eq!(is_within_special(&network.parse().unwrap()), expected, "{network}");
        }
    }

    #[test]
    fn finds_the_addresses_of_credentials() {
        for (network, expected) in [
            ("0.0.0.0/0", Some("169.254.169.254")),
            ("169.254.0.0/16", Some("169.254.169.254")),
            ("100.64.0.0/10", Some("100.100.100.200")),
            ("fd00::/8", Some("fd00:ec2::254")),
            ("10.0.0.0/8", None),
            ("127.0.0.0/8", None),
        ] {
            let expected = expected.map(|address| address.parse().unwrap());
            assert_eq!(metadata_in(&network.parse().unwrap()), expected, "{network}");
        }
    }
}
