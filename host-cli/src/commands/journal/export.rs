//! `wasm-agent journal export`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::json;
use wasm_agent_audit::export::{Batch, ChromeTrace, Otlp};
use wasm_agent_host::journal::{ReadError, Reader};

use super::collector::Collector;
use super::destination::{Destination, destination};
use super::{lines, redact};
use crate::args::{Export, ExportFormat, Format, FormatChoice};
use crate::commands::progress::{Prints, Progress, open_journal};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::show::escape::{escape_json, escape_line};
use crate::show::style;
use crate::show::units::{count, shell_word};

/// The name of standard output, as a file to write to.
const STANDARD_OUTPUT: &str = "-";

/// How an export ended.
#[derive(Default)]
struct Ended {
    /// The first record that was changed.
    problem: Option<ReadError>,
    /// Effects exported without their end, as too many were under way.
    unfinished: u64,
}

/// Writes a journal in another format.
pub(super) fn export(arguments: &Export, report: &Report) -> Result<Exit, Failure> {
    if let (Some(output), false) = (&arguments.output, arguments.redact.is_empty()) {
        if output == Path::new(STANDARD_OUTPUT) {
            return Err(Failure::new(Exit::NothingRan, "a redacted copy goes to a file, not to standard output")
                .hint("name a new file with `--output FILE`"));
        }
        return redact::write(arguments, output, report);
    }
    let format = format(arguments)?;
    let path = &arguments.journal;
    let to = destination(arguments, format, &|name| std::env::var_os(name))?;
    let output = arguments.output.as_deref().filter(|output| *output != Path::new(STANDARD_OUTPUT));
    let prints = if output.is_some() || to.is_some() { Prints::AtTheEnd } else { Prints::AsItReads };
    let mut reader = open_journal(path, prints)?;
    let ended = match (&to, output) {
        (Some(to), _) => send(reader, to, report)?,
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
    if ended.unfinished > 0 {
        let what = count(ended.unfinished, "effect or question");
        report.warning(&format!("{what} without an end in the export: too many were under way at once"));
    }
    ended.problem.map_or(Ok(Exit::Finished), |error| Err(Failure::journal(path, &error)))
}

/// The wanted format. `--format json` before the command's name means `jsonl`.
fn format(arguments: &Export) -> Result<ExportFormat, Failure> {
    let instead = |format: &str| {
        let to = arguments.to.as_deref().map(|url| format!("--to {} ", shell_word(Path::new(url)))).unwrap_or_default();
        format!("`wasm-agent journal export --format {format} {to}{}`", shell_word(&arguments.journal))
    };
    let format = match arguments.format {
        FormatChoice::Export(format) => format,
        FormatChoice::Report(Format::Json) => ExportFormat::Jsonl,
        FormatChoice::Report(Format::Text) => {
            let message = "`text` is not a format for exports";
            return Err(Failure::new(Exit::NothingRan, message).hint(instead("jsonl")));
        }
    };
    if arguments.to.is_some() && format != ExportFormat::Otlp {
        return Err(Failure::new(Exit::NothingRan, "a collector accepts `otlp` only").hint(instead("otlp")));
    }
    Ok(format)
}

/// Writes all records up to the first that was changed.
fn write(reader: &mut Reader<Progress>, format: ExportFormat, out: &mut dyn Write) -> io::Result<Ended> {
    match format {
        ExportFormat::Jsonl => Ok(Ended { problem: lines::write(reader, out)?, unfinished: 0 }),
        ExportFormat::Otlp => otlp(reader, |batch| writeln!(out, "{}", escape_json(&batch.json))),
        ExportFormat::ChromeTrace => chrome_trace(reader, |text| out.write_all(escape_json(text).as_bytes())),
    }
}

/// Passes batches of spans to `give`. The last one comes after the last record.
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
    Ok(Ended { problem, unfinished: otlp.unfinished() })
}

/// Passes the text of a trace to `give`, in parts. If a record was changed, the trace of the records before it is
/// complete.
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
    Ok(Ended { problem, unfinished: trace.unfinished() })
}

/// Sends spans to a collector, and reports how many it accepted.
fn send(mut reader: Reader<Progress>, to: &Destination, report: &Report) -> Result<Ended, Failure> {
    let mut collector = Collector::new(to)?;
    let url = &to.url;
    let ended = otlp(&mut reader, |batch| collector.send(batch))?;
    // Removes the progress bar.
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

fn into_file(reader: &mut Reader<Progress>, format: ExportFormat, file: File) -> io::Result<Ended> {
    let mut out = BufWriter::new(file);
    let ended = write(reader, format, &mut out)?;
    out.flush()?;
    Ok(ended)
}

/// Creates the output file. An existing file is never overwritten: it could be the journal itself.
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
