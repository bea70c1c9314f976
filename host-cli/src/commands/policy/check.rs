//! `wasm-agent policy check`.

use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_host::Reached;
use wasm_agent_host::policy::{FilesystemGrant, Policy, Warning, Warnings};

use super::load::load;
use super::{own, surroundings};
use crate::args::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::show::escape::escape_line;
use crate::show::style;
use crate::show::units::count;

/// Reports errors in a policy, and rules that are less strict than they look.
///
/// Nothing that the policy names is opened. Only the real paths of its directories are looked up.
pub(super) fn check(path: &Path, deny_warnings: bool, report: &Report) -> Result<(), Failure> {
    let policy = load(path)?;
    let warnings = surroundings::warnings(&policy, path);
    let kept = own::in_grants(&policy, path)?;
    let missing: Vec<_> = surroundings::missing(&policy, path).collect();
    match report.format {
        Format::Text => {
            for warning in warnings.as_slice() {
                let message = format!("policy `{}` line {}: {}", path.display(), warning.line, warning.message);
                report.advice(&message, &warning.hint);
            }
            if warnings.more() > 0 {
                report.warning(&format!("and {} more", warnings.more()));
            }
            let text = summary(path, &policy, &warnings);
            report.data(|out| {
                writeln!(out, "{text}")?;
                for grant in &missing {
                    let host = escape_line(&grant.host);
                    writeln!(out, "not on this machine: {host} (line {}): `run` would end with an error", grant.line)?;
                }
                kept.iter().try_for_each(|kept| {
                    let (path, what) = (escape_line(kept.path.as_str()), escape_line(&kept.what));
                    writeln!(out, "kept from the tool: {path} (line {}): {what}", kept.line)
                })
            })?;
        }
        Format::Json => report.object(&object(path, &policy, &warnings, &kept, &missing))?,
    }
    if deny_warnings && warnings.count() > 0 {
        let message = format!("policy `{}` has {}", path.display(), counted(warnings.count(), "warning"));
        return Err(Failure::new(Exit::NothingRan, message));
    }
    Ok(())
}

fn summary(path: &Path, policy: &Policy, warnings: &Warnings) -> String {
    let good = style::GOOD;
    let shown = escape_line(&path.display().to_string()).into_owned();
    let mut counts = vec![
        counted(policy.filesystem().len(), "filesystem grant"),
        counted(policy.http().len(), "http grant"),
        counted(policy.secrets().len(), "secret"),
    ];
    if warnings.count() > 0 {
        counts.push(counted(warnings.count(), "warning"));
    }
    format!("{good}ok{good:#}: {shown}: {}", counts.join(", "))
}

fn object(path: &Path, policy: &Policy, warnings: &Warnings, kept: &[Reached], missing: &[&FilesystemGrant]) -> Value {
    let listed: Vec<Value> = warnings.as_slice().iter().map(warning).collect();
    json!({
        "event": "policy",
        "path": path.display().to_string(),
        "digest": policy.digest().to_string(),
        "filesystem": policy.filesystem().len(),
        "http": policy.http().len(),
        "secrets": policy.secrets().len(),
        "warnings": listed,
        "more_warnings": warnings.more(),
        "kept": own::kept_json(kept),
        "missing": missing.iter().map(|grant| json!({ "host": grant.host, "line": grant.line })).collect::<Vec<_>>(),
    })
}

fn warning(warning: &Warning) -> Value {
    json!({
        "kind": warning.kind.as_str(),
        "line": warning.line,
        "message": warning.message,
        "hint": warning.hint,
    })
}

fn counted(number: usize, noun: &str) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX), noun)
}
