//! `[secrets.NAME]`.

use crate::bounds::SECRETS_MAX;
use crate::http::method::is_token;
use crate::http::proxy;
use crate::http::secret::{SecretSource, SecretSpec};
use crate::parse::report::Report;
use crate::parse::section::{self, Section, Text, Value};
use std::collections::HashSet;
use toml::Spanned;
use toml::de::{DeString, DeTable};

const KEYS: &[&str] = &["env", "file", "header", "value"];

/// Longest name of a secret, in bytes. Every approval shows it and every request records it.
const NAME_BYTES_MAX: usize = 64;

/// Headers that frame or route a message: no secret may be put into them.
const RESERVED_HEADERS: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

pub(crate) fn read(root: &Section<'_>, report: &mut Report<'_>) -> Vec<SecretSpec> {
    let mut secrets = Vec::new();
    let proxy = proxy::secret_name(root);
    for (name, value) in entries(root, report) {
        let section = Section::open(format!("[secrets.{}]", name.value), value, KEYS, report);
        let for_proxy = proxy == Some(name.value);
        check_name(&name, report);
        if let Some(section) = section
            && let Some(secret) = read_secret(name.value, &section, for_proxy, report)
        {
            secrets.push(secret);
        }
    }
    secrets
}

/// Reports each secret that no grant names: every run would read it for nothing.
///
/// Looks at the text of the grants, so that an error in a grant does not cause another one here.
pub(crate) fn report_unused(root: &Section<'_>, report: &mut Report<'_>) {
    let named: HashSet<&str> = root
        .get("http")
        .and_then(|grants| grants.get_ref().as_array())
        .into_iter()
        .flat_map(|grants| grants.iter())
        .filter_map(|grant| grant.get_ref().as_table()?.get("secrets")?.get_ref().as_array())
        .flat_map(|names| names.iter())
        .filter_map(|name| name.get_ref().as_str())
        .chain(proxy::secret_name(root))
        .collect();
    for key in keys(root) {
        let name = key.get_ref();
        if !named.contains(name.as_ref()) {
            report
                .error(&key.span(), format!("no grant uses the secret `{name}`"))
                .hint(format!("add `secrets = [\"{name}\"]` to an `[[http]]`, or remove it"));
        }
    }
}

/// Whether the policy has the secret, even one with errors.
pub(super) fn is_written(root: &Section<'_>, name: &str) -> bool {
    root.get("secrets").and_then(|value| value.get_ref().as_table()).is_some_and(|table| table.contains_key(name))
}

/// The names of the secrets. If `secrets` is not a table, that is reported where it is read.
fn keys<'d>(root: &Section<'d>) -> impl Iterator<Item = &'d Spanned<DeString<'d>>> {
    root.get("secrets").and_then(|value| value.get_ref().as_table()).into_iter().flat_map(|table| table.keys())
}

fn entries<'d>(root: &Section<'d>, report: &mut Report<'_>) -> Vec<(Text<'d>, &'d Value<'d>)> {
    let Some(value) = root.get("secrets") else {
        return Vec::new();
    };
    let Some(table): Option<&'d DeTable<'d>> = value.get_ref().as_table() else {
        section::wrong_type("secrets", "a table of tables", value, report);
        return Vec::new();
    };
    if table.len() > SECRETS_MAX {
        report.error(&value.span(), format!("a policy has at most {SECRETS_MAX} secrets, found {}", table.len()));
        return Vec::new();
    }
    table
        .iter()
        .map(|(key, value)| {
            let name = Text { value: key.get_ref(), span: key.span() };
            (name, value)
        })
        .collect()
}

fn check_name(name: &Text<'_>, report: &mut Report<'_>) {
    let plain = name.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !plain || name.value.is_empty() || name.value.len() > NAME_BYTES_MAX {
        report.error(
            &name.span,
            format!(
                "the name of a secret has 1 to {NAME_BYTES_MAX} letters, digits, `-` and `_`, found `{}`",
                name.value
            ),
        );
    }
}

fn read_secret(name: &str, section: &Section<'_>, for_proxy: bool, report: &mut Report<'_>) -> Option<SecretSpec> {
    let source = read_source(name, section, report);
    let header = section.required_text("header", report).and_then(|text| read_header(&text, for_proxy, report));
    let template = section.required_text("value", report).and_then(|text| read_template(&text, report));
    Some(SecretSpec {
        name: name.to_owned(),
        source: source?,
        header: header?,
        template: template?,
        line: report.line(&section.span),
    })
}

fn read_source(name: &str, section: &Section<'_>, report: &mut Report<'_>) -> Option<SecretSource> {
    match (section.get("env"), section.get("file")) {
        (Some(_), None) => {
            let text = section.required_text("env", report)?;
            if text.value.contains('=') {
                report.error(&text.span, format!("`{}` is not the name of an environment variable", text.value));
                return None;
            }
            Some(SecretSource::Env(text.value.to_owned()))
        }
        (None, Some(_)) => section.required_text("file", report).map(|text| SecretSource::File(text.value.to_owned())),
        (Some(_), Some(file)) => {
            report.error(&file.span(), format!("`[secrets.{name}]` has both `env` and `file`; expected one"));
            None
        }
        (None, None) => {
            report.error(&section.span, format!("`[secrets.{name}]` has neither `env` nor `file`; expected one"));
            None
        }
    }
}

fn read_header(text: &Text<'_>, for_proxy: bool, report: &mut Report<'_>) -> Option<String> {
    let header = text.value.to_ascii_lowercase();
    if !is_token(&header) {
        report.error(&text.span, format!("`{}` is not the name of a header", text.value));
        return None;
    }
    if RESERVED_HEADERS.contains(&header.as_str()) && !(for_proxy && header == proxy::AUTHORIZATION) {
        report
            .error(&text.span, format!("the header `{header}` frames or routes the request and cannot carry a secret"));
        return None;
    }
    Some(header)
}

fn read_template(text: &Text<'_>, report: &mut Report<'_>) -> Option<String> {
    if text.value.matches("{}").count() != 1 {
        report
            .error(&text.span, format!("`value` must have `{{}}` exactly once, found `{}`", text.value))
            .hint("`{}` is where the secret goes, as in `Bearer {}`");
        return None;
    }
    if !text.value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) || text.value.trim() != text.value {
        report.error(&text.span, "`value` must be visible ASCII characters, with spaces only between them");
        return None;
    }
    Some(text.value.to_owned())
}
