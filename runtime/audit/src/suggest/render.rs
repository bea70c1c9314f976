//! Writes the policy.

use std::collections::BTreeSet;

use wasm_agent_policy::{Limits, SecretSource, toml_string};

use super::Suggest;
use super::mounts::{ASKED, Mount};
use super::patterns::{Dialect, Paths, generalise, includes, is_literal, literal, without_covered};
use super::requests::{Grants, PUBLIC};
use super::settings::Settings;

/// Longest line of a list, in characters. Longer lists have one item per line.
const LINE_CHARS: usize = 110;

/// The comment on a grant whose patterns match more than what happened, though this was not asked for.
const WIDER: &str =
    "# Some of these names can't be written as exact patterns. The wildcards in their place match other names too.\n";

/// The whole text.
pub(super) fn policy(suggest: &Suggest, grants: &Grants) -> String {
    let mut text = "version = 1\n".to_owned();
    if let Some(tool) = &suggest.settings.tool {
        text += &format!("\n[tool]\nsha256 = \"{}\"\n", tool);
    }
    for (mount, below) in suggest.mounts.above() {
        text += &format!(
            "\n# Grants nothing itself: its `deny` applies to the directories granted below it.\n{}",
            header(mount)
        );
        text += &list("only", [literal(&below, Dialect::File)].iter());
        text += &list("deny", mount.deny.iter());
    }
    let within = suggest.mounts.within();
    for mount in suggest.mounts.used() {
        let within = within.get(mount.guest.as_str()).map_or(&[][..], Vec::as_slice);
        text += &filesystem(mount, within, suggest);
    }
    text += &http(suggest, grants);
    text += &settings(&suggest.settings);
    text + &remarks(suggest)
}

fn header(mount: &Mount) -> String {
    let guest = toml_string(mount.guest.as_str());
    format!("[[filesystem]]\nhost = {}\nguest = {guest}\n", toml_string(&mount.host))
}

fn filesystem(mount: &Mount, within: &[String], suggest: &Suggest) -> String {
    let mut text = "\n".to_owned();
    for line in mount.uses.lines(&suggest.journals) {
        text += &format!("# {line}\n");
    }
    if mount.changed && mount.unasked {
        text += "# What can't be undone asks, though the recorded policy allowed some of it without asking.\n";
    }
    if mount.paths.iter().any(|path| !is_literal(path, Dialect::File)) {
        text += WIDER;
    }
    text += &header(mount);
    if mount.changed {
        text += "access = \"write\"\n";
    }
    let only = only(mount, suggest.paths);
    if !only.contains("**") {
        text += &list("only", only.iter());
    }
    let mut deny = mount.deny.clone();
    if suggest.paths != Paths::Exact || !mount.renamed.is_empty() {
        deny.extend(within.iter().map(|path| literal(path, Dialect::File)));
    }
    text += &list("deny", deny.iter());
    let asked: BTreeSet<&str> = if mount.changed {
        ASKED.into_iter().chain(mount.asked.iter().copied()).collect()
    } else {
        mount.asked.iter().copied().filter(|kind| *kind == "read").collect()
    };
    let default: &[&str] = if mount.changed { &ASKED } else { &[] };
    if asked.iter().ne(default.iter()) {
        text += &list("ask", asked.iter());
    }
    text
}

/// The patterns of what was used: generalised, but not beyond any recorded `only` list.
fn only(mount: &Mount, how: Paths) -> BTreeSet<String> {
    let mut patterns = generalise(&mount.paths, &mount.directories, how, Dialect::File);
    for (path, pattern) in &mut patterns {
        let listed = |only: &Vec<String>| only.iter().any(|listed| includes(listed, pattern));
        if !mount.limited_to.iter().all(listed) {
            *pattern = literal(path, Dialect::File);
        }
    }
    let renamed = mount.renamed.iter().map(|path| format!("{}/**", literal(path, Dialect::File)));
    let own = mount.itself.then(|| ".".to_owned());
    without_covered(patterns.into_values().chain(renamed).chain(own).collect())
}

