//! `wasm-agent journal verify`.

use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_host::journal::{Tail, Verification, verify};

use crate::args::Format;
use crate::commands::progress::{Prints, open};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{Report, style};
use crate::units::{bytes, count, hex};

/// Says whether a journal is whole and unchanged.
pub(super) fn check(path: &Path, complete: bool, report: &Report) -> Result<Exit, Failure> {
    let verification = verify(open(path, Prints::AtTheEnd)?).map_err(|error| Failure::journal(path, &error))?;
    match report.format {
        Format::Text => report.data(|out| out.write_all(verified_text(&verification).as_bytes()))?,
        Format::Json => report.object(&verified_json(&verification))?,
    }
    if complete && !verification.complete {
        return Err(Failure::new(Exit::Unverified, format!("journal `{}` lacks the end of its run", path.display())));
    }
    Ok(Exit::Finished)
}

fn verified_text(verification: &Verification) -> String {
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
    if let Some(tail) = &verification.tail {
        text.push_str(&format!("{warning}after the last seal{warning:#}: {}\n", tail_text(tail)));
    }
    let open = verification.open_effects.count();
    if open > 0 {
        text.push_str(&format!(
            "{warning}may have happened{warning:#}: {} without an outcome\n",
            count(open, "effect")
        ));
    }
    text
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

fn verified_json(verification: &Verification) -> Value {
    let open: Vec<u64> = verification.open_effects.effects.iter().copied().collect();
    json!({
        "event": "verified",
        "complete": verification.complete,
        "records": verification.records,
        "sealed_records": verification.sealed_records,
        "bytes": verification.bytes,
        "seal": verification.seal.as_ref().map(|seal| hex(seal)),
        "unsealed": verification.tail.as_ref().map(tail_json),
        "open_effects": open,
        "open_effects_count": verification.open_effects.count(),
    })
}
