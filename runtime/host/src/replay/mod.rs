//! Replays a run from its journal alone: no files, no network, no clock. Every call is compared with the recorded one
//! and answered as recorded.

mod bounds;
mod contents;
mod divergence;
mod observer;
pub(crate) mod recording;
mod source;
mod stop;

use std::io::{Read, Seek};
use std::ops::ControlFlow;

use minicbor::Decoder;
use wasm_agent_journal::{Call, Encoded, End, Event, Header, ReadError, Reader, RunResult};

use crate::call::Function;
use crate::call::wire::{Malformed, Source};
use crate::run::Outcome;
use bounds::Bounds;
use contents::{ContentCache, Stored};

pub use bounds::{Bound, REPLAY_FUEL, REPLAY_MEMORY_BYTES};
pub(crate) use divergence::same_end;
pub use divergence::{Differs, Divergence, ReplayError, Step};
pub use observer::{Observer, Replayed};
pub(crate) use source::Replayer;

/// A journal that can be read from any position.
pub trait JournalSource: Read + Seek + Send {}

impl<T: Read + Seek + Send> JournalSource for T {}

/// The recorded side of a replay.
pub(crate) struct Replay {
    stored: Stored,
    /// The call that the tool is in; its outcome is used next.
    current: Option<Call>,
    /// A call that was read ahead.
    ahead: Option<Call>,
    /// The reason in force: the last one that the tool declared.
    intent: Option<String>,
    /// The reason that the tool declares in the call that was read last. It is in force once that call is answered.
    declared: Option<String>,
    observer: Option<Box<dyn Observer>>,
    /// Arguments for the tool in place of the recorded ones.
    arguments: Option<Vec<String>>,
    end: Option<End>,
    /// The error that ended reading early. A further read would return no records, which would look like a journal that
    /// was cut off.
    damage: Option<ReplayError>,
    compare_fuel: bool,
    /// The recorded run's own fuel limit. Fuel beyond it, used before the engine noticed, was not counted.
    fuel_limit: u64,
    calls: u64,
    /// Fuel used up at the last call.
    fuel: u64,
    /// The last stop that was set.
    last_stop: Option<u64>,
    /// The last call ended the tool.
    trapped: bool,
}

impl Replay {
    /// Opens a journal for replay.
    pub(crate) fn open(source: Box<dyn JournalSource>) -> Result<Self, ReadError> {
        let reader = Reader::open(source)?;
        let fuel = reader.header().limits.iter().find(|(name, _)| name == "fuel");
        let fuel_limit = fuel.map_or(u64::MAX, |(_, limit)| *limit);
        Ok(Self {
            stored: Stored { reader, contents: ContentCache::default(), bounds: Bounds::default() },
            current: None,
            ahead: None,
            intent: None,
            declared: None,
            observer: None,
            arguments: None,
            end: None,
            damage: None,
            compare_fuel: true,
            fuel_limit,
            calls: 0,
            fuel: 0,
            last_stop: None,
            trapped: false,
        })
    }

    pub(crate) fn header(&self) -> &Header {
        self.stored.reader.header()
    }

    /// Shows every answered call to `observer`.
    pub(crate) fn observe(&mut self, observer: Box<dyn Observer>) {
        self.observer = Some(observer);
    }

    /// Gives the tool these arguments in place of the recorded ones.
    pub(crate) fn set_arguments(&mut self, arguments: Vec<String>) {
        self.arguments = Some(arguments);
    }

    /// The tool's arguments, if they are not the recorded ones.
    pub(crate) fn arguments(&self) -> Option<&[String]> {
        self.arguments.as_deref()
    }

    /// Leaves fuel out of the comparison: another engine counts differently, and another tool uses a different amount.
    pub(crate) fn ignore_fuel(&mut self) {
        self.compare_fuel = false;
    }

    /// How the recorded run ended, if there is no call left before that.
    pub(crate) fn end(&mut self) -> Result<Option<&End>, ReplayError> {
        if self.ahead.is_none() {
            self.ahead = self.next()?;
        }
        Ok(if self.ahead.is_none() { self.end.as_ref() } else { None })
    }

    /// The recorded outcome, if the run was stopped from outside or within its last call.
    pub(crate) fn stopped_outcome(&self) -> Option<Outcome> {
        match &self.end.as_ref()?.result {
            RunResult::Limit { which } if is_kept_by_host(which) || self.trapped => {
                Some(Outcome::Limit { which: which.clone() })
            }
            RunResult::Stopped { message } => Some(Outcome::stopped(message)),
            RunResult::HostFailed { message } => Some(Outcome::HostFailed { message: message.clone() }),
            RunResult::Limit { .. }
            | RunResult::Exited { .. }
            | RunResult::Returned { .. }
            | RunResult::Trapped { .. } => None,
        }
    }

    /// Whether the last call ended the tool.
    pub(crate) fn trapped(&self) -> bool {
        self.trapped
    }

    /// The divergence of a tool that ended like this where the journal has another call or another end.
    pub(crate) fn ended_early(&mut self, result: RunResult, fuel: u64) -> ReplayError {
        let end = Step::End { result, fuel };
        match (self.ahead.take(), &self.end) {
            (Some(call), _) => self.diverged(call.seq.0, Step::recorded(call), end),
            (None, Some(recorded)) => self.diverged(recorded.calls, Step::ended(recorded), end),
            (None, None) => ReplayError::Incomplete { calls: self.calls },
        }
    }

    fn diverged(&self, call: u64, recorded: Step, replayed: Step) -> ReplayError {
        let differs = recorded.differs(&replayed);
        let intent = self.intent.clone();
        ReplayError::Diverged(Box::new(Divergence { call, differs, recorded, replayed, intent }))
    }

