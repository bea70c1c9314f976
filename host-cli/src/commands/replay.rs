//! `wasm-agent replay`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wasm_agent_host::journal::verify;
use wasm_agent_host::{Engine, OutputSink, Recording, ReplayError, ReplayFailure, Tool};

use super::progress::{Prints, open, open_journal};
use super::run::print_result;
use crate::args::Replay;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::sink::Passing;
use crate::state;
use crate::units::{hex, shell_word};

/// Replays a run, and compares it with its record.
pub(crate) fn replay(arguments: &Replay, report: &Report) -> Result<Exit, Failure> {
    let recording = recording(&arguments.journal)?;
    let state = state::open(&arguments.state)?;
    let header = recording.header();
    let path = match &arguments.component {
        Some(path) => path.clone(),
        None => {
            kept(&state.component_path(&hex(&header.component_sha256)), &header.component_name, &arguments.journal)?
        }
    };
    let engine = Engine::new()?;
    let tool = Tool::load(&engine, &path, Some(&state))?;
    let output = Arc::new(Passing::new());
    let ended = recording.replay(&tool, Arc::clone(&output) as Arc<dyn OutputSink>);
    // A replay goes on whether or not somebody reads what it prints.
    let _ = output.finish();
    let ended = ended.map_err(|error| failed(&arguments.journal, error))?;
    print_result(&ended.outcome, arguments.json, report)?;
    if !arguments.quiet {
        report.replay(&ended);
    }
    Ok(Exit::from(&ended.outcome))
}

/// Why a replay failed. What is wrong with a journal is said as `journal verify` says it.
fn failed(journal: &Path, error: ReplayFailure) -> Failure {
    if matches!(error, ReplayFailure::Replay(ReplayError::Journal { .. }))
        && let Ok(file) = open(journal, Prints::AtTheEnd)
        && let Err(found) = verify(file)
    {
        return Failure::journal(journal, &found);
    }
    error.into()
}

/// Opens the journal. A reader looks at it first: it tells what is no journal from what was changed.
fn recording(path: &Path) -> Result<Recording, Failure> {
    open_journal(path, Prints::AsItReads)?;
    Ok(Recording::open(open(path, Prints::AsItReads)?)?)
}

/// The copy of the tool in the state directory.
fn kept(path: &Path, name: &str, journal: &Path) -> Result<PathBuf, Failure> {
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let command = format!("wasm-agent replay --component FILE {}", shell_word(journal));
    Err(Failure::new(Exit::NothingRan, format!("no copy of the tool `{name}` at `{}`", path.display()))
        .hint(format!("name it: `{command}`")))
}
