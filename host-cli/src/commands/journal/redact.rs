//! `wasm-agent journal export --redact`, and the proof that a journal is a redaction.

use std::path::Path;

use serde_json::json;
use wasm_agent_audit::redact::{RedactError, RedactionError, TakenOut, redact, verify_redaction};
use wasm_agent_host::JournalFile;
use wasm_agent_host::journal::{PublicKey, Verification, verify_signed};

use super::shared::{uncreated, unsigned};
use crate::args::{Export, Format, Redact};
use crate::commands::progress::{Prints, open};
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::report::Report;
use crate::show::escape::escape_line;
use crate::show::style;
use crate::show::units::{bytes, count, hex};

/// Writes a copy of a journal with contents taken out.
pub(super) fn write(arguments: &Export, output: &Path, report: &Report) -> Result<Exit, Failure> {
    let path = &arguments.journal;
    let has = |wanted| arguments.redact.contains(&wanted);
    let taken_out = TakenOut { bodies: has(Redact::Bodies), paths: has(Redact::Paths) };
    let journal = open(path, Prints::AtTheEnd)?;
    let file = JournalFile::create(output).map_err(|error| uncreated(output, error))?;
    let made = redact(journal, file, taken_out).map_err(|error| unredacted(path, error)).inspect_err(|_| {
        // An incomplete redaction is of no use, and nobody has used the file yet.
        let _ = std::fs::remove_file(output);
    })?;
    let without = taken_out.names();
    match report.format {
        Format::Text => report.data(|out| {
            let good = style::GOOD;
            let size = format!("{}, {}", count(made.records, "record"), bytes(made.bytes));
            let shown = output.display().to_string();
            writeln!(
                out,
                "{good}redacted{good:#}: {size} to {}, without {}",
                escape_line(&shown),
                without.join(" and ")
            )?;
            writeln!(out, "seal: {}", hex(&made.seal))
        })?,
        Format::Json => report.object(&json!({
            "event": "redacted",
            "copy": output.display().to_string(),
            "taken_out": without,
            "records": made.records,
            "bytes": made.bytes,
            "seal": hex(&made.seal),
        }))?,
    }
    Ok(Exit::Finished)
}

/// Proves that a journal is a redaction of another one. With a key, the original must be signed with it: returns a
/// failure if a part of the original is not signed.
pub(super) fn prove(
    path: &Path,
    original: &Path,
    key: Option<&PublicKey>,
) -> Result<(Verification, Option<Failure>), Failure> {
    let unsigned = match key {
        Some(key) => {
            let signed = verify_signed(open(original, Prints::AtTheEnd)?, key);
            unsigned(original, &signed.map_err(|error| Failure::journal(original, &error))?)
        }
        None => None,
    };
    // Opened here first: a missing file must not be reported as a failed proof.
    drop(open(path, Prints::AtTheEnd)?);
    let source = open(original, Prints::AtTheEnd)?;
    let copy = path.to_owned();
    let proved = verify_redaction(move || std::fs::File::open(&copy), source);
    let verification = proved.map_err(|error| {
        let (copy, shown) = (path.display(), original.display());
        match error {
            RedactionError::Copy(error) => Failure::journal(path, &error),
            RedactionError::Original(error) => unredacted(original, error),
            RedactionError::Unknown { .. } => {
                Failure::new(Exit::NothingRan, format!("cannot compare `{copy}` with `{shown}`: {}", chain(&error)))
                    .hint("compare it with the release of `wasm-agent` that wrote it")
            }
            RedactionError::NoRedaction | RedactionError::OtherOriginal | RedactionError::Differs { .. } => {
                Failure::new(
                    Exit::Unverified,
                    format!("journal `{copy}` is not a redaction of `{shown}`: {}", chain(&error)),
                )
            }
        }
    })?;
    Ok((verification, unsigned))
}

fn unredacted(path: &Path, error: RedactError) -> Failure {
    let shown = path.display();
    match error {
        RedactError::Read(error) => Failure::journal(path, &error),
        RedactError::Unsealed | RedactError::Redacted => {
            Failure::new(Exit::NothingRan, format!("cannot redact journal `{shown}`: {}", chain(&error)))
        }
        RedactError::Write(error) => {
            Failure::new(Exit::HostFailed, format!("cannot write a redaction of `{shown}`: {}", chain(&error)))
        }
    }
}
