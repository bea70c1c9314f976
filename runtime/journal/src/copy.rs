//! [`Copier`]: writes a journal from the records of another one, and keeps their numbers and times.

use std::collections::HashMap;
use std::sync::Arc;

use wasm_agent_cbor as cbor;

use crate::blob;
use crate::error::JournalError;
use crate::event::{Call, DecisionRecord, Event, Header, LabelOrText, OutcomeEvent, write_outcome};
use crate::format::{BLOB_BYTES_MAX, kind};
use crate::payload::Digest;
use crate::writer::{Framer, JournalStore, Summary, WRITE_BYTES};

/// Writes a journal from events as a [`Reader`](crate::Reader) gives them. The caller may change them in between.
///
/// Reads no clock and starts no thread, so equal events give equal bytes. It seals where the caller passes a seal, and
/// does not sign. Its memory is bounded as a reader's tables are.
pub struct Copier {
    framer: Framer,
    functions: HashMap<String, u64>,
    labels: HashMap<Arc<str>, u64>,
    at_ns: u64,
    fuel: u64,
    /// The record that is being written.
    payload: Vec<u8>,
}

impl Copier {
    /// Writes the header, without a key.
    ///
    /// # Errors
    ///
    /// When the header is too large for a record.
    pub fn create(store: impl JournalStore + 'static, header: &Header) -> Result<Self, JournalError> {
        let header = Header { signed_by: None, ..header.clone() };
        let mut framer = Framer::new(Box::new(store), None, header.run_id);
        framer.frame(&[], |out| header.write(out))?;
        let (functions, labels) = (HashMap::new(), HashMap::new());
        Ok(Self { framer, functions, labels, at_ns: 0, fuel: 0, payload: Vec::new() })
    }

    /// Appends a record. A seal is computed again, over the records of this copy.
    ///
    /// # Errors
    ///
    /// When it can't be written. Headers and blobs are refused: they have functions of their own.
    pub fn record(&mut self, event: &Event) -> Result<(), JournalError> {
        if matches!(event, Event::Seal(_)) {
            self.framer.seal()?;
        } else {
            self.payload.clear();
            self.encode(event)?;
            let payload = &self.payload;
            self.framer.frame(&[], |out| out.extend_from_slice(payload))?;
        }
        if self.framer.gathered() >= WRITE_BYTES { self.framer.flush() } else { Ok(()) }
    }

    /// Appends a blob, and returns its offset.
    ///
    /// # Errors
    ///
    /// When it is too large for a record, or can't be written.
    pub fn blob(&mut self, digest: &Digest, contents: &[u8]) -> Result<u64, JournalError> {
        if contents.len() > BLOB_BYTES_MAX {
            return Err(JournalError::TooLarge { what: "a payload", size: contents.len(), limit: BLOB_BYTES_MAX });
        }
        let offset = self.framer.length();
        self.framer.frame(contents, |out| blob::write_prefix(out, digest, contents.len()))?;
        Ok(offset)
    }

    /// Writes the remaining bytes and syncs them to disk.
    ///
    /// # Errors
    ///
    /// When that fails.
    pub fn finish(mut self) -> Result<Summary, JournalError> {
        let queued_bytes_high = self.framer.gathered();
        self.framer.flush()?;
        self.framer.sync()?;
        let (records, bytes, seal) = (self.framer.records(), self.framer.length(), self.framer.last_seal());
        Ok(Summary { records, bytes, seal, queued_bytes_high })
    }

    fn encode(&mut self, event: &Event) -> Result<(), JournalError> {
        match event {
            Event::Header(_) | Event::Blob(_) | Event::Seal(_) => {
                return Err(JournalError::NotAnItem { what: "a header or blob" });
            }
            Event::Function { id, function } => {
                self.functions.entry(function.name.clone()).or_insert(*id);
                function.write(&mut self.payload, u32::try_from(*id).unwrap_or(u32::MAX));
            }
            Event::Label { id, text } => {
                self.labels.entry(Arc::clone(text)).or_insert(*id);
                cbor::array(&mut self.payload, 3);
                cbor::uint(&mut self.payload, kind::LABEL.into());
                cbor::uint(&mut self.payload, *id);
                cbor::text(&mut self.payload, text);
            }
            Event::Call(call) => self.call(call),
            Event::Intent(intent) => {
                let time = self.time(intent.at_ns);
                let (grant, reason) = names(&self.labels, &intent.decision);
                intent.write(&mut self.payload, time, grant, reason);
            }
            Event::Outcome(outcome) => {
                let time = self.time(outcome.at_ns);
                let event = OutcomeEvent {
                    effect: outcome.effect,
                    at_ns: outcome.at_ns,
                    result: outcome.result,
                    detail: outcome.detail.as_deref(),
                    extra: None,
                };
                write_outcome(&event, outcome.extra.is_some(), &mut self.payload, time);
                self.payload.extend_from_slice(outcome.extra.as_deref().unwrap_or_default());
            }
            Event::ApprovalAsked(asked) => {
                let time = self.time(asked.at_ns);
                asked.write(&mut self.payload, time);
            }
            Event::ApprovalSettled(settled) => {
                let time = self.time(settled.at_ns);
                settled.write(&mut self.payload, time);
            }
            Event::Note(note) => {
                let time = self.time(note.at_ns);
                note.write(&mut self.payload, time);
            }
            Event::End(end) => {
                let time = self.time(end.at_ns);
                end.write(&mut self.payload, time);
            }
        }
        Ok(())
    }

    fn call(&mut self, call: &Call) {
        let time = self.time(call.at_ns);
        let fuel = call.fuel.wrapping_sub(self.fuel).cast_signed();
        self.fuel = call.fuel;
        let function = self.functions.get(&call.function.name).copied().unwrap_or_default();
        let out = &mut self.payload;
        cbor::array(out, 7 + usize::from(call.decision.is_some()));
        cbor::uint(out, kind::CALL.into());
        cbor::int(out, time);
        cbor::uint(out, function);
        cbor::int(out, fuel);
        cbor::uint(out, call.duration_ns);
        out.extend_from_slice(&call.arguments);
        out.extend_from_slice(&call.outcome);
        if let Some(decision) = &call.decision {
            let (grant, reason) = names(&self.labels, decision);
            decision.write(out, grant, reason);
        }
    }

    fn time(&mut self, at_ns: u64) -> i64 {
        let difference = at_ns.wrapping_sub(self.at_ns).cast_signed();
        self.at_ns = at_ns;
        difference
    }
}

/// Grant and reason by their numbers where the copy has defined them, and as texts otherwise.
fn names<'a>(labels: &HashMap<Arc<str>, u64>, decision: &'a DecisionRecord) -> (LabelOrText<'a>, LabelOrText<'a>) {
    let name = |text: &'a Option<Arc<str>>| match text {
        None => LabelOrText::Absent,
        Some(text) => labels.get(text).map_or(LabelOrText::Text(text), |number| LabelOrText::Label(*number)),
    };
    (name(&decision.grant), name(&decision.reason))
}