fn http(suggest: &Suggest, grants: &Grants) -> String {
    let mut text = String::new();
    for ((url, secrets), grant) in grants {
        text.push('\n');
        for line in grant.uses.lines(&suggest.journals) {
            text += &format!("# {line}\n");
        }
        if grant.unasked {
            text += "# What can't be undone asks, though the recorded policy allowed it without asking.\n";
        }
        if grant.wider {
            text += WIDER;
        }
        text += &format!("[[http]]\nurl = {}\n", toml_string(url));
        text += &list("methods", grant.methods.iter());
        if grant.asks {
            text += "ask = true\n";
        }
        if grant.encoded_slash {
            text += "encoded-slash = true\n";
        }
        text += &list("secrets", secrets.iter());
        // Public networks alone are the default.
        if grant.networks.iter().any(|network| network != PUBLIC) {
            text += &list("networks", grant.networks.iter());
        }
        // Where grants differ, the one that goes around the proxy may need to.
        if let Some(proxy) = grant.proxy.first() {
            text += &format!("proxy = {proxy}\n");
        }
        text += &list("headers", grant.headers.iter());
    }
    let for_proxy = suggest.settings.proxy.as_ref().and_then(|proxy| proxy.secret.as_ref());
    let for_proxy = for_proxy.and_then(|name| suggest.requests.secrets.get(name));
    for secret in suggest.requests.used_secrets().chain(for_proxy) {
        let (source, name) = match &secret.source {
            SecretSource::Env(name) => ("env", name),
            SecretSource::File(name) => ("file", name),
        };
        text += &format!("\n[secrets.{}]\n{source} = {}\n", toml_string(&secret.name), toml_string(name));
        text += &format!("header = {}\nvalue = {}\n", toml_string(&secret.header), toml_string(&secret.template));
    }
    text
}

fn settings(settings: &Settings) -> String {
    let mut text = String::new();
    if !settings.environment.is_empty() {
        text += "\n[environment.set]\n";
        for (name, value) in &settings.environment {
            text += &format!("{} = {}\n", toml_string(name), toml_string(value));
        }
    }
    let limits = limits(&settings.limits);
    if !limits.is_empty() {
        text += &format!("\n[limits]\n{limits}");
    }
    let timeout = settings.approval_timeout.as_millis();
    if timeout != 600_000 && timeout > 0 {
        text += &format!("\n[approval]\ntimeout = \"{timeout}ms\"\n");
    }
    if let Some(proxy) = &settings.proxy {
        text += &format!("\n[network]\nproxy = {}\n", toml_string(&proxy.text));
        if let Some(secret) = &proxy.secret {
            text += &format!("secret = {}\n", toml_string(secret));
        }
    }
    if let Some(ca) = &settings.ca_file {
        text += &format!("\n[tls]\nca = {}\n", toml_string(ca));
    }
    text
}

/// The limits that differ from the default.
fn limits(limits: &Limits) -> String {
    let default = Limits::default();
    let mut text = String::new();
    let mut number = |name: &str, value: u64, default: u64| {
        if value != default {
            text += &format!("{name} = {value}\n");
        }
    };
    number("memory", limits.memory_bytes, default.memory_bytes);
    number("request-body", limits.request_body_bytes, default.request_body_bytes);
    number("response-body", limits.response_body_bytes, default.response_body_bytes);
    number("output", limits.output_bytes, default.output_bytes);
    number("journal", limits.journal_bytes, default.journal_bytes);
    number("handles", limits.handles.into(), default.handles.into());
    number("http-requests", limits.http_requests.into(), default.http_requests.into());
    number("http-requests-total", limits.http_requests_total, default.http_requests_total);
    number("files", limits.files_bytes, default.files_bytes);
    number("file-count", limits.file_count, default.file_count);
    number("denials", limits.denials, default.denials);
    number("fuel", limits.fuel.unwrap_or_default(), 0);
    if limits.time != default.time {
        text += &format!("time = \"{}ms\"\n", limits.time.as_millis());
    }
    text
}

fn remarks(suggest: &Suggest) -> String {
    let mut text = String::new();
    if !suggest.checkpoints.is_empty() {
        text += "\n# Needs no grant, and always asks:\n";
        for line in suggest.checkpoints.lines(&suggest.journals) {
            text += &format!("#   {line}\n");
        }
    }
    if !suggest.left_out.is_empty() {
        text += "\n# Not granted, as it was denied, refused or never answered:\n";
        for (action, uses) in &suggest.left_out {
            text += &format!("#   {action}\n");
            for line in uses.lines(&suggest.journals) {
                text += &format!("#     {line}\n");
            }
        }
        if suggest.left_out.len() >= super::LEFT_OUT_MAX {
            text += "#   and perhaps more\n";
        }
    }
    text
}

/// A key with a list of texts; empty for an empty list. If the list is too long for a line, each item has its own.
fn list(key: &str, items: impl Iterator<Item = impl AsRef<str>>) -> String {
    let items: Vec<String> = items.map(|item| toml_string(item.as_ref())).collect();
    if items.is_empty() {
        return String::new();
    }
    let line = format!("{key} = [{}]\n", items.join(", "));
    if line.chars().count() <= LINE_CHARS {
        return line;
    }
    let lines: String = items.iter().map(|item| format!("    {item},\n")).collect();
    format!("{key} = [\n{lines}]\n")
}
