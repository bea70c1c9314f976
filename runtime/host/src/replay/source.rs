//! A replay as a source of answers: every call is compared with the recorded one and gets the recorded answer.

use std::ops::ControlFlow;
use std::sync::Arc;

use wasm_agent_journal::Encoded;

use super::Replay;
use crate::call::Call;
use crate::call::wire::{self, Malformed};
use crate::gate::Session;
use crate::run::Outcome;
use crate::source::{AnswerFrom, Source};

/// Answers calls from a journal. They must end in the order in which they began.
pub(crate) struct Replayer {
    pub(crate) session: Arc<Session>,
    pub(crate) replay: Replay,
}

impl Source for Replayer {
    fn begin(&mut self, call: &Call) -> wasmtime::Result<AnswerFrom> {
        let expected = self.replay.expect(call.function, &call.arguments, call.fuel);
        expected.map(|()| AnswerFrom::Recording).map_err(|error| self.session.ending.replay(error))
    }

    fn end(&mut self, _: &Call, _: &Encoded) -> wasmtime::Result<()> {
        Err(wasmtime::Error::msg("a replay performs nothing"))
    }

    fn recorded(&mut self) -> wasmtime::Result<wire::Source<'_>> {
        let session = &self.session;
        self.replay.outcome().map_err(|error| session.ending.replay(error))
    }

    fn unreadable(&mut self, malformed: Malformed) -> wasmtime::Error {
        self.session.ending.replay(self.replay.malformed(malformed))
    }

    fn answered(&mut self, call: &Call, is_trap: bool) -> ControlFlow<()> {
        match self.replay.answered(&call.arguments, is_trap) {
            ControlFlow::Continue(()) => ControlFlow::Continue(()),
            ControlFlow::Break(halted) => {
                // The tool still gets this answer; it can't influence anything after it.
                self.session.ending.replay(halted);
                ControlFlow::Break(())
            }
        }
    }

    fn stop_at(&mut self, used: u64) -> Option<u64> {
        self.replay.stopped_at(used)
    }

    fn out_of_fuel(&self) -> Option<Outcome> {
        self.replay.stopped_outcome()
    }

    fn arguments(&self) -> Option<Vec<String>> {
        self.replay.arguments().map(<[String]>::to_vec)
    }
}
