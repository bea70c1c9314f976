//! `wasm-agent journal verify`.

use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_host::journal::{ReadError, Redaction, Tail, Verification, verify, verify_signed};

use super::redact::prove;
use crate::args::{Format, Verify};
use crate::commands::key_file::public_key;
use crate::commands::progress::{Prints, Progress, open};
use crate::escape::escape_line;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{Report, style};
use crate::timeline::action_text;
use crate::units::{bytes, count, hex};

/// Most effects without an outcome that are named. A tool has a handful under way at a time.
const OPEN_SHOWN_MAX: usize = 32;

/// Says whether a journal is whole and unchanged.
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
    let trusted = Trusted { key: key.is_some(), original: arguments.original.as_deref() };
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

/// The failure of a journal with something in it that its key did not sign.
pub(super) fn unsigned(path: &Path, verification: &Verification) -> Option<Failure> {
    let tail = verification.tail.filter(|_| !verification.is_signed())?;
    let message = format!(
        "journal `{}` is signed {}; nobody signed what follows: {}",
        path.display(),
        signed_up_to(verification),
        tail_text(&tail)
    );
    Some(Failure::new(Exit::Unverified, message).hint(
        "a run that was killed leaves such an end, and anybody can add one: trust none of it on the strength of the key",
    ))
}

/// How far a signed journal is signed.
fn signed_up_to(verification: &Verification) -> String {
    match verification.sealed_records.checked_sub(1) {
        Some(last) => format!("up to record {last}"),
        None => "in no part".to_owned(),
    }
}

/// What the verification could rely on besides the journal.
struct Trusted<'a> {
    /// A key, of the journal or of its original.
    key: bool,
    /// The journal that this one proved to be the redaction of.
    original: Option<&'a Path>,
}

fn read(
    path: &Path,
    verify: impl FnOnce(Progress) -> Result<Verification, ReadError>,
) -> Result<Verification, Failure> {
    verify(open(path, Prints::AtTheEnd)?).map_err(|error| Failure::journal(path, &error))
}

fn verified_text(verification: &Verification, trusted: &Trusted<'_>) -> String {
    let (good, warning) = (style::GOOD, style::WARNING);
    let size = format!("{}, {}", count(verification.records, "record"), bytes(verification.bytes));
    let mut text = if verification.complete {
        format!("{good}whole{good:#}: {size}\n")
    } else {
        format!(
            "{warning}unchanged, without an end{warning:#}: {size}; the run was killed, goes on, or its end was cut off\n"
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
        let (key, up_to) = (key.fingerprint(), signed_up_to(verification));
        let signed = match (trusted.key, verification.is_signed()) {
            _ if records == 0 => format!("{warning}signed{warning:#}: nothing"),
            (true, true) => format!("signed: {} by {key}", count(records, "record")),
            (true, false) => format!("{warning}signed {up_to}{warning:#}: {} by {key}", count(records, "record")),
            (false, true) => format!("{warning}signed by{warning:#}: {key}, not checked against a key you trust"),
            (false, false) => {
                format!("{warning}signed {up_to} by{warning:#}: {key}, not checked against a key you trust")
            }
        };
        text.push_str(&format!("{signed}\n"));
    }
    if let Some(records) = verification.recovered {
        let what = if records == 0 {
            "bytes after the last seal of the run were left out".to_owned()
        } else {
            format!("{} under no seal of the run, sealed when it was recovered", count(records, "record"))
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

/// What was taken out, and whether that is proved.
fn redaction_text(redaction: &Redaction, trusted: &Trusted<'_>) -> String {
    let warning = style::WARNING;
    let without = escape_line(&redaction.taken_out.join(" and ")).into_owned();
    let Some(original) = trusted.original else {
        let seal = hex(&redaction.seal);
        return format!(
            "{warning}redaction{warning:#}: without {without}, not compared with the original, whose last seal is {seal}\n"
        );
    };
    let shown = original.display().to_string();
    let signed = match (&redaction.signed_by, trusted.key) {
        (Some(key), true) => format!(", which is signed by {}", key.fingerprint()),
        _ => String::new(),
    };
    format!("redaction: exactly {} without {without}{signed}\n", escape_line(&shown))
}

/// The effects without an outcome, a line each.
pub(super) fn open_text(verification: &Verification) -> String {
    let warning = style::WARNING;
    let open = &verification.open_effects;
    let mut text = String::new();
    for effect in open.actions.values().take(OPEN_SHOWN_MAX) {
        let action = action_text(&effect.action);
        text.push_str(&format!("{warning}may have happened{warning:#}: {action} (call {})\n", effect.call));
    }
    let shown = u64::try_from(open.actions.len().min(OPEN_SHOWN_MAX)).unwrap_or(u64::MAX);
    let more = open.count().saturating_sub(shown);
    if more > 0 {
        text.push_str(&format!("{warning}may have happened{warning:#}: {}\n", count(more, "more effect")));
    }
    text
}

/// The effects without an outcome whose action is kept, for programs.
pub(super) fn open_json(verification: &Verification) -> Vec<Value> {
    let open = verification.open_effects.actions.iter();
    open.map(|(effect, open)| json!({ "effect": effect.0, "call": open.call.0, "action": action_text(&open.action) }))
        .collect()
}

/// What lies after the last seal, in words.
pub(crate) fn tail_text(tail: &Tail) -> String {
    let mut text = count(tail.records, "record");
    if tail.torn_bytes > 0 {
        text.push_str(&format!(", and {} of one that was being written", bytes(tail.torn_bytes)));
    }
    text
}

/// What lies after the last seal, for programs.
pub(super) fn tail_json(tail: &Tail) -> Value {
    json!({ "records": tail.records, "torn_bytes": tail.torn_bytes, "at": tail.at })
}

fn verified_json(verification: &Verification, trusted: &Trusted<'_>) -> Value {
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
