//! Replays a whole run, and compares how it ends.

use std::any::Any;
use std::sync::Arc;

use wasm_agent_journal::{Header, RunResult};
use wasmtime::{Store, Trap};

use crate::call::Host;
use crate::error::{LoadError, RunError, chain};
use crate::gate::{EndReason, Session};
use crate::replay::{JournalSource, Observer, Replay, ReplayError, Replayer, same_end};
use crate::run::Outcome;
use crate::run::Usage;
use crate::run::execute::{Returned, drive, outcome, store};
use crate::run::limits::Limiter;
use crate::tool::Tool;
use crate::tool::invoke::Invocation;
use crate::world::output::{OutputSink, Outputs};

/// The result of a replay.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReplayReport {
    /// How the replayed run ended. The recorded run ended the same way.
    pub outcome: Outcome,
    /// The number of host calls, each compared and answered.
    pub calls: u64,
    /// Fuel used.
    pub fuel: u64,
    /// Whether fuel was compared at every call. It is not if the journal comes from another engine, or the tool or its
    /// arguments are different: then the computing differs, and only the calls can be the same.
    pub fuel_compared: bool,
    /// Whether the tool is exactly the recorded one.
    pub same_component: bool,
    /// Whether the tool got the recorded arguments.
    pub same_arguments: bool,
    /// Whether a seal covers the end of the record. If not, the file was cut there, and only the replay itself shows
    /// that the run ended like this.
    pub complete: bool,
}

/// Why a replay failed, or differs from its journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayFailure {
    /// It could not begin.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The host failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// It began, and the tool differs from the journal.
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
    /// When it is not a journal, or its beginning can't be read; [`ReplayError::Redacted`] when it lacks parts that a
    /// replay needs.
    pub fn open(journal: impl JournalSource + 'static) -> Result<Self, ReplayError> {
        let replay =
            Replay::open(Box::new(journal)).map_err(|error| ReplayError::Journal { message: chain(&error) })?;
        if let Some(redaction) = &replay.header().redaction {
            return Err(ReplayError::Redacted { taken_out: redaction.taken_out.clone() });
        }
        Ok(Self { replay, arguments: None })
    }

    /// What the recorded run started with.
    pub fn header(&self) -> &Header {
        self.replay.header()
    }

    /// Gives the tool these arguments after the program's name, in place of the recorded ones. If it then does
    /// something else, the replay diverges at the first call that differs, not where the tool asks for its arguments.
    #[must_use]
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = String>) -> Self {
        let name = self.header().arguments.first().cloned();
        self.arguments = Some(name.into_iter().chain(arguments).collect());
        self
    }

    /// Shows every replayed call, once it is answered, to `observer`.
    #[must_use]
    pub fn observe(mut self, observer: Box<dyn Observer>) -> Self {
        self.replay.observe(observer);
        self
    }

    /// Lets the replay use this many units of fuel, in place of [`REPLAY_FUEL`](crate::REPLAY_FUEL). Contents that it
    /// fetches or compares count as one unit a byte; and the replay may take ten nanoseconds a unit.
    ///
    /// The fuel of the recorded run is not the limit, because the author of a forged journal chooses that number.
    #[must_use]
    pub fn fuel_max(mut self, fuel: u64) -> Self {
        self.replay.bounds_mut().fuel = fuel;
        self
    }

    /// Gives the tool as much memory as the recorded run had, but at most this many bytes, in place of
    /// [`REPLAY_MEMORY_BYTES`](crate::REPLAY_MEMORY_BYTES).
    #[must_use]
    pub fn memory_max(mut self, bytes: u64) -> Self {
        self.replay.bounds_mut().memory_bytes = bytes;
        self
    }

    /// Runs the tool again and answers every call from the journal. No file, no network and no policy is used.
    ///
    /// Needs a tokio runtime with time enabled, and shares its threads as [`Run::execute`](crate::Run::execute) does.
    ///
    /// # Errors
    ///
    /// [`ReplayFailure::Replay`] with the first difference, or with the limit that the replay reached.
    pub async fn replay(mut self, tool: &Tool, sink: Arc<dyn OutputSink>) -> Result<ReplayReport, ReplayFailure> {
        let header = self.replay.header().clone();
        let same_component = header.component_sha256 == tool.sha256;
        let same_arguments = self.arguments.as_ref().is_none_or(|given| *given == header.arguments);
        let fuel_compared = header.engine == tool.engine_name() && same_component && same_arguments;
        if !fuel_compared {
            self.replay.ignore_fuel();
        }
        if let Some(arguments) = self.arguments {
            self.replay.set_arguments(arguments);
        }
        let invocation = Invocation::recorded(tool, &header.invocation)?;
        let mut store = prepare(self.replay, &header, tool, sink)?;
        let result = drive(&mut store, tool, &invocation).await;
        let used = Usage::of(&store);
        let outcome = conclude(&mut store, result, &used, fuel_compared)
            .map_err(|error| explain_lack_of_memory(error, &store, &header))?;
        let complete = replay(&store).is_some_and(Replay::is_complete);
        let Usage { calls, fuel, .. } = used;
        Ok(ReplayReport { outcome, calls, fuel, fuel_compared, same_component, same_arguments, complete })
    }

    /// [`replay`](Self::replay) for a program without an event loop: runs the tool to its end, on this thread.
    ///
    /// # Errors
    ///
    /// As [`replay`](Self::replay), and [`RunError::Start`] on a thread that has a tokio runtime already.
    pub fn replay_blocking(self, tool: &Tool, sink: Arc<dyn OutputSink>) -> Result<ReplayReport, ReplayFailure> {
        tool.engine.event_loops().run(self.replay(tool, sink))?
    }
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording").field("header", self.header()).finish_non_exhaustive()
    }
}

