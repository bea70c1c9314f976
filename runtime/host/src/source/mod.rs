//! Where the answers to a guest's calls come from: from the world, while they are recorded, or from an earlier run's
//! record.

mod record;

use std::any::Any;
use std::ops::ControlFlow;

use wasm_agent_journal::Encoded;

use crate::call::Call;
use crate::call::wire::{self, Malformed};
use crate::run::Outcome;

pub(crate) use record::Record;

/// Where the answer to a call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerFrom {
    /// The call is performed, and ends with [`Source::end`].
    World,
    /// It is recorded: [`Source::recorded`] returns it.
    Recording,
}

/// A source of answers. Calls may end in another order than they began in, unless a source forbids it.
pub(crate) trait Source: Any + Send {
    /// Begins a call, whose arguments are complete.
    ///
    /// # Errors
    ///
    /// When the run ends here because a replay diverges.
    fn begin(&mut self, call: &Call) -> wasmtime::Result<AnswerFrom>;

    /// Ends a call that was performed.
    ///
    /// # Errors
    ///
    /// When its outcome can't be recorded: the run is over, and the guest does not get the answer.
    fn end(&mut self, call: &Call, outcome: &Encoded) -> wasmtime::Result<()>;

    /// The recorded outcome of the call that began last.
    ///
    /// # Errors
    ///
    /// When there is none.
    fn recorded(&mut self) -> wasmtime::Result<wire::Source<'_>>;

    /// Ends the run because a recorded outcome can't be read.
    fn unreadable(&mut self, malformed: Malformed) -> wasmtime::Error;

    /// Notes that the guest gets the recorded answer, and returns whether the run goes on after it.
    fn answered(&mut self, call: &Call, is_trap: bool) -> ControlFlow<()>;

    /// Fuel at which the run is to stop, if that has changed. `used` is what it has used so far.
    fn stop_at(&mut self, used: u64) -> Option<u64>;

    /// The outcome of a guest whose fuel is used up, if that is not the run's own limit.
    fn out_of_fuel(&self) -> Option<Outcome>;

    /// Arguments for the guest in place of those in the answer.
    fn arguments(&self) -> Option<Vec<String>> {
        None
    }
}
