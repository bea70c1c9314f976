//! Replaying a whole run, and comparing how it ends.

use std::any::Any;
use std::sync::Arc;

use wasm_agent_journal::{Header, RunResult};
use wasmtime::{Store, Trap};

use crate::call::Host;
use crate::error::{LoadError, RunError, chain};
use crate::gate::{Ended, Session};
use crate::replay::{JournalSource, Observer, Replay, ReplayError, Replayer, same_end};
use crate::run::Outcome;
use crate::run::Used;
use crate::run::execute::{Returned, drive, outcome, store};
use crate::run::limits::Limiter;
use crate::tool::Tool;
use crate::tool::invoke::Invocation;
use crate::world::output::{OutputSink, Outputs};

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
    /// Whether fuel was compared at every call. It is left out when the journal comes from another engine, and when the
    /// tool is another one or gets other arguments: it then computes otherwise, and the calls are what can be the same.
    pub fuel_compared: bool,
    /// Whether the tool is the recorded one to the byte.
    pub same_component: bool,
    /// Whether the tool got the recorded arguments.
    pub same_arguments: bool,
    /// Whether a seal vouches for the end of the record. Without it the file was cut there, and nothing but the replay
    /// itself says that the run ended so.
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

    /// Gives the tool these arguments after the program's name, in place of the recorded ones. Where they make it do
    /// something else, the replay diverges: at the first call that differs, not where the tool asks for its arguments.
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

    /// Lets the replay use so many units of fuel, in place of [`REPLAY_FUEL`](crate::REPLAY_FUEL). Contents that it
    /// fetches or compares count as much, a unit a byte; and it may take ten nanoseconds a unit.
    ///
    /// What the recorded run used does not bound it: whoever forged the journal chose that number.
    #[must_use]
    pub fn fuel_max(mut self, fuel: u64) -> Self {
        self.replay.bounds_mut().fuel = fuel;
        self
    }

    /// Gives the tool as much memory as the recorded run had, up to so many bytes, in place of
    /// [`REPLAY_MEMORY_BYTES`](crate::REPLAY_MEMORY_BYTES).
    #[must_use]
    pub fn memory_max(mut self, bytes: u64) -> Self {
        self.replay.bounds_mut().memory_bytes = bytes;
        self
    }

    /// Runs the tool again, with every call answered from the journal. No file, no network and no policy is used.
    ///
    /// Needs a tokio runtime with time enabled, and shares its threads as [`Run::execute`](crate::Run::execute) does.
    ///
    /// # Errors
    ///
    /// [`ReplayFailure::Replay`] with the first difference, or with the bound that the replay came to.
    pub async fn replay(mut self, tool: &Tool, sink: Arc<dyn OutputSink>) -> Result<ReplayReport, ReplayFailure> {
        let header = self.replay.header().clone();
        let same_component = *header.component_sha256.as_bytes() == tool.sha256;
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
        let result = drive(&mut store, tool, &invocation).await;
        let used = Used::of(&store);
        let outcome = conclude(&mut store, result, &used, fuel_compared)
            .map_err(|error| for_want_of_memory(error, &store, &header))?;
        let complete = replay(&store).is_some_and(Replay::is_complete);
        let Used { calls, fuel, .. } = used;
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

/// Most handles that a replay gives a tool, whatever the journal says of its limit: a thousand times what a policy
/// gives by default.
const HANDLES_MAX: u32 = 1 << 20;

/// A limit of the recorded run.
fn limit(header: &Header, name: &str) -> Option<u64> {
    header.limits.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
}

/// A store with the recorded run's limits, and nothing of the world behind it.
fn prepare(
    mut replay: Replay,
    header: &Header,
    tool: &Tool,
    sink: Arc<dyn OutputSink>,
) -> Result<Store<Host>, RunError> {
    let run = header.run_id;
    // The recorded run's time does not pass in a replay, which ends where that run ended. This is the replay's own.
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

/// The replay that is the source of this store's answers.
fn replay(store: &Store<Host>) -> Option<&Replay> {
    let source: &dyn Any = &*store.data().source;
    source.downcast_ref::<Replayer>().map(|source| &source.replay)
}

fn replay_mut(store: &mut Store<Host>) -> Option<&mut Replay> {
    let source: &mut dyn Any = &mut *store.data_mut().source;
    source.downcast_mut::<Replayer>().map(|source| &mut source.replay)
}

/// What the end of a replay means, and whether it is the recorded one.
fn conclude(
    store: &mut Store<Host>,
    result: wasmtime::Result<Returned>,
    used: &Used,
    fuel_compared: bool,
) -> Result<Outcome, ReplayFailure> {
    if let Some(Ended::Diverged(error)) = store.data().session.ending.reason()
        && *error != ReplayError::Stopped
    {
        return Err((*error).into());
    }
    within_bounds(store, &result, used)?;
    let outcome = outcome(result, store)?;
    compare_end(store, outcome, used, fuel_compared)
}

/// Whether it was the tool or its record that ended the replay, and not a bound of the replay's own.
fn within_bounds(store: &Store<Host>, result: &wasmtime::Result<Returned>, used: &Used) -> Result<(), ReplayError> {
    let Some(replay) = replay(store) else { return Ok(()) };
    replay.bounds().check(used.fuel)?;
    // Nothing else in a replay looks at the time.
    if matches!(store.data().session.ending.reason(), Some(Ended::Limit("time"))) {
        return Err(replay.bounds().used_up());
    }
    match result {
        Err(error) if error.downcast_ref::<Trap>() == Some(&Trap::OutOfFuel) => replay.bounds().at_end_of_record(),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Why a replay failed whose tool got less memory than the recorded run had: for want of it, if it asked for more.
fn for_want_of_memory(error: ReplayFailure, store: &Store<Host>, header: &Header) -> ReplayFailure {
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
    used: &Used,
    fuel_compared: bool,
) -> Result<Outcome, ReplayFailure> {
    let asked_beyond = matches!(
        store.data().session.ending.reason(),
        Some(Ended::Diverged(error)) if *error == ReplayError::Stopped
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
