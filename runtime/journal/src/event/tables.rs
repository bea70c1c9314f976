//! What a reader keeps from one record to the next: names, and the values that later records are relative to.

use std::sync::Arc;

use minicbor::{Decoder, decode};
use wasm_agent_ids::CallId;

use super::function::Function;
use crate::item;

/// What a reader keeps from earlier records. The format bounds its size, not the journal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tables {
    pub(super) functions: Vec<Arc<Function>>,
    pub(super) labels: Vec<Arc<str>>,
    calls: u64,
    fuel: u64,
    at_ns: u64,
    /// Reused memory for the arguments and the outcome of the next call.
    spare: Option<(Vec<u8>, Vec<u8>)>,
}

/// Longest arguments and outcome whose memory is reused, in bytes.
const SPARE_BYTES_MAX: usize = 64 << 10;

impl Tables {
    /// Takes back the memory of arguments and an outcome that are no longer needed.
    pub(crate) fn reuse(&mut self, arguments: Vec<u8>, outcome: Vec<u8>) {
        if arguments.capacity().max(outcome.capacity()) <= SPARE_BYTES_MAX {
            self.spare = Some((arguments, outcome));
        }
    }

    /// Copies the arguments and the outcome of a call, into reused memory if there is some.
    pub(super) fn owned(&mut self, arguments: &[u8], outcome: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (mut owned_arguments, mut owned_outcome) = self.spare.take().unwrap_or_default();
        owned_arguments.clear();
        owned_arguments.extend_from_slice(arguments);
        owned_outcome.clear();
        owned_outcome.extend_from_slice(outcome);
        (owned_arguments, owned_outcome)
    }

    pub(super) fn function(&self, id: u64) -> Option<&Arc<Function>> {
        self.functions.get(usize::try_from(id).ok()?)
    }

    pub(super) fn label(&self, id: u64) -> Option<Arc<str>> {
        self.labels.get(usize::try_from(id).ok()?).cloned()
    }

    /// Reads a time, which is stored as the difference from the record before.
    pub(super) fn time(&mut self, decoder: &mut Decoder<'_>) -> Result<u64, decode::Error> {
        Ok(self.add_time(decoder.i64()?))
    }

    pub(super) fn add_time(&mut self, difference: i64) -> u64 {
        self.at_ns = self.at_ns.wrapping_add_signed(difference);
        self.at_ns
    }

    /// Adds a difference in fuel from the call before.
    pub(super) fn add_fuel(&mut self, difference: i64) -> u64 {
        self.fuel = self.fuel.wrapping_add_signed(difference);
        self.fuel
    }

    pub(super) fn next_call(&mut self) -> CallId {
        let seq = CallId(self.calls);
        self.calls += 1;
        seq
    }
}

/// Reads one item without decoding it.
pub(super) fn raw_item(decoder: &mut Decoder<'_>) -> Result<Vec<u8>, decode::Error> {
    let position = decoder.position();
    let item = decoder.input().get(position..).and_then(item::split_item);
    let Some((item, _)) = item else {
        return Err(decode::Error::message("no whole item of this format").at(position));
    };
    decoder.set_position(position + item.len());
    Ok(item.to_vec())
}
