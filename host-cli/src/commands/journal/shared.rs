//! What several sub-commands say about a journal.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_host::journal::{Tail, Verification};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::style;
use crate::show::units::count;
use crate::timeline::{action_text, tail_text};

/// Most effects without an outcome that are named. A tool has a handful under way at a time.
const OPEN_SHOWN_MAX: usize = 32;

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
pub(super) fn signed_up_to(verification: &Verification) -> String {
    match verification.sealed_records.checked_sub(1) {
        Some(last) => format!("up to record {last}"),
        None => "in no part".to_owned(),
    }
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
    open.map(|(effect, open)| json!({ "effect": effect, "call": open.call, "action": action_text(&open.action) }))
        .collect()
}

/// What lies after the last seal, for programs.
pub(super) fn tail_json(tail: &Tail) -> Value {
    json!({ "records": tail.records, "torn_bytes": tail.torn_bytes, "at": tail.at })
}

/// Says that a journal lacks the end of its run, below what was found in it.
pub(super) fn write_incomplete(out: &mut dyn Write) -> io::Result<()> {
    let warning = style::WARNING;
    writeln!(out, "\n{warning}incomplete{warning:#}: the record has no end; this is what it has")
}

/// The failure to create the file for a copy of a journal.
pub(super) fn uncreated(copy: &Path, error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::AlreadyExists => {
            Failure::new(Exit::NothingRan, format!("file `{}` exists already", copy.display()))
                .hint("a record is never overwritten; name another file for the copy")
        }
        _ => Failure::file("create", "journal", copy, error),
    }
}
