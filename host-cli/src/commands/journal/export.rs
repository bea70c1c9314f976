//! `wasm-agent journal export`.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use wasm_agent_host::journal::{ReadError, Reader};

use super::lines;
use crate::args::{Export, Exported, Format, Written};
use crate::commands::progress::{Prints, Progress, open_journal};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::units::shell_word;

/// Writes a journal in another format.
pub(super) fn export(arguments: &Export, report: &Report) -> Result<Exit, Failure> {
    let format = format(arguments)?;
    let path = &arguments.journal;
    let prints = if arguments.output.is_some() { Prints::AtTheEnd } else { Prints::AsItReads };
    let mut reader = open_journal(path, prints)?;
    let problem = match &arguments.output {
        None => {
            let mut problem = None;
            report.data(|out| {
                problem = write(&mut reader, format, out, io::stdout().is_terminal())?;
                Ok(())
            })?;
            problem
        }
        Some(output) => {
            let file = create(output)?;
            into_file(&mut reader, format, file).map_err(|error| unwritten(output, &error))?
        }
    };
    problem.map_or(Ok(Exit::Finished), |error| Err(Failure::journal(path, &error)))
}

/// What was asked for. `--format json` before the command's name means the same as `jsonl` after it.
fn format(arguments: &Export) -> Result<Exported, Failure> {
    match arguments.format {
        Written::Export(format) => Ok(format),
        Written::Report(Format::Json) => Ok(Exported::Jsonl),
        Written::Report(Format::Text) => {
            let command = format!("wasm-agent journal export --format jsonl {}", shell_word(&arguments.journal));
            Err(Failure::new(Exit::NothingRan, "a journal can't be exported as `text`, which is for people")
                .hint(format!("`{command}`")))
        }
    }
}

/// Writes all records, or those before the first that is not what was written.
fn write(
    reader: &mut Reader<Progress>,
    format: Exported,
    out: &mut dyn Write,
    for_terminal: bool,
) -> io::Result<Option<ReadError>> {
    match format {
        Exported::Jsonl => lines::write(reader, out, for_terminal),
    }
}

fn into_file(reader: &mut Reader<Progress>, format: Exported, file: File) -> io::Result<Option<ReadError>> {
    let mut out = BufWriter::new(file);
    let problem = write(reader, format, &mut out, false)?;
    out.flush()?;
    Ok(problem)
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
