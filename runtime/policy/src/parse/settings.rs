//! `[tool]`, `[environment]`, `[limits]`, `[approval]` and `[tls]`.

use super::document::describe;
use super::quantity;
use super::report::Report;
use super::section::{Section, Value, as_text, wrong_type};
use crate::bounds::ENVIRONMENT_MAX;
use crate::limits::Limits;
use data_encoding::HEXLOWER_PERMISSIVE;
use std::collections::BTreeMap;
use std::time::Duration;

/// Most denials that a policy can allow. The host remembers each, to tell one that is repeated from another one.
const DENIALS_MAX: u64 = 1_000_000;

const LIMITS: &[&str] = &[
    "memory",
    "time",
    "fuel",
    "request-body",
    "response-body",
    "output",
    "journal",
    "handles",
    "http-requests",
    "http-requests-total",
    "files",
    "file-count",
    "denials",
];

pub(super) fn tool(root: &Section<'_>, report: &mut Report<'_>) -> Option<[u8; 32]> {
    let section = root.table("tool", &["sha256"], report)?;
    let text = section.required_text("sha256", report)?;
    let digest = sha256(text.value);
    if digest.is_none() {
        let message = format!("`sha256` must be 64 hexadecimal digits, found `{}`", text.value);
        report.error(&text.span, message);
    }
    digest
}

fn sha256(text: &str) -> Option<[u8; 32]> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

pub(super) fn environment(root: &Section<'_>, report: &mut Report<'_>) -> BTreeMap<String, String> {
    let mut environment = BTreeMap::new();
    let Some(section) = root.table("environment", &["set"], report) else {
        return environment;
    };
    let Some(value) = section.get("set") else {
        return environment;
    };
    let Some(table) = value.get_ref().as_table() else {
        wrong_type("set", "a table of strings", value, report);
        return environment;
    };
    if table.len() > ENVIRONMENT_MAX {
        let message = format!("`set` has at most {ENVIRONMENT_MAX} variables, found {}", table.len());
        report.error(&value.span(), message);
        return environment;
    }
    for (key, value) in table {
        let name = key.get_ref();
        if name.is_empty() || name.contains(['=', '\0']) {
            report.error(&key.span(), format!("`{name}` is not the name of an environment variable"));
        }
        if let Some(text) = as_text(name, value, report) {
            if text.value.contains('\0') {
                report.error(&text.span, format!("`{name}` must not contain NUL"));
            }
            environment.insert(name.to_string(), text.value.to_owned());
        }
    }
    environment
}

pub(super) fn limits(root: &Section<'_>, report: &mut Report<'_>) -> Limits {
    let mut limits = Limits::default();
    let Some(section) = root.table("limits", LIMITS, report) else {
        return limits;
    };
    let mut reader = LimitReader { section, report };
    let size = "a size from 1 byte, as in `\"16MiB\"`";
    let count = "a whole number from 1";
    reader.set("memory", size, quantity::size, &mut limits.memory_bytes);
    reader.set("time", DURATION, quantity::duration, &mut limits.time);
    reader.set("fuel", count, |value| quantity::count(value).map(Some), &mut limits.fuel);
    reader.set("request-body", size, quantity::size, &mut limits.request_body_bytes);
    reader.set("response-body", size, quantity::size, &mut limits.response_body_bytes);
    reader.set("output", size, quantity::size, &mut limits.output_bytes);
    reader.set("journal", size, quantity::size, &mut limits.journal_bytes);
    let small = |value: &Value<'_>| quantity::count(value).and_then(|number| u32::try_from(number).ok());
    reader.set("handles", "a whole number from 1 to 4294967295", small, &mut limits.handles);
    reader.set("http-requests", "a whole number from 1 to 4294967295", small, &mut limits.http_requests);
    reader.set("http-requests-total", count, quantity::count, &mut limits.http_requests_total);
    reader.set("files", size, quantity::size, &mut limits.files_bytes);
    reader.set("file-count", count, quantity::count, &mut limits.file_count);
    let some = |value: &Value<'_>| quantity::count(value).filter(|number| *number <= DENIALS_MAX);
    reader.set("denials", &format!("a whole number from 1 to {DENIALS_MAX}"), some, &mut limits.denials);
    limits
}

pub(super) const DURATION: &str = "a duration, as in `\"500ms\"`, `\"30s\"`, `\"10m\"` or `\"2h\"`";

/// Reads limits out of a section, one after the other.
pub(super) struct LimitReader<'r, 'd, 't> {
    pub(super) section: Section<'d>,
    pub(super) report: &'r mut Report<'t>,
}

impl LimitReader<'_, '_, '_> {
    /// Sets a limit if the section has it.
    pub(super) fn set<T>(&mut self, key: &str, expected: &str, read: impl Fn(&Value<'_>) -> Option<T>, limit: &mut T) {
        let Some(value) = self.section.get(key) else {
            return;
        };
        match read(value) {
            Some(number) => *limit = number,
            None => {
                let message = format!("`{key}` must be {expected}, found {}", describe(value));
                self.report.error(&value.span(), message);
            }
        }
    }
}

pub(super) fn approval_timeout(root: &Section<'_>, report: &mut Report<'_>) -> Option<Duration> {
    let section = root.table("approval", &["timeout"], report)?;
    let value = section.get("timeout")?;
    let timeout = quantity::duration(value);
    if timeout.is_none() {
        let message = format!("`timeout` must be {DURATION}, found {}", describe(value));
        report.error(&value.span(), message);
    }
    timeout
}

/// The file, and the line that names it.
pub(super) fn ca_file(root: &Section<'_>, report: &mut Report<'_>) -> Option<(String, u32)> {
    let section = root.table("tls", &["ca"], report)?;
    section.required_text("ca", report).map(|text| (text.value.to_owned(), report.line(&text.span)))
}
