//! Follows a run's files through its journal, and through a replay if the journal lacks contents.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use wasm_agent_audit::files::{Files, FilesError};
use wasm_agent_calls::{Function, find};
use wasm_agent_host::journal::{Call, Event, Reader};
use wasm_agent_host::{Discard, Observer, Recording, ReplayError, ReplayFailure, Replayed, StateDir};

use super::gaps::{ContentsFrom, Gaps};
use crate::args;
use crate::commands::progress::{Prints, Progress, open, open_journal};
use crate::engine;
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::loading;
use crate::show::units::count;
use crate::state;

/// A run's files at one of its calls, or at its end.
pub(super) struct Followed {
    pub(super) files: Files<File>,
    /// The journal, to fetch contents from.
    pub(super) reader: Reader<Progress>,
    contents: ContentsFrom,
    /// The run's end was read.
    complete: bool,
}

impl Followed {
    /// What remains unknown, once everything is read. Removes the progress bar.
    pub(super) fn gaps(self, arguments: &args::Files) -> Gaps {
        Gaps {
            contents: self.contents,
            lost: self.files.lost(),
            undigested: self.files.undigested(),
            incomplete: !self.complete && arguments.at.is_none(),
        }
    }
}

/// Reads a journal up to a call, or to its end.
pub(super) fn follow(arguments: &args::Files) -> Result<Followed, Failure> {
    let path = &arguments.journal;
    let mut followed = read(path, arguments.at)?;
    if let Some(at) = arguments.at.filter(|at| *at >= followed.files.calls()) {
        let calls = count(followed.files.calls(), "call");
        return Err(Failure::new(
            Exit::NothingRan,
            format!("no call {at} in journal `{}`: it has {calls}", path.display()),
        )
        .hint("calls are numbered from 0: `wasm-agent journal show --calls all` lists them"));
    }
    if followed.files.lacks_contents() {
        followed.contents = match tool(arguments, &followed.reader)? {
            None => ContentsFrom::NoTool,
            Some(state) => match replayed(arguments, &state) {
                Ok(files) => {
                    followed.files = files;
                    ContentsFrom::Replayed
                }
                Err(failure) => ContentsFrom::NotReplayed(failure),
            },
        };
    }
    Ok(followed)
}

fn read(path: &Path, at: Option<u64>) -> Result<Followed, Failure> {
    let mut reader = open_journal(path, Prints::AtTheEnd)?;
    let mut files = Files::new(spool()?);
    while let Some(record) = reader.next().map_err(|error| Failure::journal(path, &error))? {
        files.record(&record, &mut reader).map_err(|error| failed(path, error))?;
        if at.is_some_and(|at| files.calls() > at) {
            break;
        }
    }
    let complete = reader.is_complete();
    Ok(Followed { files, reader, contents: ContentsFrom::Recorded, complete })
}

/// A temporary file without a name, which ends with this process. It keeps contents out of memory.
fn spool() -> Result<File, Failure> {
    let spool = tempfile::tempfile();
    spool.map_err(|error| Failure::file("create", "file for contents in", &std::env::temp_dir(), error))
}

/// The failure to follow a run's files.
pub(super) fn failed(journal: &Path, error: FilesError) -> Failure {
    match error {
        FilesError::Journal(error) => Failure::journal(journal, &error),
        FilesError::Spool(_) => Failure::new(Exit::HostFailed, chain(&error)),
    }
}

/// The state directory, if there is a tool to replay: the named one, or the copy that is kept.
fn tool(arguments: &args::Files, reader: &Reader<Progress>) -> Result<Option<StateDir>, Failure> {
    let state = match (state::open(&arguments.state), &arguments.component) {
        (Ok(state), _) => state,
        (Err(failure), Some(_)) => return Err(failure),
        (Err(_), None) => return Ok(None),
    };
    let is_kept = || state.component_path(reader.header().component_sha256).is_file();
    Ok((arguments.component.is_some() || is_kept()).then_some(state))
}

