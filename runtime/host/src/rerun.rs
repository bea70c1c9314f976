//! Replaying a whole run, and comparing how it ends.

use std::sync::Arc;
use std::time::Duration;

use wasm_agent_journal::{Header, RunResult};
use wasmtime::Store;

use crate::approval::RefuseAll;
use crate::error::{LoadError, RunError, chain};
use crate::execute::{Outcome, drive, outcome, store};
use crate::gate::{Backend, Context, Ended, Host, Subject};
use crate::grants::Grants;
use crate::invoke::Invocation;
use crate::limits::Limiter;
use crate::output::{OutputSink, Outputs};
use crate::replay::{JournalSource, Observer, Replay, ReplayError, same_end};
use crate::run::Used;
use crate::tool::Tool;

/// What a replay found.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReplayReport {
    /// How the replayed run ended, which is how the recorded one ended.
    pub outcome: Outcome,
    /// Host calls compared and answered.
    pub calls: u64,
    /// Fuel used.
    pub fuel: u64,
    /// Whether fuel was compared at every call. It is left out when the journal comes from another engine, and when the tool is
    /// another one or gets other arguments: it then computes otherwise, and the calls are what can be the same.
    pub fuel_compared: bool,
    /// Whether the tool is the recorded one to the byte.
    pub same_component: bool,
    /// Whether the tool got the recorded arguments.
    pub same_arguments: bool,
    /// Whether a seal vouches for the end of the record. Without it the file was cut there, and nothing but the replay itself says
    /// that the run ended so.
    pub complete: bool,
}

/// Why there is no replay, or no identical one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayFailure {
    /// It could not begin.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The host failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// It began, and the journal and the tool part.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

/// A journal that is open for replay.
pub struct Recording {
    replay: Replay,
    arguments: Option<Vec<String>>,
}

impl Recording {
    /// Opens a journal.
    ///
    /// # Errors
    ///
    /// When it is not one, or its beginning can't be read; [`ReplayError::Redacted`] when it lacks what a replay needs.
    pub fn open(journal: impl JournalSource + 'static) -> Result<Self, ReplayError> {
        let replay =
            Replay::open(Box::new(journal)).map_err(|error| ReplayError::Journal { message: chain(&error) })?;
        if let Some(redaction) = &replay.header().redaction {
            return Err(ReplayError::Redacted { taken_out: redaction.taken_out.clone() });
        }
        Ok(Self { replay, arguments: None })
    }

    /// What the recorded run began with.
    pub fn header(&self) -> &Header {
        self.replay.header()
    }

    /// Gives the tool these arguments after the program's name, in place of the recorded ones. Where they make it do something else,
    /// the replay diverges: at the first call that differs, not where the tool asks for its arguments.
    #[must_use]
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = String>) -> Self {
        let name = self.header().arguments.first().cloned();
        self.arguments = Some(name.into_iter().chain(arguments).collect());
        self
    }

    /// Shows every call that is made again, as it is answered.
    #[must_use]
    pub fn observe(mut self, observer: Box<dyn Observer>) -> Self {
        self.replay.observe(observer);
        self
    }

    /// Runs the tool again, with every call answered from the journal. No file, no network and no policy is used.
    ///
    /// # Errors
    ///
    /// [`ReplayFailure::Replay`] with the first difference.
    pub fn replay(mut self, tool: &Tool, sink: Arc<dyn OutputSink>) -> Result<ReplayReport, ReplayFailure> {
        let header = self.replay.header().clone();
        let same_component = header.component_sha256 == tool.sha256;
        let same_arguments = self.arguments.as_ref().is_none_or(|given| *given == header.arguments);
        let fuel_compared = header.engine == tool.engine.fingerprint() && same_component && same_arguments;
        if !fuel_compared {
            self.replay.ignore_fuel();
        }
        if let Some(arguments) = self.arguments {
            self.replay.give(arguments);
        }
        let invocation = Invocation::recorded(tool, &header.invocation)?;
        let mut store = prepare(self.replay, &header, tool, sink)?;
        let event_loops = tool.engine.event_loops();
        let event_loop = event_loops.begin()?;
        let result = event_loop.block_on(drive(&mut store, tool, &invocation));
        event_loops.end(event_loop);
        let used = Used::of(&store);
        if let Some(Ended::Diverged(error)) = store.data().context.ending.reason()
            && *error != ReplayError::Stopped
        {
            return Err((*error).into());
        }
        let outcome = outcome(result, &store)?;
        let outcome = compare_end(&mut store, outcome, &used, fuel_compared)?;
        let complete = matches!(&store.data().backend, Backend::Replay(replay) if replay.is_complete());
        let Used { calls, fuel, .. } = used;
        Ok(ReplayReport { outcome, calls, fuel, fuel_compared, same_component, same_arguments, complete })
    }
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording").field("header", self.header()).finish_non_exhaustive()
    }
}

