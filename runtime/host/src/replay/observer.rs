//! Watching a replay, call by call.

use std::ops::ControlFlow;

use wasm_agent_journal::{Call, Encoded};

/// Watches a replay.
///
/// It sees what the journal holds, and what the tool hands over again: contents that are recorded by digest only.
pub trait Observer: Send {
    /// Takes a call that is as it was recorded, and that the tool has its answer to. [`ControlFlow::Break`] ends the
    /// replay there, with [`ReplayError::Halted`](super::ReplayError::Halted).
    fn answered(&mut self, call: &Replayed<'_>) -> ControlFlow<()>;
}

/// A call that was made again.
#[derive(Debug)]
pub struct Replayed<'a> {
    /// The call as it is recorded. Its outcome names long contents by where the journal keeps them.
    pub call: &'a Call,
    /// The reason in force, in the tool's words: the last one it declared, by this call at the latest.
    pub intent: Option<&'a str>,
    asked: &'a Encoded,
}

impl<'a> Replayed<'a> {
    pub(crate) fn new(call: &'a Call, intent: Option<&'a str>, asked: &'a Encoded) -> Self {
        Self { call, intent, asked }
    }

    /// The arguments as the tool gave them: one CBOR array as in the record, with all contents in place as byte
    /// strings.
    #[must_use]
    pub fn arguments(&self) -> Vec<u8> {
        self.asked.to_inline()
    }
}
