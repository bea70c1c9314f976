//! A run again, from its journal alone: no files, no network, no clock. Every call is compared and answered as recorded.

mod observer;

use std::io::{Read, Seek};
use std::ops::ControlFlow;

use minicbor::Decoder;
use wasm_agent_journal::{Call, Encoded, End, Event, Header, PayloadRef, ReadError, Reader, RunResult};

use crate::execute::Outcome;
use crate::gate::wire::{Blobs, Malformed, Source};
use crate::gate::{Answer, Function};

pub use observer::{Observer, Replayed};

/// A journal that can be read from any place in it.
pub trait JournalSource: Read + Seek + Send {}

impl<T: Read + Seek + Send> JournalSource for T {}

/// The recorded side of a replay.
pub(crate) struct Replay {
    reader: Reader<Box<dyn JournalSource>>,
    /// The call that the tool is in, whose outcome comes next.
    current: Option<Call>,
    /// A call that was read ahead.
    ahead: Option<Call>,
    /// The reason that is in force: the last one the tool gave.
    intent: Option<String>,
    /// The reason that the tool gives by the call that was read last, to be in force once that is answered.
    declared: Option<String>,
    observer: Option<Box<dyn Observer>>,
    end: Option<End>,
    /// What ended the reading early. A reader that is asked again gives no more records, which would look like a cut.
    damage: Option<ReplayError>,
    compare_fuel: bool,
    /// The recorded run's own limit. What was used beyond it, up to the place where that shows, was not counted.
    fuel_limit: u64,
    calls: u64,
    /// Fuel used up at the last call.
    fuel: u64,
    /// The last call ended the tool.
    trapped: bool,
}

/// Why a replay stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The tool does something else than what is recorded.
    #[error("{0}")]
    Diverged(Divergence),
    /// Its observer had seen enough.
    #[error("the replay was ended after call {call}")]
    Halted {
        /// The last call that was answered.
        call: u64,
    },
    /// The recorded run was stopped here, from outside of the tool.
    #[error("the recorded run was stopped here")]
    Stopped,
    /// The journal does not go as far as the tool does.
    #[error("the journal ends after call {calls}, where the run was killed")]
    Incomplete {
        /// Calls recorded.
        calls: u64,
    },
    /// The journal can't be read.
    #[error("the journal can't be read: {message}")]
    Journal {
        /// What the reader reports.
        message: String,
    },
}

/// Fuel that a replay may use beyond the recorded run before it is stopped. Where the two differ, this is how far the tool gets
/// to show how.
const FUEL_BEYOND: u64 = 1_000_000;

/// The first point where a replay and its journal differ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("diverged at call {call}: recorded {recorded}, the tool asks {asked}")]
pub struct Divergence {
    /// Number of the call.
    pub call: u64,
    /// What the journal has there.
    pub recorded: String,
    /// What the tool asked for.
    pub asked: String,
    /// The reason the tool gave last, in its own words.
    pub intent: Option<String>,
}

impl Replay {
    /// Opens a journal for replay.
    pub(crate) fn open(source: Box<dyn JournalSource>) -> Result<Self, ReadError> {
        let reader = Reader::open(source)?;
        let fuel = reader.header().limits.iter().find(|(name, _)| name == "fuel");
        let fuel_limit = fuel.map_or(u64::MAX, |(_, limit)| *limit);
        Ok(Self {
            reader,
            current: None,
            ahead: None,
            intent: None,
            declared: None,
            observer: None,
            end: None,
            damage: None,
            compare_fuel: true,
            fuel_limit,
            calls: 0,
            fuel: 0,
            trapped: false,
        })
    }

    pub(crate) fn header(&self) -> &Header {
        self.reader.header()
    }

    /// Shows every call that is answered.
    pub(crate) fn observe(&mut self, observer: Box<dyn Observer>) {
        self.observer = Some(observer);
    }

    /// Leaves fuel out of the comparison: another engine counts differently.
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

    /// Fuel at which the recorded run was stopped from outside, if no call comes before that.
    ///
    /// A journal without an end was cut off with its run: what the tool did after the last record is not known, so the replay
    /// stops with it.
    ///
    /// Otherwise it is a little behind the next call, or the end, of the recorded run: a tool that computes on beyond that is not the
    /// recorded one, and would perhaps never come back.
    pub(crate) fn stopped_at(&mut self) -> Option<u64> {
        self.stop().map(|fuel| fuel.min(self.fuel_limit))
    }

    fn stop(&mut self) -> Option<u64> {
        let beyond = self.compare_fuel.then_some(FUEL_BEYOND);
        match self.end() {
            Ok(Some(end)) if is_outside(&end.result) => Some(end.fuel),
            Ok(Some(end)) if matches!(&end.result, RunResult::Limit { which } if which == "fuel") => Some(end.fuel),
            Ok(Some(end)) => Some(end.fuel.saturating_add(beyond?)),
            Ok(None) => match &self.ahead {
                Some(call) => Some(call.fuel.saturating_add(beyond?)),
                None => Some(self.fuel),
            },
            // The error comes again with the next call, which reports it.
            Err(_) => None,
        }
    }

