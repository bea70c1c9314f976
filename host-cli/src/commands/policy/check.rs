//! `wasm-agent policy check`.

use std::path::Path;

use serde_json::json;

use super::{load, own};
use crate::args::Format;
use crate::escape::escape_line;
use crate::failure::Failure;
use crate::report::{Report, style};
use crate::units::count;

/// Reports everything that is wrong with a policy.
pub(super) fn check(path: &Path, report: &Report) -> Result<(), Failure> {
    let policy = load(path)?;
    let kept = own::kept(&policy, path)?;
    let (directories, urls, secrets) = (policy.filesystem().len(), policy.http().len(), policy.secrets().len());
    match report.format {
        Format::Text => {
            let good = style::GOOD;
            let counts = [(directories, "filesystem grant"), (urls, "http grant"), (secrets, "secret")]
                .map(|(number, noun)| count(u64::try_from(number).unwrap_or(u64::MAX), noun))
                .join(", ");
            let shown = escape_line(&path.display().to_string()).into_owned();
            report.data(|out| {
                writeln!(out, "{good}ok{good:#}: {shown}: {counts}")?;
                kept.iter().try_for_each(|kept| {
                    let (path, what) = (escape_line(kept.path.as_str()), escape_line(&kept.what));
                    writeln!(out, "kept from the tool: {path} (line {}): {what}", kept.line)
                })
            })
        }
        Format::Json => report.object(&json!({
            "event": "policy",
            "path": path.display().to_string(),
            "digest": policy.digest().to_string(),
            "filesystem": directories,
            "http": urls,
            "secrets": secrets,
            "kept": own::kept_json(&kept),
        })),
    }
}
