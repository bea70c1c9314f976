//! Journals in memory, which can be made to fail.

use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wasm_agent_host::journal::JournalStore;

/// A journal's bytes, shared with the test.
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

/// What a write that fails takes in of its bytes.
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
    /// A store whose write or sync with this number, from 0, fails.
    pub fn failing_at(operation: u64, taken: Taken) -> Self {
        Self { fail_at: Some(operation), taken, ..Self::default() }
    }

    /// What was written so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How much of it was synced.
    pub fn synced(&self) -> usize {
        self.synced.load(Ordering::SeqCst)
    }

    /// Whether the operation that is to fail was reached.
    pub fn has_failed(&self) -> bool {
        self.fail_at.is_some_and(|fail_at| self.operations.load(Ordering::SeqCst) > fail_at)
    }

    fn fails(&self) -> bool {
        Some(self.operations.fetch_add(1, Ordering::SeqCst)) == self.fail_at
    }

    fn append(&self, bytes: &[u8]) {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
    }
}

impl JournalStore for Memory {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.fails() {
            let taken = match self.taken {
                Taken::Nothing => 0,
                Taken::Half => bytes.len() / 2,
                Taken::NearlyAll => bytes.len() - 1,
            };
            self.append(&bytes[..taken]);
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.append(bytes);
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        if self.fails() {
            return Err(io::Error::other("the disk is gone"));
        }
        self.synced.store(self.bytes().len(), Ordering::SeqCst);
        Ok(())
    }
}
