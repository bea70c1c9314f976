//! How a journal is written.

use std::sync::Arc;
use std::time::Duration;

use crate::sign::Signer;

/// When the journal is synced to disk. A power failure loses nothing that was written before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fsync {
    /// Before every irreversible effect, and at the end of a run that had one. A run that only reads never waits for
    /// the disk.
    #[default]
    Effects,
    /// At the start, before and after every effect, at every request for approval, and at the end.
    All,
    /// Never. A crash of the process loses nothing that was written. A crash of the machine may.
    None,
}

/// How a journal is written.
#[derive(Debug, Clone)]
pub struct Options {
    /// When the journal is synced to disk. Default: [`Fsync::Effects`].
    pub fsync: Fsync,
    /// Most records between two seals. Default: 4096.
    pub seal_records: u64,
    /// Longest time that a record waits for a seal. Default: one second. `None` seals only by count and before effects,
    /// so that equal runs give equal bytes.
    pub seal_interval: Option<Duration>,
    /// Most bytes that wait to be written, payloads included. The guest waits while the queue is full. Default: 8 MiB.
    pub queue_bytes: usize,
    /// Signs every seal. Default: no signatures.
    pub signer: Option<Arc<dyn Signer>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            fsync: Fsync::default(),
            seal_records: 4096,
            seal_interval: Some(Duration::from_secs(1)),
            queue_bytes: 8 << 20,
            signer: None,
        }
    }
}
