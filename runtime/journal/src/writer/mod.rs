//! [`Writer`]: takes events from the guest's thread and writes them as a journal.

mod framer;
mod memory;
mod options;
mod pool;
mod queue;
mod shared;
mod sink;
mod store;
mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use wasm_agent_ids::CallId;

use crate::encoded::Encoded;
use crate::error::JournalError;
use crate::event::{
    ApprovalAsked, ApprovalSettled, CallEvent, DecisionRecord, End, Function, FunctionId, Header, Intent, Note,
    OutcomeEvent, write_outcome,
};
use crate::item;
use crate::payload::Digest;

pub use options::{Fsync, Options};
pub use store::JournalStore;

pub(crate) use framer::{Framer, WRITE_BYTES};

use queue::{Batch, check_item};
use shared::{Shared, State};
use sink::Sink;

/// Estimated size of a record's fixed fields, in bytes, for the bound of the queue.
const FIELDS_BYTES: usize = 64;

/// A finished journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Records, the final seal included.
    pub records: u64,
    /// Length of the file, in bytes.
    pub bytes: u64,
    /// Hash of the final seal, which covers everything before it.
    pub seal: Digest,
    /// Most bytes that waited in one batch, payloads included.
    pub queued_bytes_high: usize,
}

/// Writes one journal.
///
/// Handing over an event encodes it into a queue. A few threads, shared by all writers of the process, hash, frame,
/// seal and write the queue: within milliseconds, or at once when there is much. A run that ends before that writes its
/// own queue. Intents and requests for approval wait until they are in the file, because the tool must not go on
/// before. After an error every call returns that error, and nothing more is written.
///
/// Dropping an unfinished writer writes the queue and leaves the file without an end, like a killed run.
pub struct Writer {
    shared: Arc<Shared>,
    fsync: Fsync,
    /// Whether there was an irreversible effect, so that the end has to be synced too.
    irreversible: AtomicBool,
}

impl Writer {
    /// Begins a journal: writes the header and a first seal.
    ///
    /// # Errors
    ///
    /// When the header could not be written, or with [`Fsync::All`] not synced.
    pub fn create(store: impl JournalStore + 'static, header: &Header, options: Options) -> Result<Self, JournalError> {
        let Options { fsync, queue_bytes, .. } = options;
        let signed_by = options.signer.as_ref().map(|signer| signer.public_key());
        let changed;
        let header = if header.signed_by == signed_by {
            header
        } else {
            changed = Header { signed_by, ..header.clone() };
            &changed
        };
        #[expect(clippy::disallowed_methods, reason = "times writing; no record has the time")]
        let sink = Sink::new(Box::new(store), options, header.run_id, Instant::now());
        // Half of the bound for the batch that fills, half for the one that is being written.
        let shared = Arc::new(Shared::new(sink, queue_bytes / 2));
        shared.write(FIELDS_BYTES, fsync == Fsync::All, |state| {
            state.record(true, |bytes, _| header.write(bytes));
            Ok(())
        })?;
        Ok(Self { shared, fsync, irreversible: AtomicBool::new(false) })
    }

    /// The number of a function, such as `wasi:clocks/wall-clock#now`. The journal defines it at the first call.
    ///
    /// # Errors
    ///
    /// When a name or the table exceeds the format's bounds, or the journal has failed.
    pub fn intern(&self, name: &str, parameters: &[&str]) -> Result<FunctionId, JournalError> {
        let parameters = parameters.iter().map(|&parameter| parameter.to_owned()).collect();
        let function = Function { name: name.to_owned(), parameters };
        self.shared.push(FIELDS_BYTES, |state| state.table.function(function, &mut state.batch))
    }

    /// Records a call, and returns its sequence number. Reaches the file a few milliseconds later.
    ///
    /// # Errors
    ///
    /// When arguments or outcome are not whole, the decision's action is not one CBOR item, or the journal has failed.
    pub fn call(&self, event: &CallEvent<'_>) -> Result<CallId, JournalError> {
        let action = event.decision.map_or(Ok(0), check_decision)?;
        let size = check_item("arguments", event.arguments)? + check_item("outcome", event.outcome)? + FIELDS_BYTES;
        let (asked, answered) = (self.digests(event.arguments), self.digests(event.outcome));
        self.shared.push(size + action, |state| {
            let State { batch, table, .. } = state;
            let labels = event.decision.map(|decision| (decision, table.decision(decision, batch)));
            let mut record = batch.open();
            event.write_start(record.bytes(), table.time(event.at_ns), table.fuel(event.fuel));
            record.item(event.arguments, &asked);
            record.item(event.outcome, &answered);
            if let Some((decision, (grant, reason))) = labels {
                decision.write(record.bytes(), grant, reason);
            }
            record.close(false);
            Ok(table.count_call())
        })
    }

