//! A host call as a value. The run holds no part of it, so several can be under way.

use std::time::Instant;

use wasm_agent_journal::{DecisionRecord, Encoded};
use wasm_agent_policy::Asker;

use super::function::Function;

/// A host call, from when the guest makes it until it is answered.
pub(crate) struct Call {
    /// The run, and the call's number in it.
    pub(crate) asker: Asker,
    pub(crate) function: &'static Function,
    pub(crate) arguments: Encoded,
    /// Fuel used up when the guest made the call.
    pub(crate) fuel: u64,
    pub(crate) started: Instant,
    /// How many crossings to the host the guest was inside of when it made the call, this one included.
    pub(crate) depth: u32,
    /// Whether the guest may have to wait for the answer.
    pub(crate) blocking: bool,
    pub(crate) decision: Option<DecisionRecord>,
}

impl Call {
    /// Sets the decision that the call is recorded with.
    pub(crate) fn decided(&mut self, decision: DecisionRecord) {
        self.decision = Some(decision);
    }

    /// The same as [`decided`](Self::decided), for [`Gate::effect`](crate::gate::Gate::effect). It returns a future
    /// that is ready.
    pub(crate) fn noted(&mut self, decision: DecisionRecord) -> std::future::Ready<()> {
        self.decided(decision);
        std::future::ready(())
    }
}
