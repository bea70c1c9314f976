//! `wasm-agent journal`, one file a sub-command.

mod collector;
mod destination;
mod diff;
mod export;
mod files;
mod follow;
mod gaps;
mod lines;
mod recover;
mod redact;
mod restore;
mod shared;
mod show;
mod stats;
mod verify;
mod why;

use crate::args::Journal;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;

/// Runs a sub-command.
pub(crate) fn journal(command: &Journal, report: &Report) -> Result<Exit, Failure> {
    match command {
        Journal::Show { journal, calls } => show::show(journal, *calls, report),
        Journal::Export(arguments) => export::export(arguments, report),
        Journal::Files(arguments) => files::files(arguments, report),
        Journal::Why { journal, target } => why::why(journal, target, report),
        Journal::Recover(arguments) => recover::copy(arguments, report),
        Journal::Verify(arguments) => verify::check(arguments, report),
        Journal::Diff { first, second, strict } => diff::diff(first, second, *strict, report),
        Journal::Stats { journal } => stats::stats(journal, report),
    }
}
