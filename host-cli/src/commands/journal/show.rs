//! `wasm-agent journal show`.

use std::io::{self, Read, Seek, Write};
use std::path::Path;

use wasm_agent_host::journal::{Event, ReadError, Reader};

use super::lines;
use crate::args::{Calls, Format};
use crate::commands::progress::{Prints, open_journal};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::{Report, columns};
use crate::timeline::Timeline;

/// Shows what happened, in order.
pub(super) fn show(path: &Path, calls: Calls, report: &Report) -> Result<Exit, Failure> {
    let mut reader = open_journal(path, Prints::AsItReads)?;
    let mut problem = None;
    report.data(|out| {
        problem = match report.format {
            Format::Text => text(&mut reader, calls, out)?,
            Format::Json => lines::write(&mut reader, out)?,
        };
        Ok(())
    })?;
    problem.map_or(Ok(Exit::Finished), |error| Err(Failure::journal(path, &error)))
}

/// Writes the timeline, up to the end or the first record that was changed.
fn text(reader: &mut Reader<impl Read + Seek>, calls: Calls, out: &mut dyn Write) -> io::Result<Option<ReadError>> {
    let mut timeline = Timeline::new(out, calls, columns(io::stdout()));
    loop {
        match reader.next() {
            Ok(Some(record)) => {
                timeline.record(&record)?;
                if let Event::Call(call) = record.event {
                    reader.reuse(call);
                }
            }
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
