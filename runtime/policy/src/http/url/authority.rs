//! Host and port.

use super::error::UrlError;
use super::parts::{Host, Scheme};
use std::net::IpAddr;
use std::sync::Arc;

/// Longest name and longest label, in bytes: the limits of DNS (RFC 1035 section 2.3.4).
const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// Parses `host` or `host:port`.
pub(crate) fn parse_authority(scheme: Scheme, authority: &str) -> Result<(Host, u16), UrlError> {
    if authority.contains('@') {
        return Err(UrlError::UserInfo);
    }
    let (host, port) = split_port(authority);
    let port = match port {
        Some(text) => parse_port(text)?,
        None => scheme.default_port(),
    };
    Ok((parse_host(host)?, port))
}

/// Separates a port from a host, which may be an IPv6 address in brackets.
pub(crate) fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        // A colon inside the brackets belongs to the address.
        Some((_, port)) if port.contains(']') => (authority, None),
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    }
}

/// Parses a port: digits only, so neither `+80` nor an empty port.
fn parse_port(text: &str) -> Result<u16, UrlError> {
    let error = || UrlError::Port(text.to_owned());
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(error());
    }
    text.parse().ok().filter(|port| *port != 0).ok_or_else(error)
}

/// Parses a host, including every spelling of an address that a resolver would accept.
///
/// An encoded host (`%61`) is refused: programs disagree on whether it is decoded.
pub(crate) fn parse_host(text: &str) -> Result<Host, UrlError> {
    let error = || UrlError::Host(text.to_owned());
    if text.is_empty() || text.contains('%') {
        return Err(error());
    }
    match url::Host::parse(text).map_err(|_| error())? {
        url::Host::Ipv4(address) => Ok(Host::Ip(IpAddr::V4(address))),
        // Dialling a mapped address dials the IPv4 address in it (RFC 4291 section 2.5.5.2).
        url::Host::Ipv6(address) => Ok(Host::Ip(IpAddr::V6(address).to_canonical())),
        url::Host::Domain(name) => {
            let name = name.strip_suffix('.').unwrap_or(&name);
            if is_name(name) { Ok(Host::Name(Arc::from(name))) } else { Err(error()) }
        }
    }
}

/// Whether the text is a name that can be looked up. The URL parser allows more, such as `*`.
fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= LABEL_BYTES_MAX
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
        })
}
