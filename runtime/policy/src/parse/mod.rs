//! From the text of a policy file to a compiled policy.
//!
//! The document is walked by hand: derived types would stop at the first error and know no columns.

mod document;
mod machine;
mod quantity;
pub(crate) mod report;
pub(crate) mod section;
mod settings;
mod suggest;
mod tests_in_file;

use crate::bounds::POLICY_BYTES_MAX;
use crate::error::{PolicyError, PolicyErrors};
use crate::policy::{Parts, Policy};
use crate::{file, http};
use document::{describe, document};
use report::Report;
use section::Section;
use toml::de::DeValue;

/// The keys of a policy file.
const KEYS: &[&str] = &[
    "version",
    "tool",
    "filesystem",
    "http",
    "secrets",
    "environment",
    "limits",
    "approval",
    "tls",
    "network",
    "test",
];

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

fn read<'d>(root: &Section<'d>, report: &mut Report<'_>) -> (Parts, Vec<tests_in_file::Test<'d>>) {
    check_version(root, report);
    let secrets = http::parse_secrets::read(root, report);
    let filesystem = file::parse::read(root, report);
    let proxy = http::proxy::read(root, &secrets, report);
    let http = http::parse::read(root, &secrets, proxy.as_ref(), report);
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
        proxy,
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

#[cfg(test)]
mod tests;
