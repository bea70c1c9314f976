//! `wasm-agent journal show`.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_host::journal::{ReadError, Reader, to_json};

use super::open;
use super::verify::tail_json;
use crate::args::{Calls, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{Report, json_line};
use crate::timeline::Timeline;

/// Shows what happened, in order.
pub(super) fn show(path: &Path, calls: Calls, report: &Report) -> Result<Exit, Failure> {
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

/// Columns of the terminal that standard output goes to; nothing for a file or a pipe.
fn columns() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let columns = rustix::termios::tcgetwinsize(&stdout).map_or(0, |size| size.ws_col);
    Some(if columns == 0 { 80 } else { usize::from(columns) })
}
