//! `wasm-agent journal files`.

use std::io::{self, Write};

use anstyle::Style;
use serde_json::{Value, json};
use wasm_agent_audit::files::{Change, ChangeKind, State};

use super::follow::{failed, follow};
use super::gaps::Gaps;
use super::restore;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::show::escape::escape_line;
use crate::show::json::json_line;
use crate::show::style;
use crate::show::table::{Align, Table};
use crate::show::units::{bytes, hex};

/// Digits of a digest in a table. `--format json` has all of them.
const DIGEST_DIGITS: usize = 12;

/// Lists what a run did to files, or restores them.
pub(super) fn files(arguments: &args::Files, report: &Report) -> Result<Exit, Failure> {
    if let Some(folder) = &arguments.folder {
        return restore::restore(arguments, folder, report);
    }
    let mut followed = follow(arguments)?;
    let changes = followed.files.changes(&mut followed.reader);
    let changes = changes.map_err(|error| failed(&arguments.journal, error))?;
    let gaps = followed.gaps(arguments);
    match report.format {
        Format::Text => report.data(|out| text(out, &changes, &gaps))?,
        Format::Json => report.data(|out| objects(out, &changes, &gaps))?,
    }
    Ok(Exit::Finished)
}

fn text(out: &mut dyn Write, changes: &[Change], gaps: &Gaps) -> io::Result<()> {
    let mut table = Table::new(&[
        ("CHANGE", Align::Left),
        ("PATH", Align::Left),
        ("BEFORE", Align::Left),
        ("AFTER", Align::Left),
        ("BY", Align::Left),
    ]);
    for change in changes {
        let (style, name) = (style_of(change.kind), change.kind.name());
        let cells = [name.to_owned(), path(change), state(&change.before), state(&change.after), calls(change)];
        table.row_styled(style, cells);
    }
    if changes.is_empty() {
        writeln!(out, "no file was changed")?;
    }
    table.write(out)?;
    gaps.write(out, changes.iter().any(|change| is_open(&change.after)))
}

fn style_of(kind: ChangeKind) -> Style {
    match kind {
        ChangeKind::Created | ChangeKind::Renamed => style::GOOD,
        ChangeKind::Changed => style::WARNING,
        ChangeKind::Removed | ChangeKind::Uncertain => style::BAD,
        ChangeKind::Rewritten | ChangeKind::Temporary => style::FAINT,
    }
}

fn path(change: &Change) -> String {
    let path = escape_line(change.path.as_str());
    match (&change.from, &change.to) {
        (Some(from), _) => format!("{path} (was {})", escape_line(from.as_str())),
        (None, Some(to)) => format!("{path} (now {})", escape_line(to.as_str())),
        (None, None) => path.into_owned(),
    }
}

fn state(state: &State) -> String {
    match state {
        State::Absent => "-".to_owned(),
        State::File { length: Some(length), blake3: Some(digest) } => {
            format!("{} {}", hex(digest).chars().take(DIGEST_DIGITS).collect::<String>(), bytes(*length))
        }
        State::File { length: Some(length), blake3: None } => {
            format!("{:DIGEST_DIGITS$} {}", "unknown", bytes(*length))
        }
        State::File { length: None, .. } | State::Unknown => "unknown".to_owned(),
        State::Directory => "directory".to_owned(),
        State::Link { target } => format!("link to {}", target.as_deref().map_or("…".into(), escape_line)),
    }
}

fn is_open(state: &State) -> bool {
    matches!(state, State::File { blake3: None, .. } | State::Unknown)
}

/// The call of the effect, and the last call that wrote.
fn calls(change: &Change) -> String {
    let first = change.effect.map_or(change.calls.0, |(_, call)| call.min(change.calls.0));
    if first == change.calls.1 { format!("call {first}") } else { format!("call {first} to call {}", change.calls.1) }
}

fn objects(out: &mut dyn Write, changes: &[Change], gaps: &Gaps) -> io::Result<()> {
    for change in changes {
        let (effect, call) = change.effect.unzip();
        let value = json!({
            "event": "file",
            "change": change.kind.name(),
            "path": change.path.as_str(),
            "from": change.from.as_ref().map(|path| path.as_str()),
            "to": change.to.as_ref().map(|path| path.as_str()),
            "before": state_json(&change.before),
            "after": state_json(&change.after),
            "effect": effect,
            "call": call,
            "calls": [change.calls.0, change.calls.1],
        });
        writeln!(out, "{}", json_line(&value))?;
    }
    writeln!(out, "{}", json_line(&gaps.json()))
}

fn state_json(state: &State) -> Value {
    match state {
        State::Absent => Value::Null,
        State::File { length, blake3 } => {
            json!({ "kind": "file", "length": length, "blake3": blake3.map(|digest| hex(&digest)) })
        }
        State::Directory => json!({ "kind": "directory" }),
        State::Link { target } => json!({ "kind": "link", "target": target }),
        State::Unknown => json!({ "kind": "unknown" }),
    }
}