    /// How many calls were recorded. That is also the sequence number of the next call, which an [`Intent`] needs
    /// before the call is recorded.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.shared.calls()
    }

    /// Records an intent. Returns once it is in the file under a seal, and synced if `fsync` requires it. Only then may
    /// the effect happen.
    ///
    /// # Errors
    ///
    /// When the action is not one CBOR item, or any of that failed.
    pub fn intent(&self, intent: &Intent) -> Result<(), JournalError> {
        check_action(&intent.action)?;
        let action = check_decision(&intent.decision)?;
        if intent.irreversible {
            self.irreversible.store(true, Ordering::Relaxed);
        }
        let sync = match self.fsync {
            Fsync::Effects => intent.irreversible,
            Fsync::All => true,
            Fsync::None => false,
        };
        self.shared.write(intent.action.len() + action + FIELDS_BYTES, sync, |state| {
            let State { batch, table, .. } = state;
            let (grant, reason) = table.decision(&intent.decision, batch);
            let mut record = batch.open();
            intent.write(record.bytes(), table.time(intent.at_ns), grant, reason);
            record.close(true);
            Ok(())
        })
    }

    /// Records the end of an effect.
    ///
    /// # Errors
    ///
    /// When `extra` is not whole, or the journal has failed.
    pub fn outcome(&self, event: &OutcomeEvent<'_>) -> Result<(), JournalError> {
        let extra = event.extra.map_or(Ok(0), |extra| check_item("outcome", extra))?;
        let size = extra + event.detail.map_or(0, str::len) + FIELDS_BYTES;
        let encode = |state: &mut State| {
            let State { batch, table, .. } = state;
            let mut record = batch.open();
            write_outcome(event, event.extra.is_some(), record.bytes(), table.time(event.at_ns));
            if let Some(extra) = event.extra {
                record.item(extra, &[]);
            }
            record.close(self.fsync == Fsync::All);
            Ok(())
        };
        if self.fsync == Fsync::All { self.shared.write(size, true, encode) } else { self.shared.push(size, encode) }
    }

    /// Records a request for approval. Returns once it is in the file, so that a run that is killed while it waits
    /// shows the request.
    ///
    /// # Errors
    ///
    /// When the action is not one CBOR item, or the journal has failed.
    pub fn approval_asked(&self, asked: &ApprovalAsked) -> Result<(), JournalError> {
        check_action(&asked.action)?;
        self.shared.write(asked.action.len() + FIELDS_BYTES, self.fsync == Fsync::All, |state| {
            state.record(true, |bytes, table| asked.write(bytes, table.time(asked.at_ns)));
            Ok(())
        })
    }

    /// Records the answer to a request for approval.
    ///
    /// # Errors
    ///
    /// When the journal has failed.
    pub fn approval_settled(&self, settled: &ApprovalSettled) -> Result<(), JournalError> {
        self.push_record(0, |bytes, table| settled.write(bytes, table.time(settled.at_ns)))
    }

    /// Records a remark of the host.
    ///
    /// # Errors
    ///
    /// When the journal has failed.
    pub fn note(&self, note: &Note) -> Result<(), JournalError> {
        let size = note.name.len() + note.text.len();
        self.push_record(size, |bytes, table| note.write(bytes, table.time(note.at_ns)))
    }

    /// Ends the journal: writes the queue, the end and the final seal, and syncs if `fsync` requires it.
    ///
    /// # Errors
    ///
    /// When any of that failed, or an earlier call did.
    pub fn finish(self, end: &End) -> Result<Summary, JournalError> {
        let sync = match self.fsync {
            Fsync::Effects => self.irreversible.load(Ordering::Relaxed),
            Fsync::All => true,
            Fsync::None => false,
        };
        self.shared.write(FIELDS_BYTES, sync, |state| {
            state.record(true, |bytes, table| end.write(bytes, table.time(end.at_ns)));
            Ok(())
        })?;
        let ((records, bytes, seal), queued_bytes_high) = self.shared.totals();
        Ok(Summary { records, bytes, seal, queued_bytes_high })
    }

    /// Digests of payloads, computed here if the writing threads are behind, as the guest would only wait for them.
    fn digests(&self, item: &Encoded) -> Vec<Digest> {
        let (_, slots) = item.parts();
        if slots.is_empty() || !self.shared.is_behind() {
            return Vec::new();
        }
        slots.iter().map(|slot| *blake3::hash(slot.contents.of(item.copied())).as_bytes()).collect()
    }

    fn push_record(
        &self,
        size: usize,
        write: impl FnOnce(&mut Vec<u8>, &mut table::Table),
    ) -> Result<(), JournalError> {
        self.shared.push(size + FIELDS_BYTES, |state| {
            state.record(false, write);
            Ok(())
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

impl State {
    /// Queues one record without payloads.
    fn record(&mut self, seal: bool, write: impl FnOnce(&mut Vec<u8>, &mut table::Table)) {
        let Self { batch, table, .. } = self;
        let mut record = Batch::open(batch);
        write(record.bytes(), table);
        record.close(seal);
    }
}

fn check_action(action: &[u8]) -> Result<(), JournalError> {
    if item::is_item(action) { Ok(()) } else { Err(JournalError::NotAnItem { what: "action" }) }
}

/// Checks the action in a decision, if there is one, and gives its length.
fn check_decision(decision: &DecisionRecord) -> Result<usize, JournalError> {
    let Some(action) = &decision.action else { return Ok(0) };
    check_action(action).map(|()| action.len())
}