    /// Whether the journal was cut off with its run, and the replay has reached that point.
    pub(crate) fn is_cut(&mut self) -> bool {
        matches!(self.end(), Ok(None)) && self.ahead.is_none()
    }

    /// Whether the record has an end, and a seal covers it.
    pub(crate) fn is_complete(&self) -> bool {
        self.stored.reader.is_complete()
    }

    /// Calls answered so far.
    pub(crate) fn calls(&self) -> u64 {
        self.calls
    }

    /// Takes the next recorded call, which must be this one.
    pub(crate) fn expect(&mut self, function: &Function, arguments: &Encoded, fuel: u64) -> Result<(), ReplayError> {
        self.stored.bounds.asked(arguments.contents_bytes());
        self.stored.bounds.check(fuel)?;
        let Some(call) = self.take()? else {
            return Err(self.beyond(Step::asked(function, arguments, fuel), fuel));
        };
        let same = call.function.name == function.key
            && arguments.matches(&call.arguments)
            && (!self.compare_fuel || call.fuel == fuel);
        if !same {
            let asked = Step::asked(function, arguments, fuel);
            return Err(self.diverged(call.seq.0, Step::recorded(call), asked));
        }
        self.fuel = call.fuel;
        self.current = Some(call);
        Ok(())
    }

    /// The recorded outcome of the current call.
    pub(crate) fn outcome(&mut self) -> Result<Source<'_>, ReplayError> {
        match &self.current {
            Some(call) => Ok(Source { cbor: Decoder::new(&call.outcome), blobs: &mut self.stored }),
            None => Err(ReplayError::Journal { message: "no call is being answered".to_owned() }),
        }
    }

    /// The error if the outcome of the current call can't be read.
    pub(crate) fn malformed(&self, Malformed(message): Malformed) -> ReplayError {
        let call = self.current.as_ref().map_or(self.calls, |call| call.seq.0);
        ReplayError::Journal { message: format!("the outcome of call {call}: {message}") }
    }

    /// Ends the current call, whose arguments were `asked`, and says whether the replay ends with it.
    pub(crate) fn answered(&mut self, asked: &Encoded, is_trap: bool) -> ControlFlow<ReplayError> {
        let Some(call) = self.current.take() else { return ControlFlow::Continue(()) };
        self.trapped = is_trap;
        if let Some(why) = self.declared.take() {
            self.intent = Some(why).filter(|why| !why.is_empty());
        }
        let flow = match &mut self.observer {
            Some(observer) => observer.answered(&Replayed::new(&call, self.intent.as_deref(), asked)),
            None => ControlFlow::Continue(()),
        };
        let seq = call.seq.0;
        self.stored.reader.reuse(call);
        match flow {
            ControlFlow::Continue(()) => ControlFlow::Continue(()),
            ControlFlow::Break(()) => ControlFlow::Break(ReplayError::Halted { call: seq }),
        }
    }

    /// The limits of the replay, and its use of them.
    pub(crate) fn bounds(&self) -> &Bounds {
        &self.stored.bounds
    }

    pub(crate) fn bounds_mut(&mut self) -> &mut Bounds {
        &mut self.stored.bounds
    }

    fn take(&mut self) -> Result<Option<Call>, ReplayError> {
        match self.ahead.take() {
            Some(call) => Ok(Some(call)),
            None => self.next(),
        }
    }

    /// Reads up to the next call. The records before it are effects, which a replay does not have.
    fn next(&mut self) -> Result<Option<Call>, ReplayError> {
        if let Some(damage) = &self.damage {
            return Err(damage.clone());
        }
        if self.end.is_some() {
            return Ok(None);
        }
        loop {
            let record = self.stored.reader.next().map_err(|error| {
                let damage = ReplayError::Journal { message: crate::error::chain(&error) };
                self.damage.insert(damage).clone()
            })?;
            match record.map(|record| record.event) {
                None => return Ok(None),
                Some(Event::Call(call)) => {
                    self.calls += 1;
                    return Ok(Some(call));
                }
                // Go on reading: only the seal after the end proves that it is the one that was written.
                Some(Event::End(end)) => self.end = Some(end),
                Some(Event::Note(note)) if note.name == "intent" => self.declared = Some(note.text),
                Some(
                    Event::Header(_)
                    | Event::Function { .. }
                    | Event::Label { .. }
                    | Event::Blob(_)
                    | Event::Intent(_)
                    | Event::Outcome(_)
                    | Event::ApprovalAsked(_)
                    | Event::ApprovalSettled(_)
                    | Event::Note(_)
                    | Event::Seal(_),
                ) => {}
            }
        }
    }

    fn beyond(&self, asked: Step, fuel: u64) -> ReplayError {
        match &self.end {
            // The recorded run was stopped within this call, which therefore has no outcome.
            Some(end) if is_outside(&end.result) && (!self.compare_fuel || end.fuel == fuel) => ReplayError::Stopped,
            Some(end) => self.diverged(end.calls, Step::ended(end), asked),
            None => ReplayError::Incomplete { calls: self.calls },
        }
    }
}

/// Whether a run ended for a reason outside of its tool, which a replay has to take from the journal.
fn is_outside(result: &RunResult) -> bool {
    match result {
        // These ends have no outcome for the tool; nothing but the end itself is recorded.
        RunResult::Limit { which } => is_kept_by_host(which),
        RunResult::Stopped { .. } | RunResult::HostFailed { .. } => true,
        RunResult::Exited { .. } | RunResult::Returned { .. } | RunResult::Trapped { .. } => false,
    }
}

/// Whether a replay, which has neither a clock nor a policy nor a journal of its own, can't tell that this limit is
/// used up.
fn is_kept_by_host(limit: &str) -> bool {
    matches!(limit, "time" | "journal" | "denials")
}
