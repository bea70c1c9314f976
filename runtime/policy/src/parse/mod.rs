//! From the text of a policy file to a compiled policy.
//!
//! The document is walked by hand: derived types would stop at the first error and know no columns.

mod machine;
mod quantity;
pub(crate) mod report;
pub(crate) mod section;
mod settings;
mod suggest;
mod tests_in_file;

use crate::bounds::{LISTED_SYNTAX_BYTES_MAX, POLICY_BYTES_MAX};
use crate::error::{PolicyError, PolicyErrors};
use crate::policy::{Parts, Policy};
use crate::{file, http};
pub(crate) use machine::machine;
use report::Report;
use section::{Section, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The keys of a policy file.
const KEYS: &[&str] =
    &["version", "tool", "filesystem", "http", "secrets", "environment", "limits", "approval", "tls", "test"];

/// The version of the grammar.
const VERSION: &str = "1";

impl Policy {
    /// Parses and compiles a policy file, and runs its `[[test]]`s.
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong, not only the first: syntax errors where there are any, otherwise unknown keys,
    /// wrong values, rules that can never match and tests that fail.
    pub fn parse(text: &str) -> Result<Self, PolicyErrors> {
        if text.len() > POLICY_BYTES_MAX {
            let message = format!("a policy has at most {POLICY_BYTES_MAX} bytes, found {}", text.len());
            return Err(PolicyErrors::new(vec![PolicyError::new(1, 1, message)], 0));
        }
        let mut report = Report::new(text);
        let document = document(text, &mut report)?;
        let root = Section::root(&document, KEYS, &mut report);
        let (parts, tests) = read(&root, &mut report);
        report.check()?;
        let policy = Self::compile(text, parts);
        tests_in_file::run(&policy, &tests, &mut report);
        report.check()?;
        Ok(policy)
    }
}

/// The parsed document, or its syntax errors.
///
/// A broken document is not read any further: the parts that the parser recovers would give errors about keys that are
/// there.
fn document<'t>(text: &'t str, report: &mut Report<'_>) -> Result<Spanned<DeTable<'t>>, PolicyErrors> {
    DeTable::parse(text).map_err(|first| syntax_errors(text, &first, report))
}

/// All syntax errors of a document, or the first one of a long document: the parser keeps an error of a few hundred
/// bytes for each byte it does not understand.
fn syntax_errors(text: &str, first: &toml::de::Error, report: &mut Report<'_>) -> PolicyErrors {
    let all = if text.len() > LISTED_SYNTAX_BYTES_MAX { Vec::new() } else { DeTable::parse_recoverable(text).1 };
    for error in std::iter::once(first).chain(&all) {
        report.error(&error.span().unwrap_or_default(), error.message());
    }
    report.take()
}

fn read<'d>(root: &Section<'d>, report: &mut Report<'_>) -> (Parts, Vec<tests_in_file::Test<'d>>) {
    check_version(root, report);
    let secrets = http::parse_secrets::read(root, report);
    let filesystem = file::parse::read(root, report);
    let http = http::parse::read(root, &secrets, report);
    http::parse_secrets::report_unused(root, report);
    let parts = Parts {
        tool_sha256: settings::tool(root, report),
        environment: settings::environment(root, report),
        limits: settings::limits(root, report),
        approval_timeout: settings::approval_timeout(root, report).unwrap_or(Parts::default().approval_timeout),
        ca_file: settings::ca_file(root, report),
        filesystem,
        http,
        secrets,
    };
    (parts, tests_in_file::read(root, report))
}

fn check_version(root: &Section<'_>, report: &mut Report<'_>) {
    let Some(value) = root.get("version") else {
        report.error(&(0..0), "the policy has no `version`").hint("begin it with `version = 1`");
        return;
    };
    let matches = matches!(value.get_ref(), DeValue::Integer(number) if number.to_string() == VERSION);
    if !matches {
        let found = describe(value);
        report.error(&value.span(), format!("`version` must be 1, found {found}"));
    }
}

/// A value as an error shows it: integers and strings by their text, everything else by its type.
fn describe(value: &Value<'_>) -> String {
    match value.get_ref() {
        DeValue::Integer(number) => format!("`{number}`"),
        DeValue::String(text) => format!("the string `{text}`"),
        other => section::type_name(other).to_owned(),
    }
}

#[cfg(test)]
mod tests;
