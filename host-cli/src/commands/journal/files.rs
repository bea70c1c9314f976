//! `wasm-agent journal files`.

use std::io::{self, Write};

use anstyle::Style;
use serde_json::{Value, json};
use wasm_agent_audit::files::{Change, ChangeKind, State};

use super::follow::{Contents, Followed, failed, follow};
use super::restore;
use crate::args::{self, Format};
use crate::escape::escape_line;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{Report, json_line, style};
use crate::table::{Align, Table};
use crate::units::{bytes, count, hex};

/// Digits of a digest in a table. `--format json` has all of them.
const DIGEST_DIGITS: usize = 12;

/// Lists what a run did to files, or restores them.
pub(super) fn files(arguments: &args::Files, report: &Report) -> Result<Exit, Failure> {
    if let Some(folder) = &arguments.folder {
        return restore::restore(arguments, folder, report);
    }
    let Followed { mut files, mut reader, contents, complete } = follow(arguments)?;
    let changes = files.changes(&mut reader).map_err(|error| failed(&arguments.journal, error))?;
    drop(reader);
    let rest = Rest {
        contents,
        lost: files.lost(),
        undigested: files.undigested(),
        incomplete: !complete && arguments.at.is_none(),
    };
    match report.format {
        Format::Text => report.data(|out| text(out, &changes, &rest))?,
        Format::Json => report.data(|out| objects(out, &changes, &rest))?,
    }
    Ok(Exit::Finished)
}

/// What a list leaves open.
pub(super) struct Rest {
    pub(super) contents: Contents,
    pub(super) lost: u64,
    pub(super) undigested: u64,
    pub(super) incomplete: bool,
}

fn text(out: &mut dyn Write, changes: &[Change], rest: &Rest) -> io::Result<()> {
    let mut table = Table::new(&[
        ("CHANGE", Align::Left),
        ("PATH", Align::Left),
        ("BEFORE", Align::Left),
        ("AFTER", Align::Left),
        ("BY", Align::Left),
    ]);
    for change in changes {
        let (style, name) = (look(change.kind), change.kind.name());
        let cells = [name.to_owned(), path(change), state(&change.before), state(&change.after), calls(change)];
        table.row_styled(style, cells);
    }
    if changes.is_empty() {
        writeln!(out, "no file was changed")?;
    }
    table.write(out)?;
    rest.write(out, changes.iter().any(|change| is_open(&change.after)))
}

fn look(kind: ChangeKind) -> Style {
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

/// The call that the effect belongs to, and the last one that wrote.
fn calls(change: &Change) -> String {
    let first = change.effect.map_or(change.calls.0, |(_, call)| call.min(change.calls.0));
    if first == change.calls.1 { format!("call {first}") } else { format!("call {first} to call {}", change.calls.1) }
}

impl Rest {
    /// Writes what the list before could not say, and what would help.
    pub(super) fn write(&self, out: &mut dyn Write, unknown: bool) -> io::Result<()> {
        let (warning, hint) = (style::WARNING, style::HINT);
        match &self.contents {
            Contents::NoTool if unknown => writeln!(
                out,
                "\n{warning}unknown{warning:#}: what the tool wrote is in the journal by digest\n\
                 {hint}hint{hint:#}: `--component FILE` names the tool, and a replay makes it again"
            )?,
            Contents::NotReplayed(why) => writeln!(
                out,
                "\n{warning}unknown{warning:#}: what the tool wrote could not be made again: {}",
                escape_line(why)
            )?,
            Contents::NoTool | Contents::Recorded | Contents::Replayed => {}
        }
        if self.lost > 0 {
            let lost = count(self.lost, "name");
            writeln!(out, "\n{warning}cut{warning:#}: {lost} beyond what is followed of one journal")?;
        }
        if self.undigested > 0 {
            let digests = count(self.undigested, "digest");
            writeln!(
                out,
                "\n{warning}cut{warning:#}: {digests} of files that are longer than what is digested of one journal"
            )?;
        }
        if self.incomplete {
            writeln!(out, "\n{warning}incomplete{warning:#}: the record has no end; this is what it has")?;
        }
        Ok(())
    }

    pub(super) fn json(&self) -> Value {
        let (contents, why) = match &self.contents {
            Contents::Recorded => ("recorded", None),
            Contents::Replayed => ("replayed", None),
            Contents::NoTool => ("no-tool", None),
            Contents::NotReplayed(why) => ("not-replayed", Some(why)),
        };
        json!({
            "event": "summary",
            "contents": contents,
            "why": why,
            "lost": self.lost,
            "undigested": self.undigested,
            "incomplete": self.incomplete,
        })
    }
}

fn objects(out: &mut dyn Write, changes: &[Change], rest: &Rest) -> io::Result<()> {
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
    writeln!(out, "{}", json_line(&rest.json()))
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