/// Most handles that a replay gives a tool, whatever limit the journal has: a thousand times the default of a policy.
const HANDLES_MAX: u32 = 1 << 20;

/// A limit of the recorded run.
fn limit(header: &Header, name: &str) -> Option<u64> {
    header.limits.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
}

/// A store with the recorded run's limits, and no world.
fn prepare(
    mut replay: Replay,
    header: &Header,
    tool: &Tool,
    sink: Arc<dyn OutputSink>,
) -> Result<Store<Host>, RunError> {
    let run = header.run_id;
    // The recorded run's time does not pass in a replay, which ends where that run ended. This limit is the replay's
    // own.
    let session = Arc::new(Session::new(run, replay.bounds().time(), Arc::default(), Arc::default()));
    let memory = limit(header, "memory-bytes").unwrap_or(u64::MAX).min(replay.bounds().memory_bytes);
    let memory = usize::try_from(memory).unwrap_or(usize::MAX);
    let fuel = Some(replay.first_stop());
    let handles = limit(header, "handles").and_then(|handles| u32::try_from(handles).ok()).unwrap_or(u32::MAX);
    let handles = handles.min(HANDLES_MAX);
    let source = Box::new(Replayer { session: Arc::clone(&session), replay });
    let host = Host::new(session, source, None, Outputs::new(sink), Limiter::new(memory));
    store(tool, host, fuel, handles).map_err(|source| RunError::Host { source })
}

/// The replay behind a store.
fn replay(store: &Store<Host>) -> Option<&Replay> {
    let source: &dyn Any = &*store.data().source;
    source.downcast_ref::<Replayer>().map(|source| &source.replay)
}

fn replay_mut(store: &mut Store<Host>) -> Option<&mut Replay> {
    let source: &mut dyn Any = &mut *store.data_mut().source;
    source.downcast_mut::<Replayer>().map(|source| &mut source.replay)
}

/// Interprets the end of a replay, and compares it with the recorded one.
fn conclude(
    store: &mut Store<Host>,
    result: wasmtime::Result<Returned>,
    used: &Usage,
    fuel_compared: bool,
) -> Result<Outcome, ReplayFailure> {
    if let Some(EndReason::Diverged(error)) = store.data().session.ending.reason()
        && *error != ReplayError::Stopped
    {
        return Err((*error).into());
    }
    within_bounds(store, &result, used)?;
    let outcome = outcome(result, store)?;
    compare_end(store, outcome, used, fuel_compared)
}

/// Fails if the replay ended because it reached one of its own limits.
fn within_bounds(store: &Store<Host>, result: &wasmtime::Result<Returned>, used: &Usage) -> Result<(), ReplayError> {
    let Some(replay) = replay(store) else { return Ok(()) };
    replay.bounds().check(used.fuel)?;
    // Nothing else in a replay limits the time.
    if matches!(store.data().session.ending.reason(), Some(EndReason::Limit("time"))) {
        return Err(replay.bounds().used_up());
    }
    match result {
        Err(error) if error.downcast_ref::<Trap>() == Some(&Trap::OutOfFuel) => replay.bounds().at_end_of_record(),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Why a replay failed. If its tool had less memory than in the recorded run and asked for more, that is the reason.
fn explain_lack_of_memory(error: ReplayFailure, store: &Store<Host>, header: &Header) -> ReplayFailure {
    let Some(replay) = replay(store).filter(|_| store.data().limiter.refused()) else { return error };
    let recorded = limit(header, "memory-bytes");
    if recorded.is_none_or(|bytes| bytes > replay.bounds().memory_bytes) {
        return replay.bounds().memory_used_up().into();
    }
    error
}

/// Compares how a replay ended with what is recorded.
fn compare_end(
    store: &mut Store<Host>,
    outcome: Outcome,
    used: &Usage,
    fuel_compared: bool,
) -> Result<Outcome, ReplayFailure> {
    let asked_beyond = matches!(
        store.data().session.ending.reason(),
        Some(EndReason::Diverged(error)) if *error == ReplayError::Stopped
    );
    let Some(replay) = replay_mut(store) else { return Ok(outcome) };
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