/// Follows the files through a replay. It fails unless every call is as recorded, including the digests of contents.
fn replayed(arguments: &args::Files, state: &StateDir) -> Result<Files<File>, String> {
    let args::Files { journal: path, at, bounds, .. } = arguments;
    let at = *at;
    let text = |failure: Failure| failure.problems.first().map_or_else(String::new, |problem| problem.message.clone());
    let reader = open_journal(path, Prints::AtTheEnd).map_err(text)?;
    let engine = engine::from_config().map_err(text)?;
    let header = reader.header();
    let tool = match &arguments.component {
        Some(named) => loading::load(&engine, named, state),
        None => loading::load_kept(&engine, header.component_sha256, &header.component_name, state),
    };
    let tool = tool.map_err(|error| chain(&error))?;
    let watched = Watched { files: Files::new(spool().map_err(text)?), reader, failed: None };
    let shared = Arc::new(Mutex::new(watched));
    let recording = Recording::open(open(path, Prints::AtTheEnd).map_err(text)?).map_err(|error| chain(&error))?;
    let recording = bounds.of(recording);
    let watcher = Watcher { shared: Arc::clone(&shared), at };
    match recording.observe(Box::new(watcher)).replay_blocking(&tool, Arc::new(Discard)) {
        Ok(_) => {}
        // The record ends before the tool's run does, or the wanted call was reached.
        Err(ReplayFailure::Replay(
            ReplayError::Halted { .. } | ReplayError::Stopped | ReplayError::Incomplete { .. },
        )) => {}
        Err(failure) => {
            let why = chain(&failure);
            // The hint for raising a bound is the same as in `replay`.
            let is_bound = matches!(failure, ReplayFailure::Replay(ReplayError::Bound { .. }));
            let hint = Failure::from(failure).problems.pop().and_then(|problem| problem.hint).filter(|_| is_bound);
            return Err(hint.map_or_else(|| why.clone(), |hint| format!("{why}; {hint}")));
        }
    }
    let mut watched = match Arc::try_unwrap(shared) {
        Ok(watched) => watched.into_inner().unwrap_or_else(PoisonError::into_inner),
        Err(_) => return Err("the replay did not end".to_owned()),
    };
    match watched.failed.take().map_or_else(|| watched.finish(at), Err) {
        Ok(()) => Ok(watched.files),
        Err(error) => Err(chain(&error)),
    }
}

/// Observes each call of a replay.
struct Watcher {
    shared: Arc<Mutex<Watched>>,
    at: Option<u64>,
}

struct Watched {
    files: Files<File>,
    /// The journal again: a replay has calls only.
    reader: Reader<Progress>,
    failed: Option<FilesError>,
}

impl Observer for Watcher {
    fn answered(&mut self, replayed: &Replayed<'_>) -> ControlFlow<()> {
        let mut watched = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = watched.call(replayed) {
            watched.failed = Some(error);
            return ControlFlow::Break(());
        }
        if self.at.is_some_and(|at| replayed.call.seq.0 >= at) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl Watched {
    fn call(&mut self, replayed: &Replayed<'_>) -> Result<(), FilesError> {
        while let Some(record) = self.reader.next()? {
            if let Event::Call(call) = &record.event {
                // A record lacks only what the tool wrote.
                let call = if find(&call.function.name).is_some_and(Function::takes_contents) {
                    Call { arguments: replayed.arguments(), ..call.clone() }
                } else {
                    call.clone()
                };
                return self.files.call(&call, &mut self.reader);
            }
            self.files.record(&record, &mut self.reader)?;
        }
        Ok(())
    }

    /// Takes the records after the last replayed call.
    fn finish(&mut self, at: Option<u64>) -> Result<(), FilesError> {
        while at.is_none_or(|at| self.files.calls() <= at) {
            let Some(record) = self.reader.next()? else { break };
            self.files.record(&record, &mut self.reader)?;
        }
        Ok(())
    }
}
