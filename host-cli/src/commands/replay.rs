//! `wasm-agent replay`.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use wasm_agent_host::journal::{Event, Record, verify};
use wasm_agent_host::{Observer, OutputSink, Recording, ReplayError, ReplayFailure, Replayed};

use super::progress::{Prints, open, open_journal};
use crate::args::Replay;
use crate::descriptors;
use crate::engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::loading;
use crate::report::{LastCall, Report, columns};
use crate::show::units::shell_word;
use crate::sink::ToolOutput;
use crate::state;
use crate::timeline::Around;

/// Replays a run, and compares it with its record.
pub(crate) fn replay(arguments: &Replay, report: &Report) -> Result<Exit, Failure> {
    descriptors::check()?;
    let mut recording = arguments.bounds.of(recording(&arguments.journal)?);
    let state = state::open(&arguments.state)?;
    let header = recording.header();
    let (sha256, name) = (header.component_sha256, header.component_name.as_str());
    if arguments.component.is_none() {
        find_kept(&state.component_path(sha256), name, &arguments.journal)?;
    }
    let engine = engine::from_config()?.as_recorded(&header.engine);
    let tool = match &arguments.component {
        Some(path) => loading::load(&engine, path, &state)?,
        None => loading::load_kept(&engine, sha256, name, &state)?,
    };
    if let Some(given) = &arguments.arguments {
        recording = recording.arguments(given.iter().cloned());
    }
    let last = Arc::new(Mutex::new(None));
    if let Some(call) = arguments.until {
        recording = recording.observe(Box::new(StopAfter { call, last: Arc::clone(&last) }));
    }
    let output = Arc::new(ToolOutput::new());
    let ended = recording.replay_blocking(&tool, Arc::clone(&output) as Arc<dyn OutputSink>);
    // A replay does not depend on whether somebody reads its output.
    let _ = output.finish();
    if let Some(last) = last.lock().unwrap_or_else(PoisonError::into_inner).take() {
        if !arguments.quiet {
            report.until(&last);
        }
        return Ok(Exit::Finished);
    }
    let ended = ended.map_err(|error| failed(arguments, error))?;
    report.result(&ended.outcome, arguments.json)?;
    if arguments.quiet {
        report.replay_stop(&ended);
    } else {
        report.replay(&ended);
    }
    if let Some(call) = arguments.until {
        report.not_reached(call, ended.calls);
    }
    Ok(if ended.complete { Exit::from(&ended.outcome) } else { Exit::Stopped })
}

/// Ends a replay after a call, and keeps that call.
struct StopAfter {
    call: u64,
    last: Arc<Mutex<Option<LastCall>>>,
}

impl Observer for StopAfter {
    fn answered(&mut self, replayed: &Replayed<'_>) -> ControlFlow<()> {
        if replayed.call.seq.0 < self.call {
            return ControlFlow::Continue(());
        }
        let record = Record { index: 0, offset: 0, event: Event::Call(replayed.call.clone()) };
        let last = LastCall { record, intent: replayed.intent.map(str::to_owned) };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(last);
        ControlFlow::Break(())
    }
}

/// The failure of a replay. If the journal was changed, the message is that of `journal verify`.
fn failed(arguments: &Replay, error: ReplayFailure) -> Failure {
    let journal = &arguments.journal;
    if matches!(error, ReplayFailure::Replay(ReplayError::Journal { .. }))
        && let Ok(file) = open(journal, Prints::AtTheEnd)
        && let Err(found) = verify(file)
    {
        return Failure::journal(journal, &found);
    }
    let mut failure: Failure = error.into();
    if arguments.from_divergence
        && let Some(divergence) = &failure.divergence
        && let Ok(mut reader) = open_journal(journal, Prints::AtTheEnd)
    {
        failure.around = Around::read(&mut reader, divergence.call, columns(io::stderr())).ok();
    }
    failure
}

/// Opens the journal. A reader opens it first, to tell a changed journal from a file that is not a journal.
fn recording(path: &Path) -> Result<Recording, Failure> {
    drop(open_journal(path, Prints::AsItReads)?);
    Recording::open(open(path, Prints::AsItReads)?).map_err(|error| match error {
        ReplayError::Redacted { .. } => {
            Failure::new(Exit::NothingRan, format!("cannot replay journal `{}`: {error}", path.display()))
                .hint("replay the original")
        }
        other => other.into(),
    })
}

/// Looks for the copy of the tool in the state directory.
fn find_kept(path: &Path, name: &str, journal: &Path) -> Result<(), Failure> {
    if path.is_file() {
        return Ok(());
    }
    let command = format!("wasm-agent replay --component FILE {}", shell_word(journal));
    Err(Failure::new(Exit::NothingRan, format!("no copy of the tool `{name}` at `{}`", path.display()))
        .hint(format!("name it: `{command}`")))
}
