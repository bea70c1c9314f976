//! `[[filesystem]]`.

use super::overlap;
use crate::bounds::{FILESYSTEM_GRANTS_MAX, HOST_BYTES_MAX, HOST_NAMES_MAX, LIST_MAX, PATTERNS_MAX};
use crate::file::deny::DenyPatterns;
use crate::file::grant::{Access, AskSet, FilesystemGrant};
use crate::file::guest_path::{GuestPath, GuestPathError};
use crate::file::only::{OWN_DIRECTORY, OnlyPatterns};
use crate::grant::GrantId;
use crate::parse::report::Report;
use crate::parse::section::{Section, Text, list};
use crate::path_pattern::{PathPattern, PatternError};
use std::collections::{HashMap, HashSet};

const KEYS: &[&str] = &["host", "guest", "access", "only", "deny", "ask", "mounts"];

pub(crate) fn read(root: &Section<'_>, report: &mut Report<'_>) -> Vec<FilesystemGrant> {
    let mut grants = Vec::new();
    let mut places = Vec::new();
    let mut lines: HashMap<GuestPath, u32> = HashMap::new();
    for section in root.tables("filesystem", KEYS, FILESYSTEM_GRANTS_MAX, report) {
        let Some(grant) = read_grant(&section, grants.len(), report) else {
            continue;
        };
        if let Some(line) = lines.insert(grant.guest.clone(), grant.line) {
            let span = section.get("guest").map_or(section.span.clone(), |value| value.span());
            report.error(&span, format!("the guest path `{}` is granted already (line {line})", grant.guest));
        }
        grants.push(grant);
        places.push(section.get("host").map_or(section.span, |value| value.span()));
    }
    overlap::check(&grants, &places, report);
    grants
}

fn read_grant(section: &Section<'_>, index: usize, report: &mut Report<'_>) -> Option<FilesystemGrant> {
    let host = section.required_text("host", report).and_then(|text| read_host(text, report));
    let guest = section.required_text("guest", report).and_then(|text| read_guest(&text, report));
    let access = match section.text("access", report) {
        Some(text) => read_access(&text, report),
        None => Access::Read,
    };
    let only = read_only(section, report);
    let deny = DenyPatterns::new(read_deny(section, report));
    let ask = read_ask(section, access, report);
    let mounts = section.boolean("mounts", report).unwrap_or(false);
    Some(FilesystemGrant {
        id: GrantId::filesystem(index)?,
        line: report.line(&section.span),
        host: host?.value.to_owned(),
        guest: guest?,
        access,
        mounts,
        only,
        deny,
        ask,
    })
}

fn read_host<'d>(text: Text<'d>, report: &mut Report<'_>) -> Option<Text<'d>> {
    let (bytes, names) = (text.value.len(), text.value.split('/').filter(|name| !name.is_empty()).count());
    let problem = match () {
        () if bytes > HOST_BYTES_MAX => format!("`host` has at most {HOST_BYTES_MAX} bytes, found {bytes}"),
        () if names > HOST_NAMES_MAX => format!("`host` has at most {HOST_NAMES_MAX} names, found {names}"),
        () => return Some(text),
    };
    report.error(&text.span, problem);
    None
}

fn read_guest(text: &Text<'_>, report: &mut Report<'_>) -> Option<GuestPath> {
    match GuestPath::parse(text.value) {
        Ok(path) => Some(path),
        Err(error) => {
            let hint = match error {
                GuestPathError::NotAbsolute | GuestPathError::EmptySegment | GuestPathError::DotSegment => {
                    // A tool has no home.
                    let (first, rest) = text.value.split_once('/').unwrap_or((text.value, ""));
                    let path = if first.starts_with('~') { rest } else { text.value };
                    GuestPath::lexical(&GuestPath::root(), path).ok().map(|path| format!("write `{path}`"))
                }
                GuestPathError::Nul | GuestPathError::Separator | GuestPathError::TooLong => None,
            };
            report.error(&text.span, format!("`{}` cannot be `guest`: {error}", text.value)).maybe_hint(hint);
            None
        }
    }
}

fn read_access(text: &Text<'_>, report: &mut Report<'_>) -> Access {
    match text.value {
        "read" => Access::Read,
        "write" => Access::Write,
        other => {
            let hint = match other {
                "rw" | "w" | "readwrite" | "read-write" | "full" | "all" => {
                    Some("write `access = \"write\"`, which includes reading".to_owned())
                }
                "r" | "ro" | "readonly" | "read-only" => Some("write `access = \"read\"`".to_owned()),
                _ => report.guess(other, ["read", "write"]).map(|meant| format!("did you mean `{meant}`?")),
            };
            report.error(&text.span, format!("`access` must be `read` or `write`, found `{other}`")).maybe_hint(hint);
            Access::Read
        }
    }
}

