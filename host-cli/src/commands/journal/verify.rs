//! `wasm-agent journal verify`.

use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_host::journal::{ReadError, Redaction, Verification, verify, verify_signed};

use super::redact::prove;
use super::shared::{open_json, open_text, tail_json, unsigned};
use crate::args::{Format, Verify};
use crate::commands::key_file::public_key;
use crate::commands::progress::{Prints, Progress, open};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::show::escape::escape_line;
use crate::show::style;
use crate::show::units::{bytes, count, hex};
use crate::timeline::tail_text;

/// Checks that a journal is unchanged, and whether it is complete.
pub(super) fn check(arguments: &Verify, report: &Report) -> Result<Exit, Failure> {
    let path = &arguments.journal;
    let key = arguments.key.as_deref().map(public_key).transpose()?;
    let (verification, unsigned) = match (&arguments.original, &key) {
        (Some(original), key) => prove(path, original, key.as_ref())?,
        (None, Some(key)) => {
            let verification = read(path, |file| verify_signed(file, key))?;
            let unsigned = unsigned(path, &verification);
            (verification, unsigned)
        }
        (None, None) => (read(path, verify)?, None),
    };
    let trusted = TrustBasis { key: key.is_some(), original: arguments.original.as_deref() };
    match report.format {
        Format::Text => report.data(|out| out.write_all(verified_text(&verification, &trusted).as_bytes()))?,
        Format::Json => report.object(&verified_json(&verification, &trusted))?,
    }
    if let Some(unsigned) = unsigned {
        return Err(unsigned);
    }
    if arguments.complete && !verification.complete {
        return Err(Failure::new(Exit::Unverified, format!("journal `{}` lacks the end of its run", path.display())));
    }
    Ok(Exit::Finished)
}

/// What the verification relied on besides the journal.
struct TrustBasis<'a> {
    /// A key of the journal, or of its original, was given.
    key: bool,
    /// The original that this journal is a proven redaction of.
    original: Option<&'a Path>,
}

fn read(
    path: &Path,
    verify: impl FnOnce(Progress) -> Result<Verification, ReadError>,
) -> Result<Verification, Failure> {
    verify(open(path, Prints::AtTheEnd)?).map_err(|error| Failure::journal(path, &error))
}

fn verified_text(verification: &Verification, trusted: &TrustBasis<'_>) -> String {
    let (good, warning) = (style::GOOD, style::WARNING);
    let size = format!("{}, {}", count(verification.records, "record"), bytes(verification.bytes));
    let mut text = if verification.complete {
        format!("{good}whole{good:#}: {size}\n")
    } else {
        format!(
            "{warning}unchanged, without an end{warning:#}: {size}; \
             the run was killed, is still going, or its end was cut off\n"
        )
    };
    match &verification.seal {
        Some(seal) => {
            text.push_str(&format!("sealed: {}, seal {}\n", count(verification.sealed_records, "record"), hex(seal)))
        }
        None => text.push_str(&format!("{warning}sealed{warning:#}: nothing\n")),
    }
    if let Some(key) = &verification.signed_by {
        let records = verification.sealed_records;
        let (key, last) = (key.fingerprint(), records.saturating_sub(1));
        let signed = match (trusted.key, verification.is_signed()) {
            _ if records == 0 => format!("{warning}signed{warning:#}: nothing"),
            (true, true) => format!("signed: {} by {key}", count(records, "record")),
            (true, false) => {
                format!("{warning}signed up to record {last}{warning:#}: {} by {key}", count(records, "record"))
            }
            (false, true) => format!("{warning}signed by{warning:#}: {key}, not checked against a key you trust"),
            (false, false) => {
                format!("{warning}signed up to record {last} by{warning:#}: {key}, not checked against a key you trust")
            }
        };
        text.push_str(&format!("{signed}\n"));
    }
    if let Some(records) = verification.recovered {
        let what = if records == 0 {
            "bytes after the last seal of the run were left out".to_owned()
        } else {
            format!("{} not sealed by the run, but by the recovery", count(records, "record"))
        };
        text.push_str(&format!("{warning}recovered{warning:#}: {what}\n"));
    }
    if let Some(redaction) = &verification.redaction {
        text.push_str(&redaction_text(redaction, trusted));
    }
    if let Some(tail) = &verification.tail {
        text.push_str(&format!("{warning}after the last seal{warning:#}: {}\n", tail_text(tail)));
    }
    text.push_str(&open_text(verification));
    text
}

/// What was taken out, and whether the redaction was proven.
fn redaction_text(redaction: &Redaction, trusted: &TrustBasis<'_>) -> String {
    let warning = style::WARNING;
    let without = escape_line(&redaction.taken_out.join(" and ")).into_owned();
    let Some(original) = trusted.original else {
        let seal = hex(&redaction.seal);
        return format!(
            "{warning}redaction{warning:#}: without {without}, not compared with the original, whose last seal is \
             {seal}\n"
        );
    };
    let shown = original.display().to_string();
    let signed = match (&redaction.signed_by, trusted.key) {
        (Some(key), true) => format!("; the original is signed by {}", key.fingerprint()),
        _ => String::new(),
    };
    format!("redaction: proven to be {} without {without}{signed}\n", escape_line(&shown))
}

fn verified_json(verification: &Verification, trusted: &TrustBasis<'_>) -> Value {
    let open: Vec<u64> = verification.open_effects.effects.iter().map(|effect| effect.0).collect();
    json!({
        "event": "verified",
        "complete": verification.complete,
        "records": verification.records,
        "sealed_records": verification.sealed_records,
        "bytes": verification.bytes,
        "seal": verification.seal.as_ref().map(|seal| hex(seal)),
        "signed_by": verification.signed_by.map(|key| json!({
            "fingerprint": key.fingerprint(),
            "trusted": trusted.key,
            "records": verification.sealed_records,
            "to_the_end": verification.is_signed(),
        })),
        "redaction": verification.redaction.as_ref().map(|redaction| json!({
            "taken_out": redaction.taken_out,
            "original_seal": hex(&redaction.seal),
            "proved": trusted.original.is_some(),
        })),
        "recovered_records": verification.recovered,
        "unsealed": verification.tail.as_ref().map(tail_json),
        "open_effects": open,
        "may_have_happened": open_json(verification),
        "open_effects_count": verification.open_effects.count(),
    })
}
