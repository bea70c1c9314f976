//! `[network]`: the proxy through which requests go.

use crate::http::grant::HttpGrant;
use crate::http::method::is_token;
use crate::http::network;
use crate::http::secret::SecretSpec;
use crate::http::url::{Host, Scheme, Url};
use crate::parse::report::Report;
use crate::parse::section::{Section, Text};

/// The header by which a request tells a proxy who sends it (RFC 9110 section 11.7.1).
pub(crate) const AUTHORIZATION: &str = "proxy-authorization";

/// A proxy for requests. It is spoken to in plain HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxySpec {
    /// Its name or address.
    pub host: Host,
    /// Its TCP port.
    pub port: u16,
    /// The name of the secret with its `proxy-authorization`.
    pub secret: Option<String>,
    /// Its URL as it is written.
    pub text: String,
}

pub(crate) fn read(root: &Section<'_>, secrets: &[SecretSpec], report: &mut Report<'_>) -> Option<ProxySpec> {
    let section = root.table("network", &["proxy", "secret"], report)?;
    let url = section.required_text("proxy", report).and_then(|text| read_url(&text, report));
    let secret = section.text("secret", report).and_then(|text| read_secret(root, &text, secrets, report));
    let (url, text) = url?;
    Some(ProxySpec { host: url.host().clone(), port: url.port(), secret, text })
}

fn read_url(text: &Text<'_>, report: &mut Report<'_>) -> Option<(Url, String)> {
    let shape =
        "write `http://HOST:PORT`; the connection to the proxy is not encrypted, `https` goes through it in TLS";
    let url = match Url::parse_str(text.value) {
        Ok(url) => url,
        // It may have a user name and a password, which must not be printed.
        Err(error) => {
            report.error(&text.span, format!("`proxy` is not the URL of a proxy: {error}")).hint(shape);
            return None;
        }
    };
    if url.scheme() != Scheme::Http || url.path_and_query() != "/" {
        report.error(&text.span, format!("`{}` is not the URL of a proxy", text.value)).hint(shape);
        return None;
    }
    Some((url, text.value.to_owned()))
}

fn read_secret(root: &Section<'_>, text: &Text<'_>, secrets: &[SecretSpec], report: &mut Report<'_>) -> Option<String> {
    match secrets.iter().find(|secret| secret.name == text.value) {
        Some(secret) if secret.header != AUTHORIZATION => {
            let message = format!("`[secrets.{}]` has the header `{}`", secret.name, secret.header);
            report.error(&text.span, message).hint(format!("a proxy reads `{AUTHORIZATION}`"));
            None
        }
        Some(secret) => Some(secret.name.clone()),
        // If the secret has an error itself, that is reported there.
        None if super::parse_secrets::is_written(root, text.value) => None,
        None => {
            report
                .error(&text.span, format!("there is no `[secrets.{}]`", text.value))
                .hint(format!("add it with `env` or `file`, `header = \"{AUTHORIZATION}\"` and `value`"));
            None
        }
    }
}

/// The name of the secret for the proxy, as it is written.
pub(crate) fn secret_name<'d>(root: &Section<'d>) -> Option<&'d str> {
    let network = root.get("network")?.get_ref().as_table()?;
    network.get("secret")?.get_ref().as_str().filter(|name| is_token(name))
}

/// What a proxy means for a grant: it resolves names, so that their addresses can't be checked, and it can read what is
/// not encrypted.
pub(crate) fn check_grant(
    root: &Section<'_>,
    section: &Section<'_>,
    grant: &HttpGrant,
    proxy: Option<&ProxySpec>,
    report: &mut Report<'_>,
) {
    let span = |key| section.get(key).map_or(section.span.clone(), |value| value.span());
    let Some(proxy) = proxy else {
        // If `[network]` has an error itself, that is reported there.
        if grant.proxy == Some(true) && root.get("network").is_none() {
            report
                .error(&span("proxy"), "the policy has no proxy")
                .hint("add `[network]` with `proxy = \"http://HOST:PORT\"`");
        }
        return;
    };
    if grant.proxy == Some(false) {
        return;
    }
    let direct = "`proxy = false` to send these requests directly";
    let host = grant.url.host();
    if host.is_localhost() {
        report
            .error(&span("url"), format!("for the proxy `{}`, `localhost` is not this machine", proxy.text))
            .hint(format!("add {direct}"));
    } else if host.address().is_none() && grant.networks.is_written() {
        report
            .error(
                &span("networks"),
                format!("`networks` can't be checked for a name: the proxy `{}` resolves it", proxy.text),
            )
            .hint(format!("add {direct}, or remove `networks`"));
    }
    let is_private = matches!(proxy.host, Host::Ip(address) if network::is_special(address).is_some());
    if grant.url.scheme() == Scheme::Http && !grant.secrets.is_empty() && !is_private {
        report
            .error(&span("secrets"), format!("a secret would be sent unencrypted to the proxy `{}`", proxy.text))
            .hint(format!("use `https`, or add {direct}"));
    }
}
