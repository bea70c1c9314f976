//! Texts and errors that several sub-commands share.

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_host::journal::{Tail, Verification};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::style;
use crate::show::units::count;
use crate::timeline::{action_text, tail_text};

/// Most effects without an outcome that are listed. A tool has a handful under way at a time.
const OPEN_SHOWN_MAX: usize = 32;

/// The failure of a journal that its key did not sign to the end.
pub(super) fn unsigned(path: &Path, verification: &Verification) -> Option<Failure> {
    let tail = verification.tail.filter(|_| !verification.is_signed())?;
    let (shown, tail) = (path.display(), tail_text(&tail));
    let message = match verification.sealed_records.checked_sub(1) {
        Some(last) => format!("journal `{shown}` is signed up to record {last}; what follows is not signed: {tail}"),
        None => format!("nothing in journal `{shown}` is signed: {tail}"),
    };
    Some(
        Failure::new(Exit::Unverified, message)
            .hint("a killed run leaves such an end, but anybody can add one: the key does not vouch for it"),
    )
}

/// The effects without an outcome, one per line.
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

/// The effects without an outcome whose action is known, for programs.
pub(super) fn open_json(verification: &Verification) -> Vec<Value> {
    let open = verification.open_effects.actions.iter();
    open.map(|(effect, open)| json!({ "effect": effect.0, "call": open.call.0, "action": action_text(&open.action) }))
        .collect()
}

/// The records after the last seal, for programs.
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
                .hint("existing files are never overwritten; name another file for the copy")
        }
        _ => Failure::file("create", "journal", copy, error),
    }
}
