//! `wasm-agent journal export`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::json;
use wasm_agent_audit::export::{Batch, ChromeTrace, Otlp};
use wasm_agent_host::journal::{ReadError, Reader};

use super::collector::Collector;
use super::{lines, redact};
use crate::args::{Export, Exported, Format, Written};
use crate::commands::progress::{Prints, Progress, open_journal};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::show::escape::{escape_json, escape_line};
use crate::show::style;
use crate::show::units::{count, shell_word};

/// How a reading ended.
#[derive(Default)]
struct Ended {
    /// The first record that is not what was written.
    problem: Option<ReadError>,
    /// Effects whose end is not told, as too many were under way.
    untold: u64,
}

/// Writes a journal in another format.
pub(super) fn export(arguments: &Export, report: &Report) -> Result<Exit, Failure> {
    if let (Some(output), false) = (&arguments.output, arguments.redact.is_empty()) {
        return redact::write(arguments, output, report);
    }
    let format = format(arguments)?;
    let path = &arguments.journal;
    let prints =
        if arguments.output.is_some() || arguments.to.is_some() { Prints::AtTheEnd } else { Prints::AsItReads };
    let mut reader = open_journal(path, prints)?;
    let ended = match (&arguments.to, &arguments.output) {
        (Some(url), _) => send(reader, url, report)?,
        (None, Some(output)) => {
            let file = create(output)?;
            into_file(&mut reader, format, file).map_err(|error| unwritten(output, &error))?
        }
        (None, None) => {
            let mut ended = Ended::default();
            report.data(|out| {
                ended = write(&mut reader, format, out)?;
                Ok(())
            })?;
            ended
        }
    };
    if ended.untold > 0 {
        let what = count(ended.untold, "effect or question");
        report.warning(&format!("{what} without an end in the export: too many were under way at once"));
    }
    ended.problem.map_or(Ok(Exit::Finished), |error| Err(Failure::journal(path, &error)))
}

/// What was asked for. `--format json` before the command's name means the same as `jsonl` after it.
fn format(arguments: &Export) -> Result<Exported, Failure> {
    let instead = |format: &str| {
        let to = arguments.to.as_deref().map(|url| format!("--to {} ", shell_word(Path::new(url)))).unwrap_or_default();
        format!("`wasm-agent journal export --format {format} {to}{}`", shell_word(&arguments.journal))
    };
    let format = match arguments.format {
        Written::Export(format) => format,
        Written::Report(Format::Json) => Exported::Jsonl,
        Written::Report(Format::Text) => {
            let message = "a journal can't be exported as `text`, which is for people";
            return Err(Failure::new(Exit::NothingRan, message).hint(instead("jsonl")));
        }
    };
    if arguments.to.is_some() && format != Exported::Otlp {
        return Err(Failure::new(Exit::NothingRan, "a collector takes `otlp` and nothing else").hint(instead("otlp")));
    }
    Ok(format)
}

/// Writes all records, or those before the first that is not what was written.
fn write(reader: &mut Reader<Progress>, format: Exported, out: &mut dyn Write) -> io::Result<Ended> {
    match format {
        Exported::Jsonl => Ok(Ended { problem: lines::write(reader, out)?, untold: 0 }),
        Exported::Otlp => otlp(reader, |batch| writeln!(out, "{}", escape_json(&batch.json))),
        Exported::ChromeTrace => chrome_trace(reader, |text| out.write_all(escape_json(text).as_bytes())),
    }
}

/// Gives batches of spans, the last one after the last record.
fn otlp<E>(reader: &mut Reader<Progress>, mut give: impl FnMut(Batch) -> Result<(), E>) -> Result<Ended, E> {
    let mut otlp = Otlp::new(reader.header(), env!("CARGO_PKG_VERSION"));
    let problem = loop {
        match reader.next() {
            Ok(Some(record)) => otlp.record(&record).map_or(Ok(()), &mut give)?,
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    give(otlp.finish())?;
    Ok(Ended { problem, untold: otlp.untold() })
}

/// Gives the text of a trace, part by part. What came before a record that was changed is whole too.
fn chrome_trace(reader: &mut Reader<Progress>, mut give: impl FnMut(&str) -> io::Result<()>) -> io::Result<Ended> {
    let mut trace = ChromeTrace::new(reader.header());
    let problem = loop {
        match reader.next() {
            Ok(Some(record)) => {
                trace.record(&record);
                give(&trace.take())?;
            }
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    trace.finish();
    give(&trace.take())?;
    Ok(Ended { problem, untold: trace.untold() })
}

/// Sends spans to a collector, and says how many it took.
fn send(mut reader: Reader<Progress>, url: &str, report: &Report) -> Result<Ended, Failure> {
    let mut collector = Collector::new(url)?;
    let ended = otlp(&mut reader, |batch| collector.send(batch))?;
    // Takes the bar off the terminal.
    drop(reader);
    let delivered = collector.finish()?;
    match report.format {
        Format::Text => {
            let (good, url) = (style::GOOD, escape_line(url));
            report.data(|out| writeln!(out, "{good}delivered{good:#}: {} to {url}", count(delivered, "span")))?;
        }
        Format::Json => report.object(&json!({ "event": "exported", "spans": delivered, "to": url }))?,
    }
    Ok(ended)
}

fn into_file(reader: &mut Reader<Progress>, format: Exported, file: File) -> io::Result<Ended> {
    let mut out = BufWriter::new(file);
    let ended = write(reader, format, &mut out)?;
    out.flush()?;
    Ok(ended)
}

/// Creates the file to write to. One that is there may be somebody's evidence, such as the journal itself.
fn create(path: &Path) -> Result<File, Failure> {
    File::create_new(path).map_err(|error| {
        let exists = error.kind() == io::ErrorKind::AlreadyExists;
        let failure = Failure::file("create", "file", path, error);
        if exists { failure.hint("name a file that does not exist yet") } else { failure }
    })
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::HostFailed, format!("cannot write `{}`: {error}", path.display()))
}
