//! `wasm-agent journal show` and `verify`.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_host::journal::{ReadError, Reader, Tail, Verification, to_json, verify};

use super::progress::Progress;
use crate::args::{Calls, Format, Journal};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{Report, json_line, style};
use crate::timeline::Timeline;
use crate::units::{bytes, count, hex};

/// Runs a sub-command.
pub(crate) fn journal(command: &Journal, report: &Report) -> Result<Exit, Failure> {
    match command {
        Journal::Show { journal, calls } => show(journal, *calls, report),
        Journal::Verify { journal, complete } => check(journal, *complete, report),
    }
}

/// Opens a journal's file.
pub(crate) fn open(path: &Path) -> Result<File, Failure> {
    let opened = File::open(path).and_then(|file| {
        // A directory opens, and fails at the first read with a message about reading.
        let is_dir = file.metadata()?.is_dir();
        if is_dir { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(file) }
    });
    opened.map_err(|error| Failure::file("open", "journal", path, error))
}

fn show(path: &Path, calls: Calls, report: &Report) -> Result<Exit, Failure> {
    let mut reader = Reader::open(open(path)?).map_err(|error| Failure::journal(path, &error))?;
    let mut problem = None;
    report.data(|out| {
        problem = match report.format {
            Format::Text => text(&mut reader, calls, out)?,
            Format::Json => objects(&mut reader, out)?,
        };
        Ok(())
    })?;
    problem.map_or(Ok(Exit::Finished), |error| Err(Failure::journal(path, &error)))
}

/// Writes the timeline, up to the end or the first record that is not what was written.
fn text(reader: &mut Reader<File>, calls: Calls, out: &mut dyn Write) -> io::Result<Option<ReadError>> {
    let mut timeline = Timeline::new(out, calls, columns());
    loop {
        match reader.next() {
            Ok(Some(record)) => timeline.record(&record)?,
            Ok(None) => {
                timeline.finish(reader.is_complete(), reader.tail())?;
                return Ok(None);
            }
            Err(error) => {
                timeline.broken()?;
                return Ok(Some(error));
            }
        }
    }
}

/// Writes one event a line; after those of a run that did not end, one that says what is missing.
fn objects(reader: &mut Reader<File>, out: &mut dyn Write) -> io::Result<Option<ReadError>> {
    let for_terminal = io::stdout().is_terminal();
    loop {
        match reader.next() {
            Ok(Some(record)) => writeln!(out, "{}", json_line(&to_json(&record), for_terminal))?,
            Ok(None) => {
                if !reader.is_complete() {
                    let mut last = json!({ "event": "incomplete" });
                    if let (Value::Object(last), Some(tail)) = (&mut last, reader.tail()) {
                        last.insert("unsealed".to_owned(), tail_json(&tail));
                    }
                    writeln!(out, "{last}")?;
                }
                return Ok(None);
            }
            Err(error) => return Ok(Some(error)),
        }
    }
}

fn tail_json(tail: &Tail) -> Value {
    json!({ "records": tail.records, "torn_bytes": tail.torn_bytes, "at": tail.at })
}

/// Columns of the terminal that standard output goes to; nothing for a file or a pipe.
fn columns() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let columns = rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| size.ws_col);
    Some(if columns == 0 { 80 } else { usize::from(columns) })
}

fn check(path: &Path, complete: bool, report: &Report) -> Result<Exit, Failure> {
    let file = open(path)?;
    let file = Progress::new(file).map_err(|error| Failure::file("read", "journal", path, error))?;
    let verified = verify(file);
    let verification = verified.map_err(|error| Failure::journal(path, &error))?;
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
