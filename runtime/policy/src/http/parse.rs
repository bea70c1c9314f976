//! `[[http]]`.

use super::{parse_headers, parse_secrets};
use crate::bounds::{HTTP_GRANTS_MAX, LIST_MAX};
use crate::grant::GrantId;
use crate::http::grant::HttpGrant;
use crate::http::method::Method;
use crate::http::network::{self, is_loopback};
use crate::http::networks::{Networks, PUBLIC};
use crate::http::proxy::{self, ProxySpec};
use crate::http::secret::SecretSpec;
use crate::http::url::Scheme;
use crate::http::url_pattern::UrlPattern;
use crate::parse::report::Report;
use crate::parse::section::{Section, Text};
use ipnet::IpNet;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const KEYS: &[&str] = &["url", "methods", "ask", "secrets", "networks", "headers", "encoded-slash", "proxy"];

/// What `localhost` resolves to (RFC 6761 section 6.3).
const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// The secrets of the policy, by name.
type SecretsByName<'s> = BTreeMap<&'s str, &'s SecretSpec>;

pub(crate) fn read(
    root: &Section<'_>,
    secrets: &[SecretSpec],
    proxy: Option<&ProxySpec>,
    report: &mut Report<'_>,
) -> Vec<HttpGrant> {
    let mut grants: Vec<HttpGrant> = Vec::new();
    let known: SecretsByName<'_> = secrets.iter().map(|secret| (secret.name.as_str(), secret)).collect();
    let mut granted: HashMap<String, HashMap<Method, u32>> = HashMap::new();
    for section in root.tables("http", KEYS, HTTP_GRANTS_MAX, report) {
        let Some(grant) = read_grant(root, &section, grants.len(), &known, report) else {
            continue;
        };
        proxy::check_grant(root, &section, &grant, proxy, report);
        let lines = granted.entry(grant.url.canonical_text().to_owned()).or_default();
        report_doubled(&section, &grant, lines, report);
        lines.extend(grant.methods.iter().map(|method| (method.clone(), grant.line)));
        grants.push(grant);
    }
    grants
}

fn read_grant(
    root: &Section<'_>,
    section: &Section<'_>,
    index: usize,
    secrets: &SecretsByName<'_>,
    report: &mut Report<'_>,
) -> Option<HttpGrant> {
    let url_text = section.required_text("url", report);
    let encoded_slash = section.boolean("encoded-slash", report);
    let url = url_text.as_ref().and_then(|text| read_url(text, encoded_slash.unwrap_or_default(), report));
    let methods = read_methods(section, report);
    let ask = section.boolean("ask", report);
    let names = read_secrets(root, section, secrets, report);
    let networks = read_networks(section, report);
    let headers = parse_headers::read(section, report);
    let proxy = section.boolean("proxy", report);
    let (url_text, url) = (url_text?, url?);
    if encoded_slash == Some(true) && !url.has_room_for_slashes() {
        report
            .error(&url_text.span, "`encoded-slash` changes nothing: the path has neither a wildcard nor a `%2F`")
            .hint("remove `encoded-slash`");
    }
    check_reachable(&url_text, &url, &networks, report);
    if !names.is_empty() {
        check_secrecy(&url_text, &url, &networks, report);
    }
    Some(HttpGrant {
        id: GrantId::http(index)?,
        line: report.line(&section.span),
        url,
        methods,
        ask,
        secrets: names,
        networks,
        proxy,
        headers,
    })
}

fn read_url(text: &Text<'_>, encoded_slash: bool, report: &mut Report<'_>) -> Option<UrlPattern> {
    match UrlPattern::parse_with(text.value, encoded_slash) {
        Ok(url) => Some(url),
        Err(error) => {
            let hint = error.hint().or_else(|| with_scheme(text.value));
            report.error(&text.span, format!("`{}` cannot be `url`: {error}", text.value)).maybe_hint(hint);
            None
        }
    }
}

/// What to write instead of a URL without its scheme.
fn with_scheme(text: &str) -> Option<String> {
    let all = if text.contains('/') { "" } else { "/**" };
    let url = format!("https://{text}{all}");
    let is_url = text.contains('.') && !text.contains("://") && UrlPattern::parse(&url).is_ok();
    is_url.then(|| format!("write `{url}`"))
}

fn read_methods(section: &Section<'_>, report: &mut Report<'_>) -> Vec<Method> {
    let Some(texts) = section.texts("methods", LIST_MAX, report) else {
        return vec![Method::GET, Method::HEAD];
    };
    if let Some(value) = section.get("methods")
        && value.get_ref().as_array().is_some_and(|array| array.is_empty())
    {
        report.error(&value.span(), "`methods` is empty, so the grant can never match");
    }
    let mut methods = Vec::new();
    for text in texts {
        let upper = text.value.to_ascii_uppercase();
        match Method::parse(text.value) {
            _ if text.value == "*" => {
                report.error(&text.span, "`*` is not a method").hint("list the methods that are needed")
            }
            Err(error) => {
                report.error(&text.span, format!("`{}` cannot be in `methods`: {error}", text.value));
            }
            Ok(method) if !method.is_grantable() => {
                report.error(&text.span, format!("no policy can grant `{method}`"));
            }
            Ok(method) if text.value != upper => report
                .error(&text.span, format!("`{method}` is not `{upper}`: methods are compared with their case"))
                .hint(format!("write `{upper}`")),
            Ok(method) if methods.contains(&method) => {
                report.error(&text.span, format!("`{method}` is in `methods` already"));
            }
            Ok(method) => methods.push(method),
        }
    }
    methods
}

