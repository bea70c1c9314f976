//! The journal of a live run, and its size limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasm_agent_journal::{
    ApprovalAsked, ApprovalSettled, CallEvent, Encoded, FunctionId, Intent, JournalError, Note, OutcomeEvent, Writer,
};

use super::Session;

/// The journal of a live run. A journal that can't be written, or is full, ends the run.
pub(crate) struct Ledger {
    session: Arc<Session>,
    journal: Writer,
    /// Bytes written to it, approximately.
    recorded: AtomicU64,
    bytes_max: u64,
}

impl Ledger {
    pub(crate) fn new(session: Arc<Session>, journal: Writer, bytes_max: u64) -> Self {
        Self { session, journal, recorded: AtomicU64::new(0), bytes_max }
    }

    /// Takes the journal out, to end it.
    pub(crate) fn into_journal(self) -> Writer {
        self.journal
    }

    /// Counts bytes that are about to be written to the journal, and ends a run that reaches the limit.
    pub(crate) fn count(&self, bytes: usize) -> wasmtime::Result<()> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let before = self.recorded.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.bytes_max {
            return Err(self.session.ending.limit("journal"));
        }
        Ok(())
    }

    fn written<T>(&self, result: Result<T, JournalError>) -> wasmtime::Result<T> {
        result.map_err(|error| self.session.ending.journal(error))
    }

    pub(crate) fn intern(&self, name: &str, parameters: &[&str]) -> wasmtime::Result<FunctionId> {
        self.written(self.journal.intern(name, parameters))
    }

    pub(crate) fn call(&self, call: &CallEvent<'_>) -> wasmtime::Result<()> {
        self.written(self.journal.call(call)).map(drop)
    }

    pub(super) fn asked(&self, asked: &ApprovalAsked) -> wasmtime::Result<()> {
        // A question that is refused leaves no intent, and its action can be far longer than the call that asked.
        self.count(asked.action.len())?;
        self.written(self.journal.approval_asked(asked))
    }

    pub(super) fn settled(&self, settled: &ApprovalSettled) -> wasmtime::Result<()> {
        self.written(self.journal.approval_settled(settled))
    }

    pub(super) fn intent(&self, intent: &Intent) -> wasmtime::Result<()> {
        self.count(intent.action.len())?;
        self.written(self.journal.intent(intent))
    }

    pub(super) fn outcome(&self, outcome: &OutcomeEvent<'_>) -> wasmtime::Result<()> {
        self.written(self.journal.outcome(outcome))
    }

    /// Records a message of the host.
    pub(crate) fn note(&self, name: &str, text: &str) -> wasmtime::Result<()> {
        self.count(text.len())?;
        let note = Note { at_ns: self.session.now_ns(), name: name.to_owned(), text: text.to_owned() };
        self.written(self.journal.note(&note))
    }
}

/// Optional details of an effect's outcome, for its record.
#[derive(Clone, Default)]
pub(crate) struct Extra {
    pub(crate) detail: Option<String>,
    pub(crate) fields: Option<Encoded>,
}
