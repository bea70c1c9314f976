//! A run again, from its journal alone: no files, no network, no clock. Every call is compared and answered as
//! recorded.

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
use contents::{Contents, Stored};

pub use bounds::{Bound, REPLAY_FUEL, REPLAY_MEMORY_BYTES};
pub(crate) use divergence::same_end;
pub use divergence::{Differs, Divergence, ReplayError, Step};
pub use observer::{Observer, Replayed};
pub(crate) use source::Replayer;

/// A journal that can be read from any place in it.
pub trait JournalSource: Read + Seek + Send {}

impl<T: Read + Seek + Send> JournalSource for T {}

/// The recorded side of a replay.
pub(crate) struct Replay {
    stored: Stored,
    /// The call that the tool is in, whose outcome comes next.
    current: Option<Call>,
    /// A call that was read ahead.
    ahead: Option<Call>,
    /// The reason that is in force: the last one the tool gave.
    intent: Option<String>,
    /// The reason that the tool gives by the call that was read last, to be in force once that is answered.
    declared: Option<String>,
    observer: Option<Box<dyn Observer>>,
    /// Arguments that the tool gets instead of the recorded ones.
    arguments: Option<Vec<String>>,
    end: Option<End>,
    /// What ended the reading early. A reader that is asked again gives no more records, which would look like a cut.
    damage: Option<ReplayError>,
    compare_fuel: bool,
    /// The recorded run's own limit. What was used beyond it, up to the place where that shows, was not counted.
    fuel_limit: u64,
    calls: u64,
    /// Fuel used up at the last call.
    fuel: u64,
    /// Where the replay was told to stop.
    stop_told: Option<u64>,
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
            stored: Stored { reader, contents: Contents::default(), bounds: Bounds::default() },
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
            stop_told: None,
            trapped: false,
        })
    }

    pub(crate) fn header(&self) -> &Header {
        self.stored.reader.header()
    }

    /// Shows every call that is answered.
    pub(crate) fn observe(&mut self, observer: Box<dyn Observer>) {
        self.observer = Some(observer);
    }

    /// Gives the tool other arguments than the recorded ones.
    pub(crate) fn give(&mut self, arguments: Vec<String>) {
        self.arguments = Some(arguments);
    }

    /// What the tool gets instead of the recorded arguments.
    pub(crate) fn given(&self) -> Option<&[String]> {
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

    /// Why the recorded run was stopped from outside, or inside of its last call.
    pub(crate) fn stopped_outcome(&self) -> Option<Outcome> {
        match &self.end.as_ref()?.result {
            RunResult::Limit { which } if which == "time" || which == "journal" || self.trapped => {
                Some(Outcome::Limit { which: which.clone() })
            }
            RunResult::Stopped { message } => Some(Outcome::stopped(message)),
            RunResult::Limit { .. }
            | RunResult::HostFailed { .. }
            | RunResult::Exited { .. }
            | RunResult::Returned { .. }
            | RunResult::Trapped { .. } => None,
        }
    }

    /// Whether the last call ended the tool.
    pub(crate) fn trapped(&self) -> bool {
        self.trapped
    }

    /// The divergence of a tool that ended so where the journal has another call, or ends otherwise.
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

    /// Whether the journal was cut off with its run, and the replay has come to that place.
    pub(crate) fn is_cut(&mut self) -> bool {
        matches!(self.end(), Ok(None)) && self.ahead.is_none()
    }

    /// Whether the record goes to its end, and a seal vouches for that.
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

    /// The error where the outcome of the current call can't be read.
    pub(crate) fn malformed(&self, Malformed(message): Malformed) -> ReplayError {
        let call = self.current.as_ref().map_or(self.calls, |call| call.seq.0);
        ReplayError::Journal { message: format!("the outcome of call {call}: {message}") }
    }

    /// Ends the current call, which the tool asked with these arguments; and says whether the replay ends with it.
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
        let halted = ReplayError::Halted { call: call.seq.0 };
        self.stored.reader.reuse(call);
        match flow {
            ControlFlow::Continue(()) => ControlFlow::Continue(()),
            ControlFlow::Break(()) => ControlFlow::Break(halted),
        }
    }

    /// What the replay may use up, and what it has.
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

    /// Reads on to the next call. What lies between are effects, which a replay does not have.
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
                // Read on: only the seal behind it says that this end is the one that was written.
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
            // The recorded run was stopped inside of this call, which therefore has no outcome.
            Some(end) if is_outside(&end.result) && (!self.compare_fuel || end.fuel == fuel) => ReplayError::Stopped,
            Some(end) => self.diverged(end.calls, Step::ended(end), asked),
            None => ReplayError::Incomplete { calls: self.calls },
        }
    }
}

/// Whether a run ended for a reason that its tool has no part in, so that a replay has to be told.
fn is_outside(result: &RunResult) -> bool {
    match result {
        // These come with no outcome for the tool, so nothing of theirs is recorded but the end.
        RunResult::Limit { which } => which == "time" || which == "journal",
        RunResult::Stopped { .. } | RunResult::HostFailed { .. } => true,
        RunResult::Exited { .. } | RunResult::Returned { .. } | RunResult::Trapped { .. } => false,
    }
}
