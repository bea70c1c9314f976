//! `wasm-agent journal`, one file a sub-command.

mod show;
mod verify;

use std::fs::File;
use std::io;
use std::path::Path;

use crate::args::Journal;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;

pub(crate) use verify::tail_text;

/// Runs a sub-command.
pub(crate) fn journal(command: &Journal, report: &Report) -> Result<Exit, Failure> {
    match command {
        Journal::Show { journal, calls } => show::show(journal, *calls, report),
        Journal::Verify { journal, complete } => verify::check(journal, *complete, report),
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