fn read_only(section: &Section<'_>, report: &mut Report<'_>) -> Option<OnlyPatterns> {
    let texts = patterns("only", section, report)?;
    if let Some(value) = section.get("only")
        && value.get_ref().as_array().is_some_and(|array| array.is_empty())
    {
        report.error(&value.span(), "`only` is empty, so the grant gives nothing").hint("remove the grant instead");
    }
    let mut only = OnlyPatterns::default();
    let mut seen = HashSet::new();
    for text in texts {
        if text.value == OWN_DIRECTORY {
            only.add_own_directory();
        } else {
            match PathPattern::parse(text.value) {
                Ok(pattern) if pattern.covers_everything() => {
                    report
                        .error(&text.span, format!("`{}` is the whole directory", text.value))
                        .hint("remove `only`: without it a grant gives everything");
                    continue;
                }
                Ok(pattern) => only.add(pattern),
                Err(error) => {
                    let message = format!("`{}` cannot be in `only`: {error}", text.value);
                    report.error(&text.span, message).maybe_hint(only_hint(&error, text.value));
                    continue;
                }
            }
        }
        if !seen.insert(text.value) {
            report.error(&text.span, format!("`{}` is in `only` already", text.value));
        }
    }
    Some(only)
}

/// The patterns of `deny` or `only`, if present; empty if the policy has too many patterns.
fn patterns<'d>(key: &str, section: &Section<'d>, report: &mut Report<'_>) -> Option<Vec<Text<'d>>> {
    let value = section.get(key)?;
    let count = value.get_ref().as_array().map_or(0, |array| array.len());
    if !report.take_patterns(count, &value.span()) {
        return Some(Vec::new());
    }
    section.texts(key, PATTERNS_MAX, report)
}

fn only_hint(error: &PatternError, text: &str) -> Option<String> {
    match error {
        PatternError::EmptySegment if text.ends_with('/') => {
            let directory = text.trim_end_matches('/');
            Some(format!("write `{directory}` for the directory itself, or `{directory}/**` for all of it"))
        }
        _ => pattern_hint(error, text),
    }
}

fn read_deny(section: &Section<'_>, report: &mut Report<'_>) -> Vec<PathPattern> {
    let mut denied: Vec<PathPattern> = Vec::new();
    let mut seen = HashSet::new();
    for text in patterns("deny", section, report).unwrap_or_default() {
        match PathPattern::parse(text.value) {
            Ok(pattern) if pattern.covers_everything() => {
                report
                    .error(&text.span, format!("`{}` denies the whole directory", text.value))
                    .hint("remove the grant instead");
            }
            Ok(_) if !seen.insert(text.value) => {
                report.error(&text.span, format!("`{}` is in `deny` already", text.value));
            }
            Ok(pattern) => denied.push(pattern),
            Err(error) => {
                let message = format!("`{}` cannot be in `deny`: {error}", text.value);
                report.error(&text.span, message).maybe_hint(pattern_hint(&error, text.value));
            }
        }
    }
    denied
}

fn pattern_hint(error: &PatternError, text: &str) -> Option<String> {
    match error {
        PatternError::Absolute => Some(format!("write `{}`", text.trim_start_matches('/'))),
        PatternError::EmptySegment if text.ends_with('/') => {
            Some(format!("write `{}`, which covers what is in it too", text.trim_end_matches('/')))
        }
        PatternError::Reserved('\\') => {
            Some("a `\\` makes one of `* ? [ ] { } \\ !` behind it stand for itself".into())
        }
        // Shown with each backslash doubled, as it is typed in a policy.
        PatternError::Reserved(reserved) => Some(format!(
            "write one pattern for each alternative; `?` stands for any character, `\\{reserved}` for this one"
        )),
        PatternError::DoubleStar(_) => {
            Some("`*` stays within a segment, `**/` goes any number of directories down".into())
        }
        PatternError::Empty
        | PatternError::EmptySegment
        | PatternError::DotSegment(_)
        | PatternError::Control
        | PatternError::TooLong => None,
    }
}

fn read_ask(section: &Section<'_>, access: Access, report: &mut Report<'_>) -> AskSet {
    let Some(texts) = section.texts("ask", LIST_MAX, report) else {
        return AskSet::default_for(access);
    };
    let names: Vec<&str> = AskSet::NAMES.iter().map(|(name, _)| *name).collect();
    let mut asks = AskSet::default();
    for text in texts {
        let Some((_, kind)) = AskSet::NAMES.iter().find(|(name, _)| *name == text.value) else {
            let hint = report.guess(text.value, names.iter().copied()).map(|meant| format!("did you mean `{meant}`?"));
            report
                .error(&text.span, format!("`{}` cannot be in `ask`; expected {}", text.value, list(&names)))
                .maybe_hint(hint);
            continue;
        };
        if asks.has_any(*kind) {
            report.error(&text.span, format!("`{}` is in `ask` already", text.value));
        }
        if access == Access::Read && *kind != AskSet::READ {
            report
                .error(&text.span, format!("`{}` can never be asked: the grant is for reading only", text.value))
                .hint("set `access = \"write\"`, or remove it");
        }
        asks = asks.with(*kind);
    }
    asks
}
