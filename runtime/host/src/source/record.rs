//! The source of a live run: calls are performed, and recorded once they have ended.

use std::ops::ControlFlow;
use std::sync::Arc;

use wasm_agent_journal::{CallEvent, Encoded, FunctionId};

use super::{AnswerFrom, Source};
use crate::call::wire::{self, Malformed};
use crate::call::{Call, Function};
use crate::gate::{Ledger, Session, nanoseconds};
use crate::run::Outcome;

/// Records every call in the run's journal.
pub(crate) struct Record {
    session: Arc<Session>,
    ledger: Arc<Ledger>,
    /// The numbers of functions in this journal, by their index in this process.
    functions: Vec<Option<FunctionId>>,
}

impl Record {
    pub(crate) fn new(session: Arc<Session>, ledger: Arc<Ledger>) -> Self {
        Self { session, ledger, functions: Vec::new() }
    }

    /// The number of a function in this run's journal.
    fn function(&mut self, function: &'static Function) -> wasmtime::Result<FunctionId> {
        let index = function.id.index();
        if let Some(Some(id)) = self.functions.get(index) {
            return Ok(*id);
        }
        let id = self.ledger.intern(function.key, &function.parameter_names())?;
        if self.functions.len() <= index {
            self.functions.resize(index + 1, None);
        }
        if let Some(slot) = self.functions.get_mut(index) {
            *slot = Some(id);
        }
        Ok(id)
    }
}

impl Source for Record {
    fn begin(&mut self, _: &Call) -> wasmtime::Result<AnswerFrom> {
        Ok(AnswerFrom::World)
    }

    fn end(&mut self, call: &Call, outcome: &Encoded) -> wasmtime::Result<()> {
        let action = call.decision.as_ref().and_then(|decision| decision.action.as_ref()).map_or(0, Vec::len);
        let bytes = call.arguments.recorded_bytes().saturating_add(outcome.recorded_bytes());
        self.ledger.count(usize::try_from(bytes).unwrap_or(usize::MAX).saturating_add(action))?;
        let function = self.function(call.function)?;
        let duration = call.started.elapsed();
        self.ledger.call(&CallEvent {
            function,
            at_ns: self.session.since_start_ns(call.started),
            duration_ns: nanoseconds(duration),
            fuel: call.fuel,
            arguments: &call.arguments,
            outcome,
            decision: call.decision.as_ref(),
        })?;
        // Interruptions come with fuel, but a call can take long and use little, so the time is checked here too.
        self.session.limit_time(call.started + duration);
        Ok(())
    }

    fn recorded(&mut self) -> wasmtime::Result<wire::Source<'_>> {
        Err(wasmtime::Error::msg("a live run has nothing to replay"))
    }

    fn unreadable(&mut self, Malformed(message): Malformed) -> wasmtime::Error {
        wasmtime::Error::msg(message)
    }

    fn answered(&mut self, _: &Call, _: bool) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn stop_at(&mut self, _: u64) -> Option<u64> {
        None
    }

    fn out_of_fuel(&self) -> Option<Outcome> {
        None
    }
}
