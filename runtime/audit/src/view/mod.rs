//! [`View`]: follows a journal's records in order and interprets each call.
//!
//! A call names what it acts on by a handle's number. The view resolves these numbers: to guest paths for descriptors
//! and streams, to requests for bodies and responses, and to the tool's own input and output. It also joins each call
//! with its effect. A journal can be hostile: the view reports what does not fit as unreadable, and constants bound its
//! memory.

mod activity;
mod effects;
mod filesystem;
mod handles;
mod http;
mod items;
mod streams;

#[cfg(test)]
mod tests;

use wasm_agent_calls::{self as calls, Function, cli, find, host, io};
use wasm_agent_journal::{Call, Event, Record};
use wasm_agent_policy::Action;

pub use activity::{
    Activity, Effect, ExchangeId, Interpreted, OpenMode, OpenedId, OutputStream, Place, Position, Written,
};
pub(crate) use handles::HANDLES_MAX;
pub use handles::Request;

use effects::Effects;
use handles::Handles;
use items::{Arguments, CallOutcome};

/// What a tool has open at one point of its run.
#[derive(Debug, Default)]
pub struct View {
    handles: Handles,
    effects: Effects,
    calls: u64,
}

impl View {
    /// The view before the first record.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next record, and interprets it.
    pub fn record<'r>(&mut self, record: &'r Record) -> Interpreted<'r> {
        match &record.event {
            Event::Call(call) => self.call(call),
            Event::Intent(intent) => {
                let effect = Some(self.effects.begun(intent, self.calls));
                Interpreted { activity: Activity::Begun, action: None, effect }
            }
            Event::Outcome(outcome) => {
                Interpreted { activity: Activity::Ended, action: None, effect: self.effects.ended(outcome, self.calls) }
            }
            Event::Header(_)
            | Event::Function { .. }
            | Event::Label { .. }
            | Event::Blob(_)
            | Event::ApprovalAsked(_)
            | Event::ApprovalSettled(_)
            | Event::Note(_)
            | Event::Seal(_)
            | Event::End(_) => Interpreted { activity: Activity::Other, action: None, effect: None },
        }
    }

    /// Takes the next call. [`record`](Self::record) does this too; this is for a call whose arguments come from
    /// elsewhere.
    pub fn call<'r>(&mut self, call: &'r Call) -> Interpreted<'r> {
        self.calls = call.seq.0.saturating_add(1);
        self.handles.budget.add_call();
        let effect = self.effects.of_call(call.seq.0);
        let recorded = call.decision.as_ref().and_then(|decision| decision.action.as_deref());
        let action = match (&effect, recorded) {
            (_, Some(action)) => Action::decode(action).ok(),
            (None, None) if call.decision.is_some() => self.observed(call),
            _ => None,
        };
        let decided = effect.as_ref().and_then(|effect| effect.action.as_ref()).or(action.as_ref());
        let activity = self.activity(call, decided).unwrap_or(Activity::Unreadable);
        Interpreted { activity, action, effect }
    }

    /// A request that a handle refers to.
    #[must_use]
    pub fn request(&self, exchange: ExchangeId) -> Option<&Request> {
        self.handles.request(exchange)
    }

    /// Whether a handle still refers to this.
    #[must_use]
    pub fn is_open(&self, opened: OpenedId) -> bool {
        self.handles.is_open(opened)
    }

    /// Effects without an outcome, ordered by number. They are under way, or, at the end of a journal, may have
    /// happened.
    #[must_use]
    pub fn open_effects(&self) -> Vec<&Effect> {
        self.effects.open()
    }

    /// How many handles and effects were not followed, as the journal claims too many.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.handles.lost.saturating_add(self.effects.lost)
    }

    fn activity<'r>(&mut self, call: &'r Call, decided: Option<&Action>) -> Option<Activity<'r>> {
        let Some(function) = find(&call.function.name) else {
            // A function of another release, or not a function at all.
            return call.function.name.contains('#').then_some(Activity::Other);
        };
        match function.interface {
            calls::filesystem::types::INTERFACE => self.filesystem(function, call, decided),
            io::streams::INTERFACE => self.streams(function, call),
            calls::http::types::INTERFACE => self.http(function, call),
            _ => self.other(function, call),
        }
    }

    fn other<'r>(&mut self, function: &'static Function, call: &'r Call) -> Option<Activity<'r>> {
        match function.id {
            calls::http::outgoing_handler::HANDLE => self.handle(function, call),
            calls::filesystem::preopens::GET_DIRECTORIES => self.preopens(call),
            cli::stdin::GET_STDIN => self.store_handle(call, handles::Handle::Stdin),
            cli::stdout::GET_STDOUT => self.store_handle(call, handles::Handle::Stdout),
            cli::stderr::GET_STDERR => self.store_handle(call, handles::Handle::Stderr),
            host::intent::DECLARE => {
                let why = Arguments::of(function, call)?.at("why")?.text()?;
                Some(Activity::Declared { why })
            }
            _ => Some(Activity::Other),
        }
    }

    /// Stores the handle that a function returned.
    fn store_handle<'r>(&mut self, call: &'r Call, handle: handles::Handle) -> Option<Activity<'r>> {
        if let Some(number) = CallOutcome::of(call)?.handle() {
            self.handles.put(number, handle);
        }
        Some(Activity::Other)
    }
}