fn read_secrets(
    root: &Section<'_>,
    section: &Section<'_>,
    known: &SecretsByName<'_>,
    report: &mut Report<'_>,
) -> Vec<String> {
    let mut secrets: Vec<&SecretSpec> = Vec::new();
    for text in section.texts("secrets", LIST_MAX, report).unwrap_or_default() {
        let Some(secret) = known.get(text.value).copied() else {
            // If the secret has an error itself, that is reported there.
            if parse_secrets::is_written(root, text.value) {
                continue;
            }
            let hint = match report.guess(text.value, known.keys().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "add it with `env` or `file`, `header` and `value`".to_owned(),
            };
            report.error(&text.span, format!("there is no `[secrets.{}]`", text.value)).hint(hint);
            continue;
        };
        if secret.header == proxy::AUTHORIZATION {
            report.error(&text.span, format!("the secret `{}` is for the proxy, not for servers", text.value));
            continue;
        }
        if secrets.contains(&secret) {
            report.error(&text.span, format!("`{}` is in `secrets` already", text.value));
            continue;
        }
        if let Some(other) = secrets.iter().find(|other| other.header == secret.header) {
            let message = format!("`{}` and `{}` both set the header `{}`", other.name, secret.name, secret.header);
            report.error(&text.span, message);
        }
        secrets.push(secret);
    }
    secrets.into_iter().map(|secret| secret.name.clone()).collect()
}

fn read_networks(section: &Section<'_>, report: &mut Report<'_>) -> Networks {
    let mut networks = Networks::default();
    let Some(texts) = section.texts("networks", LIST_MAX, report) else {
        return networks;
    };
    if let Some(value) = section.get("networks")
        && value.get_ref().as_array().is_some_and(|array| array.is_empty())
    {
        report
            .error(&value.span(), "`networks` is empty, so the grant can never match")
            .hint("remove it: without it a grant is for all public addresses");
    }
    for text in texts {
        let is_new = if text.value == PUBLIC {
            networks.add_public()
        } else {
            read_network(&text, report).is_none_or(|network| networks.add(network))
        };
        if !is_new {
            report.error(&text.span, format!("`{}` is in `networks` already", text.value));
        }
    }
    networks
}

fn read_network(text: &Text<'_>, report: &mut Report<'_>) -> Option<IpNet> {
    let parsed = text.value.parse::<IpNet>().or_else(|_| text.value.parse::<IpAddr>().map(IpNet::from));
    let Ok(network) = parsed else {
        report
            .error(&text.span, format!("`{}` is not a network", text.value))
            .hint("write an address and a prefix length, as in `127.0.0.0/8`, or `public`");
        return None;
    };
    if network.trunc() != network {
        report.error(&text.span, format!("`{}` is an address within a network", text.value)).hint(format!(
            "write `{}` for the network, or `{}` for the address",
            network.trunc(),
            network.addr()
        ));
        return None;
    }
    if is_mapped(&network) {
        report
            .error(&text.span, format!("`{}` can never match: such addresses are matched as IPv4", text.value))
            .hint("write the IPv4 network");
        return None;
    }
    Some(network)
}

/// Whether the network is within `::ffff:0:0/96`, whose addresses are IPv4 addresses.
fn is_mapped(network: &IpNet) -> bool {
    match network {
        IpNet::V4(_) => false,
        IpNet::V6(network) => network.prefix_len() >= 96 && network.addr().to_ipv4_mapped().is_some(),
    }
}

/// A grant for an address that is never dialled can never match.
fn check_reachable(text: &Text<'_>, url: &UrlPattern, networks: &Networks, report: &mut Report<'_>) {
    if let Some(address) = url.host().address().filter(|address| !networks.permits(*address)) {
        let address = address.to_canonical();
        let kind = network::is_special(address).map_or(String::new(), |kind| format!("is special ({kind}), and "));
        report
            .error(&text.span, format!("`{address}` {kind}is not in `networks`, so it can never be dialled"))
            .hint(format!("add `networks = [\"{address}\"]`"));
    }
    let on_this_machine =
        |listed: &IpNet| LOOPBACK.iter().any(|address| listed.contains(address)) || is_loopback(listed);
    if url.host().is_localhost() && !networks.listed().iter().any(on_this_machine) {
        report
            .error(&text.span, "`localhost` is on this machine, and `networks` does not list it")
            .hint("add `networks = [\"127.0.0.0/8\", \"::1\"]`");
    }
}

/// A secret may be sent unencrypted only within networks that are not the public internet.
fn check_secrecy(text: &Text<'_>, url: &UrlPattern, networks: &Networks, report: &mut Report<'_>) {
    let is_private = !networks.has_public() && networks.listed().iter().all(network::is_within_special);
    if url.scheme() == Scheme::Http && !is_private {
        report
            .error(&text.span, "a secret would be sent unencrypted over `http`")
            .hint("use `https`, or list only the private network of the host in `networks`");
    }
}

/// Reports a method that an earlier grant has for the same URL; `lines` holds the lines of these.
fn report_doubled(section: &Section<'_>, grant: &HttpGrant, lines: &HashMap<Method, u32>, report: &mut Report<'_>) {
    let doubled = grant.methods.iter().find_map(|method| Some((method, lines.get(method)?)));
    let Some((method, line)) = doubled else { return };
    let span = section.get("url").map_or(section.span.clone(), |value| value.span());
    report
        .error(&span, format!("`{method}` for this URL is granted already (line {line})"))
        .hint("merge the two grants");
}
