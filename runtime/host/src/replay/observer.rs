//! Observing a replay, call by call.

use std::ops::ControlFlow;

use wasm_agent_journal::{Call, Encoded};

/// Observes a replay.
///
/// It sees the recorded calls, and the contents that the tool passes again and that the journal has only as digests.
pub trait Observer: Send {
    /// Called for each call that is as recorded, after the tool got its answer. [`ControlFlow::Break`] ends the replay
    /// there, with [`ReplayError::Halted`](super::ReplayError::Halted).
    fn answered(&mut self, call: &Replayed<'_>) -> ControlFlow<()>;
}

/// A replayed call.
#[derive(Debug)]
pub struct Replayed<'a> {
    /// The recorded call. Long contents in its outcome are references into the journal.
    pub call: &'a Call,
    /// The reason in force, in the tool's own words: the last one it declared, in this call or before.
    pub intent: Option<&'a str>,
    asked: &'a Encoded,
}

impl<'a> Replayed<'a> {
    pub(crate) fn new(call: &'a Call, intent: Option<&'a str>, asked: &'a Encoded) -> Self {
        Self { call, intent, asked }
    }

    /// The arguments that the tool passed: one CBOR array as in the record, but with all contents in place as byte
    /// strings.
    #[must_use]
    pub fn arguments(&self) -> Vec<u8> {
        self.asked.to_inline()
    }
}
