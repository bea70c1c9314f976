//! `[[http]]`.

use super::report::Report;
use super::section::{Section, Text};
use super::suggest;
use crate::grant::{GrantId, HttpGrant};
use crate::method::Method;
use crate::network;
use crate::secret::SecretSpec;
use crate::url::Scheme;
use crate::url_pattern::UrlPattern;
use ipnet::IpNet;
use std::collections::HashMap;
use std::net::IpAddr;

const KEYS: &[&str] = &["url", "methods", "ask", "secrets", "networks"];

pub(super) fn read(root: &Section<'_>, secrets: &[SecretSpec], report: &mut Report<'_>) -> Vec<HttpGrant> {
    let mut grants: Vec<HttpGrant> = Vec::new();
    let mut same_url: HashMap<String, Vec<usize>> = HashMap::new();
    for section in root.tables("http", KEYS, report) {
        let Some(grant) = read_grant(root, &section, grants.len(), secrets, report) else {
            continue;
        };
        let others = same_url.entry(grant.url.canonical_text().to_owned()).or_default();
        report_doubled(&section, &grant, others.iter().filter_map(|other| grants.get(*other)), report);
        others.push(grants.len());
        grants.push(grant);
    }
    grants
}

fn read_grant(
    root: &Section<'_>,
    section: &Section<'_>,
    index: usize,
    secrets: &[SecretSpec],
    report: &mut Report<'_>,
) -> Option<HttpGrant> {
    let url_text = section.required_text("url", report);
    let url = url_text.as_ref().and_then(|text| read_url(text, report));
    let methods = read_methods(section, report);
    let ask = section.boolean("ask", report);
    let names = read_secrets(root, section, secrets, report);
    let networks = read_networks(section, report);
    let (url_text, url) = (url_text?, url?);
    check_reachable(&url_text, &url, &networks, report);
    if url.scheme() == Scheme::Http && networks.is_empty() && !names.is_empty() {
        report
            .error(&url_text.span, "a secret would be sent unencrypted over `http`")
            .hint("use `https`, or list the private network that the host is in in `networks`");
    }
    Some(HttpGrant {
        id: GrantId::http(index)?,
        line: report.line(&section.span),
        url,
        methods,
        ask,
        secrets: names,
        networks,
    })
}

fn read_url(text: &Text<'_>, report: &mut Report<'_>) -> Option<UrlPattern> {
    match UrlPattern::parse(text.value) {
        Ok(url) => Some(url),
        Err(error) => {
            report.error(&text.span, format!("`{}` cannot be `url`: {error}", text.value)).maybe_hint(error.hint());
            None
        }
    }
}

fn read_methods(section: &Section<'_>, report: &mut Report<'_>) -> Vec<Method> {
    let Some(texts) = section.texts("methods", report) else {
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
    known: &[SecretSpec],
    report: &mut Report<'_>,
) -> Vec<String> {
    let mut secrets: Vec<&SecretSpec> = Vec::new();
    for text in section.texts("secrets", report).unwrap_or_default() {
        let Some(secret) = known.iter().find(|secret| secret.name == text.value) else {
            // A secret with an error of its own is reported there.
            if super::secrets::is_written(root, text.value) {
                continue;
            }
            let hint = match suggest::closest(text.value, known.iter().map(|secret| secret.name.as_str())) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "add it with `env` or `file`, `header` and `value`".to_owned(),
            };
            report.error(&text.span, format!("there is no `[secrets.{}]`", text.value)).hint(hint);
            continue;
        };
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

fn read_networks(section: &Section<'_>, report: &mut Report<'_>) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for text in section.texts("networks", report).unwrap_or_default() {
        let parsed = text.value.parse::<IpNet>().or_else(|_| text.value.parse::<IpAddr>().map(IpNet::from));
        let Ok(network) = parsed else {
            report
                .error(&text.span, format!("`{}` is not a network", text.value))
                .hint("write an address and a prefix length, as in `127.0.0.0/8`");
            continue;
        };
        if network.trunc() != network {
            report.error(&text.span, format!("`{}` is an address within a network", text.value)).hint(format!(
                "write `{}` for the network, or `{}` for the address",
                network.trunc(),
                network.addr()
            ));
        } else if is_mapped(&network) {
            report
                .error(&text.span, format!("`{}` can never match: such addresses are matched as IPv4", text.value))
                .hint("write the IPv4 network");
        } else if !network::has_special(&network) {
            report
                .error(&text.span, format!("`{}` has no special addresses, and others need no listing", text.value))
                .hint("remove it");
        } else if networks.contains(&network) {
            report.error(&text.span, format!("`{}` is in `networks` already", text.value));
        } else {
            networks.push(network);
        }
    }
    networks
}

/// Whether the network is within `::ffff:0:0/96`, whose addresses are IPv4 addresses.
fn is_mapped(network: &IpNet) -> bool {
    match network {
        IpNet::V4(_) => false,
        IpNet::V6(network) => network.prefix_len() >= 96 && network.addr().to_ipv4_mapped().is_some(),
    }
}

/// A grant for an address that is never dialled can never match.
fn check_reachable(text: &Text<'_>, url: &UrlPattern, networks: &[IpNet], report: &mut Report<'_>) {
    if let Some(address) = url.host().address()
        && let Some(kind) = network::is_special(address)
        && !network::permits(networks, address)
    {
        let address = address.to_canonical();
        report
            .error(&text.span, format!("`{address}` is special ({kind}), and `networks` does not list it"))
            .hint(format!("add `networks = [\"{address}\"]`"));
    }
    if url.host().is_localhost() && networks.is_empty() {
        report
            .error(&text.span, "`localhost` is on this machine, and `networks` does not list it")
            .hint("add `networks = [\"127.0.0.0/8\", \"::1\"]`");
    }
}

fn report_doubled<'g>(
    section: &Section<'_>,
    grant: &HttpGrant,
    others: impl Iterator<Item = &'g HttpGrant>,
    report: &mut Report<'_>,
) {
    let span = section.get("url").map_or(section.span.clone(), |value| value.span());
    for other in others {
        if let Some(method) = grant.methods.iter().find(|method| other.methods.contains(method)) {
            let message = format!("`{method}` for this URL is granted already (line {})", other.line);
            report.error(&span, message).hint("merge the two grants");
        }
    }
}
