//! For tests of this crate and of others: a header to start from, and journals in memory, which can be made to fail.
//!
//! Only with the feature `testing`, which no crate enables outside its tests.

use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wasm_agent_ids::{PolicyDigest, RunId, ToolDigest};

use crate::event::{Header, Invocation};
use crate::writer::JournalStore;

impl Header {
    /// The header of a command's run, with something in every field that is not optional.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            run_id: RunId::from_bytes([7; 16]),
            component_sha256: ToolDigest::from_bytes([1; 32]),
            component_name: "edit-files.wasm".to_owned(),
            policy_text: "version = 1\n".to_owned(),
            policy_digest: PolicyDigest::from_bytes([2; 32]),
            arguments: vec!["edit-files".to_owned(), "/notes".to_owned()],
            environment: vec![("LANG".to_owned(), "C.UTF-8".to_owned())],
            invocation: Invocation::Command,
            limits: vec![("memory-bytes".to_owned(), 256 << 20)],
            engine: "wasmtime 48.0.8".to_owned(),
            started_ns: 1_800_000_000_000_000_000,
            parent: None,
            approver: "terminal".to_owned(),
            signed_by: None,
            redaction: None,
        }
    }
}

/// A journal's bytes in memory. Clones share them, so that a test keeps one and gives the writer another.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    bytes: Arc<Mutex<Vec<u8>>>,
    /// Writes and syncs so far.
    operations: Arc<AtomicU64>,
    /// Length at the last sync.
    synced: Arc<AtomicUsize>,
    fail_at: Option<u64>,
    taken: Taken,
}

/// How much of its bytes a failing write stores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taken {
    /// None.
    Nothing,
    /// Half of them.
    #[default]
    Half,
    /// All but the last.
    NearlyAll,
}

impl Memory {
    /// A store whose write or sync with this number fails. The first operation has number 0.
    #[must_use]
    pub fn failing_at(operation: u64, taken: Taken) -> Self {
        Self { fail_at: Some(operation), taken, ..Self::default() }
    }

    /// The bytes written so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().clone()
    }

    /// How many bytes were written so far.
    #[must_use]
    pub fn length(&self) -> usize {
        self.lock().len()
    }

    /// How many bytes the last sync covered.
    #[must_use]
    pub fn synced(&self) -> usize {
        self.synced.load(Ordering::SeqCst)
    }

    /// How many writes and syncs there were.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.operations.load(Ordering::SeqCst)
    }

    /// Whether the operation that is to fail was reached.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.fail_at.is_some_and(|fail_at| self.operations() > fail_at)
    }

    /// Counts an operation; says whether it is the one that fails.
    fn fails(&self) -> bool {
        Some(self.operations.fetch_add(1, Ordering::SeqCst)) == self.fail_at
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JournalStore for Memory {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if !self.fails() {
            self.lock().extend_from_slice(bytes);
            return Ok(());
        }
        let taken = match self.taken {
            Taken::Nothing => 0,
            Taken::Half => bytes.len() / 2,
            Taken::NearlyAll => bytes.len().saturating_sub(1),
        };
        self.lock().extend_from_slice(bytes.get(..taken).unwrap_or_default());
        Err(io::ErrorKind::StorageFull.into())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        if self.fails() {
            return Err(io::Error::other("the disk is gone"));
        }
        self.synced.store(self.length(), Ordering::SeqCst);
        Ok(())
    }
}