/// Most memory that a replay gives a tool, in bytes, whatever the journal says of its limit: all that one 32-bit memory can hold.
///
/// Whoever made a journal need not be whoever replays it.
const MEMORY_BYTES_MAX: u64 = 4 << 30;

/// Most handles that a replay gives a tool, for the same reason: a thousand times what a policy gives by default.
const HANDLES_MAX: u32 = 1 << 20;

/// A store with the recorded run's limits, and nothing of the world behind it.
fn prepare(
    mut replay: Replay,
    header: &Header,
    tool: &Tool,
    sink: Arc<dyn OutputSink>,
) -> Result<Store<Host>, RunError> {
    let limit = |name: &str| header.limits.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    let subject =
        Subject { run: header.run_id, component: header.component_name.clone(), sha256: header.component_sha256 };
    // Time does not pass in a replay; it ends where the recorded run ended.
    let context = Context::new(Arc::new(Grants::none()), Arc::new(RefuseAll), None, subject, Duration::MAX);
    let memory = limit("memory-bytes").map_or(MEMORY_BYTES_MAX, |bytes| bytes.min(MEMORY_BYTES_MAX));
    let memory = usize::try_from(memory).unwrap_or(usize::MAX);
    let fuel = replay.stopped_at(0).or(limit("fuel"));
    let handles = limit("handles").and_then(|handles| u32::try_from(handles).ok()).unwrap_or(u32::MAX);
    let handles = handles.min(HANDLES_MAX);
    let host =
        Host::new(Arc::new(context), Backend::Replay(Box::new(replay)), Outputs::new(sink), Limiter::new(memory));
    store(tool, host, fuel, handles).map_err(|source| RunError::Host { source })
}

/// Compares how a replay ended with what is recorded.
fn compare_end(
    store: &mut Store<Host>,
    outcome: Outcome,
    used: &Used,
    fuel_compared: bool,
) -> Result<Outcome, ReplayFailure> {
    let asked_beyond = store.data().context.ending.reason() == Some(Ended::Diverged(Box::new(ReplayError::Stopped)));
    let Backend::Replay(replay) = &mut store.data_mut().backend else {
        return Ok(outcome);
    };
    let in_a_call = asked_beyond || replay.trapped();
    if replay.is_cut() {
        return Err(ReplayError::Incomplete { calls: replay.calls() }.into());
    }
    let stopped = replay.stopped_outcome();
    let found = outcome.to_record();
    let Some(end) = replay.end()?.cloned() else {
        return Err(replay.ended_early(found, used.fuel).into());
    };
    // Stopped from outside while the tool was in a call: that call has no outcome, or one that ends the tool.
    if in_a_call && let Some(stopped) = stopped {
        return Ok(stopped);
    }
    let by_itself =
        matches!(end.result, RunResult::Exited { .. } | RunResult::Returned { .. } | RunResult::Trapped { .. });
    if !same_end(&end.result, &found) || (fuel_compared && by_itself && end.fuel != used.fuel) {
        return Err(replay.ended_early(found, used.fuel).into());
    }
    Ok(outcome)
}