    /// Why the recorded run was stopped from outside, or inside of its last call.
    pub(crate) fn stopped_outcome(&self) -> Option<Outcome> {
        match &self.end.as_ref()?.result {
            RunResult::Limit { which } if which == "time" || which == "journal" || self.trapped => {
                Some(Outcome::Limit { which: which.clone() })
            }
            RunResult::Stopped { message } => Some(Outcome::Stopped { action: message.clone() }),
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

    /// The call that is recorded next.
    pub(crate) fn awaited(&self) -> String {
        match &self.ahead {
            Some(call) => format!("`{}`", call.function.name),
            None => "no more calls".to_owned(),
        }
    }

    /// Whether the journal was cut off with its run, and the replay has come to that place.
    pub(crate) fn is_cut(&mut self) -> bool {
        matches!(self.end(), Ok(None)) && self.ahead.is_none()
    }

    /// Calls answered so far.
    pub(crate) fn calls(&self) -> u64 {
        self.calls
    }

    /// Takes the next recorded call, which must be this one.
    pub(crate) fn expect(&mut self, function: &Function, arguments: &Encoded, fuel: u64) -> Result<(), ReplayError> {
        let Some(call) = self.take()? else {
            return Err(self.beyond(function));
        };
        let differs = |recorded: String, asked: String| {
            ReplayError::Diverged(Divergence { call: call.seq, recorded, asked, intent: self.intent.clone() })
        };
        if call.function.name != function.name() {
            return Err(differs(format!("`{}`", call.function.name), format!("`{}`", function.name())));
        }
        if !arguments.matches(&call.arguments) {
            let recorded = render(&call.arguments);
            let asked = render(&arguments.to_record());
            let name = function.name();
            return Err(differs(format!("`{name}` with {recorded}"), format!("`{name}` with {asked}")));
        }
        if self.compare_fuel && call.fuel != fuel {
            let name = function.name();
            return Err(differs(format!("`{name}` after {} units of fuel", call.fuel), format!("it after {fuel}")));
        }
        self.fuel = call.fuel;
        self.current = Some(call);
        Ok(())
    }

    /// The recorded outcome of the current call, which the tool asked with these arguments; and whether the replay ends with it.
    pub(crate) fn answer<A: Answer>(&mut self, asked: &Encoded) -> Result<(A, ControlFlow<ReplayError>), ReplayError> {
        let Some(call) = self.current.take() else {
            return Err(ReplayError::Journal { message: "no call is being answered".to_owned() });
        };
        let mut source = Source { cbor: Decoder::new(&call.outcome), blobs: &mut Stored(&mut self.reader) };
        let answer = A::take(&mut source).map_err(|Malformed(message)| ReplayError::Journal {
            message: format!("the outcome of call {}: {message}", call.seq),
        })?;
        self.trapped = answer.is_trap();
        if let Some(why) = self.declared.take() {
            self.intent = Some(why).filter(|why| !why.is_empty());
        }
        let flow = match &mut self.observer {
            Some(observer) => observer.answered(&Replayed::new(&call, self.intent.as_deref(), asked)),
            None => ControlFlow::Continue(()),
        };
        let flow = match flow {
            ControlFlow::Continue(()) => ControlFlow::Continue(()),
            ControlFlow::Break(()) => ControlFlow::Break(ReplayError::Halted { call: call.seq }),
        };
        Ok((answer, flow))
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
            let record = self.reader.next().map_err(|error| {
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

    fn beyond(&self, function: &Function) -> ReplayError {
        match &self.end {
            // The recorded run was stopped inside of this call, which therefore has no outcome.
            Some(end) if is_outside(&end.result) => ReplayError::Stopped,
            Some(end) => ReplayError::Diverged(Divergence {
                call: end.calls,
                recorded: "the end of the run".to_owned(),
                asked: format!("`{}`", function.name()),
                intent: self.intent.clone(),
            }),
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

struct Stored<'a>(&'a mut Reader<Box<dyn JournalSource>>);

impl Blobs for Stored<'_> {
    fn contents(&mut self, payload: PayloadRef<'_>) -> Result<Vec<u8>, Malformed> {
        match payload {
            PayloadRef::Inline(bytes) => Ok(bytes.to_vec()),
            PayloadRef::Stored(blob) => self.0.blob(&blob).map_err(|error| Malformed(crate::error::chain(&error))),
            PayloadRef::DigestOnly { .. } => Err(Malformed("contents that the tool needs were left out".to_owned())),
        }
    }
}

/// Recorded CBOR in diagnostic notation, cut to a line.
fn render(bytes: &[u8]) -> String {
    const CHARS_MAX: usize = 400;
    let text = minicbor::display(bytes).to_string();
    match text.char_indices().nth(CHARS_MAX) {
        None => text,
        Some((cut, _)) => format!("{}… ({} more bytes)", text.get(..cut).unwrap_or_default(), text.len() - cut),
    }
}
