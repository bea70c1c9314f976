//! [`View`]: follows a journal's records in order and knows what each call was about.
//!
//! A call names what it acts on by the number of a handle. This is where numbers become what they stand for: guest
//! paths behind descriptors and streams, requests behind bodies and responses, the tool's own input and output; and
//! where a call is joined with the effect it had. Nothing here believes a journal: what does not fit is said to be
//! unreadable, and memory is bounded by constants, however many handles and effects a journal claims.

mod effects;
mod filesystem;
mod handles;
mod http;
mod items;
mod streams;
mod what;

#[cfg(test)]
mod tests;

use wasm_agent_calls::{self as calls, Function, cli, find, host, io};
use wasm_agent_journal::{Call, Event, Record};
use wasm_agent_policy::Action;

pub(crate) use handles::HANDLES_MAX;
pub use handles::Request;
pub use what::{At, Contents, Effect, Exchange, How, Opened, Output, Place, Seen, What};

use effects::Effects;
use handles::Handles;
use items::{Answer, Arguments};

/// What a tool has open, at one point of its run.
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

    /// Takes in the next record, and says what it was about.
    pub fn record<'r>(&mut self, record: &'r Record) -> Seen<'r> {
        match &record.event {
            Event::Call(call) => self.call(call),
            Event::Intent(intent) => {
                let effect = Some(self.effects.begun(intent, self.calls));
                Seen { what: What::Begun, action: None, effect }
            }
            Event::Outcome(outcome) => {
                Seen { what: What::Ended, action: None, effect: self.effects.ended(outcome, self.calls) }
            }
            Event::Header(_)
            | Event::Function { .. }
            | Event::Label { .. }
            | Event::Blob(_)
            | Event::ApprovalAsked(_)
            | Event::ApprovalSettled(_)
            | Event::Note(_)
            | Event::Seal(_)
            | Event::End(_) => Seen { what: What::Other, action: None, effect: None },
        }
    }

    /// Takes in the next call. [`record`](Self::record) does so too; this is for a call whose arguments stand
    /// elsewhere.
    pub fn call<'r>(&mut self, call: &'r Call) -> Seen<'r> {
        self.calls = call.seq.0.saturating_add(1);
        self.handles.steps.call();
        let effect = self.effects.of_call(call.seq.0);
        let recorded = call.decision.as_ref().and_then(|decision| decision.action.as_deref());
        let action = match (&effect, recorded) {
            (_, Some(action)) => Action::decode(action).ok(),
            (None, None) if call.decision.is_some() => self.observed(call),
            _ => None,
        };
        let decided = effect.as_ref().and_then(|effect| effect.action.as_ref()).or(action.as_ref());
        let what = self.what(call, decided).unwrap_or(What::Unreadable);
        Seen { what, action, effect }
    }

    /// A request that a handle refers to.
    #[must_use]
    pub fn request(&self, exchange: Exchange) -> Option<&Request> {
        self.handles.request(exchange)
    }

    /// Whether a handle refers to what was opened as this.
    #[must_use]
    pub fn is_open(&self, opened: Opened) -> bool {
        self.handles.is_open(opened)
    }

    /// Effects without an outcome, by number: under way, or, where the journal ends, such as may have happened.
    #[must_use]
    pub fn open_effects(&self) -> Vec<&Effect> {
        self.effects.open()
    }

    /// How many handles and effects a journal claimed beyond what is followed. What it says of those is not known.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.handles.lost.saturating_add(self.effects.lost)
    }

    fn what<'r>(&mut self, call: &'r Call, decided: Option<&Action>) -> Option<What<'r>> {
        let Some(function) = find(&call.function.name) else {
            // A function of another release; or a name that no function has.
            return call.function.name.contains('#').then_some(What::Other);
        };
        match function.interface {
            calls::filesystem::types::INTERFACE => self.filesystem(function, call, decided),
            io::streams::INTERFACE => self.streams(function, call),
            calls::http::types::INTERFACE => self.http(function, call),
            _ => self.other(function, call),
        }
    }

    fn other<'r>(&mut self, function: &'static Function, call: &'r Call) -> Option<What<'r>> {
        match function.id {
            calls::http::outgoing_handler::HANDLE => self.handle(function, call),
            calls::filesystem::preopens::GET_DIRECTORIES => self.preopens(call),
            cli::stdin::GET_STDIN => self.given(call, handles::Handle::Stdin),
            cli::stdout::GET_STDOUT => self.given(call, handles::Handle::Stdout),
            cli::stderr::GET_STDERR => self.given(call, handles::Handle::Stderr),
            host::intent::DECLARE => {
                let why = Arguments::of(function, call)?.at("why")?.text()?;
                Some(What::Declared { why })
            }
            _ => Some(What::Other),
        }
    }

    /// Takes a handle that a function gave for something.
    fn given<'r>(&mut self, call: &'r Call, handle: handles::Handle) -> Option<What<'r>> {
        if let Some(number) = Answer::of(call)?.handle() {
            self.handles.put(number, handle);
        }
        Some(What::Other)
    }
}
