//! What the guest's thread needs to encode records: numbers of names, and the last time and fuel.

use std::collections::HashMap;
use std::sync::Arc;

use wasm_agent_cbor as cbor;
use wasm_agent_ids::CallId;

use crate::error::JournalError;
use crate::event::{DecisionRecord, Function, FunctionId, LabelOrText};
use crate::format::{NAME_BYTES_MAX, NAMES_MAX, kind};

use super::queue::Batch;

/// Names already defined in the file, and the time and fuel that the next record is relative to.
#[derive(Debug, Default)]
pub(super) struct Table {
    functions: HashMap<String, FunctionId>,
    labels: HashMap<Arc<str>, u64>,
    /// The last label. Most decisions of a run name the same grant, which then is not looked up by its text.
    last_label: Option<(Arc<str>, u64)>,
    at_ns: u64,
    fuel: u64,
    calls: u64,
}

impl Table {
    /// The difference in time from the record before. Records need not be in the order of time, so it may be negative.
    pub(super) fn time(&mut self, at_ns: u64) -> i64 {
        let difference = at_ns.wrapping_sub(self.at_ns).cast_signed();
        self.at_ns = at_ns;
        difference
    }

    /// The difference in fuel from the call before.
    pub(super) fn fuel(&mut self, fuel: u64) -> i64 {
        let difference = fuel.wrapping_sub(self.fuel).cast_signed();
        self.fuel = fuel;
        difference
    }

    /// How many calls were counted.
    pub(super) fn calls(&self) -> u64 {
        self.calls
    }

    /// Counts a call and returns its sequence number.
    pub(super) fn count_call(&mut self) -> CallId {
        let seq = CallId(self.calls);
        self.calls += 1;
        seq
    }

    /// The function's number. Defines it in the file at its first use.
    pub(super) fn function(&mut self, function: Function, batch: &mut Batch) -> Result<FunctionId, JournalError> {
        if let Some(id) = self.functions.get(&function.name) {
            return Ok(*id);
        }
        if !function.is_within_bounds() {
            let size = function.name.len();
            return Err(JournalError::TooLarge { what: "a function's name", size, limit: NAME_BYTES_MAX });
        }
        let defined = self.functions.len();
        let id = u32::try_from(defined).ok().filter(|_| defined < NAMES_MAX).map(FunctionId);
        let Some(id) = id else {
            return Err(JournalError::TooLarge { what: "the table of functions", size: defined + 1, limit: NAMES_MAX });
        };
        let mut record = batch.open();
        function.write(record.bytes(), id.0);
        record.close(false);
        self.functions.insert(function.name, id);
        Ok(id)
    }

    /// Grant and reason of a decision as the record names them. Defines labels in the file at their first use.
    pub(super) fn decision<'a>(
        &mut self,
        decision: &'a DecisionRecord,
        batch: &mut Batch,
    ) -> (LabelOrText<'a>, LabelOrText<'a>) {
        (self.label(decision.grant.as_ref(), batch), self.label(decision.reason.as_ref(), batch))
    }

    fn label<'a>(&mut self, text: Option<&'a Arc<str>>, batch: &mut Batch) -> LabelOrText<'a> {
        let Some(text) = text else { return LabelOrText::Absent };
        if let Some((last, number)) = &self.last_label
            && Arc::ptr_eq(last, text)
        {
            return LabelOrText::Label(*number);
        }
        if let Some(number) = self.labels.get(text) {
            self.last_label = Some((Arc::clone(text), *number));
            return LabelOrText::Label(*number);
        }
        // Past the bound, the record has the label as text: longer, but nothing is lost.
        if self.labels.len() >= NAMES_MAX || text.len() > NAME_BYTES_MAX {
            return LabelOrText::Text(text);
        }
        let number = cbor::wide(self.labels.len());
        let mut record = batch.open();
        let bytes = record.bytes();
        cbor::array(bytes, 3);
        cbor::uint(bytes, kind::LABEL.into());
        cbor::uint(bytes, number);
        cbor::text(bytes, text);
        record.close(false);
        self.labels.insert(Arc::clone(text), number);
        LabelOrText::Label(number)
    }
}
