//! The far end of the queue: hashes payloads, frames records, seals, writes, syncs.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use crate::blob::{self, Window};
use crate::cbor;
use crate::chain::Chain;
use crate::encoded::{Keep, Slot};
use crate::error::JournalError;
use crate::event::Seal;
use crate::format::{BLOB_BYTES_MAX, FRAME_HEAD_BYTES, MAGIC, RECORD_BYTES_MAX};
use crate::payload::{Digest, write_reference};
use crate::sign::seal_message;

use super::queue::{Batch, Queued};
use super::{JournalStore, Options};

/// Bytes gathered before a write, so that small records do not cost a system call each.
const WRITE_BYTES: usize = 256 << 10;

/// Contents at least this long go to the store directly: copying them would cost more than a system call.
const DIRECT_BYTES: usize = 64 << 10;

/// The file's end, and everything that depends on it.
pub(super) struct Sink {
    store: Box<dyn JournalStore>,
    options: Options,
    /// The run's id, which every signature covers.
    run: [u8; 16],
    chain: Chain,
    /// Frames that are not written yet.
    out: Vec<u8>,
    /// How much of `out` the seal's hash has taken in or leaves out.
    absorbed: usize,
    /// Offset in the file at which `out` begins, in bytes.
    offset: u64,
    records: u64,
    since_seal: u64,
    sealed_at: Instant,
    last_seal: Digest,
    blobs: Window,
    references: Vec<u8>,
    /// The emptied batch that the next swap hands to the guest's thread.
    spare: Batch,
    failed: Option<JournalError>,
}

impl Sink {
    pub(super) fn new(store: Box<dyn JournalStore>, options: Options, run: [u8; 16], now: Instant) -> Self {
        Self {
            store,
            options,
            run,
            chain: Chain::new(),
            out: MAGIC.to_vec(),
            absorbed: MAGIC.len(),
            offset: 0,
            records: 0,
            since_seal: 0,
            sealed_at: now,
            last_seal: Digest::default(),
            blobs: Window::default(),
            references: Vec::new(),
            spare: Batch::default(),
            failed: None,
        }
    }

    /// Exchanges the emptied batch for a full one.
    pub(super) fn take_spare(&mut self) -> Batch {
        mem::take(&mut self.spare)
    }

    /// Writes a batch, seals where its records or the time ask for it, and syncs if told to.
    ///
    /// After the first error every later call returns it and writes nothing.
    pub(super) fn write(&mut self, mut batch: Batch, sync: bool, now: Instant) -> Result<(), JournalError> {
        // A store that panics leaves this behind for the next caller.
        let written = match self.failed.replace(JournalError::WriterLost) {
            Some(error) => Err(error),
            None => self.write_batch(&batch, sync, now),
        };
        if let Err(JournalError::TooLarge { .. }) = &written {
            // The store is sound: keep the records before the one that was refused.
            let _ = self.flush();
        }
        batch.clear();
        self.spare = batch;
        self.failed = written.clone().err();
        written
    }

    /// When to write again though nothing is queued, because records wait for a seal.
    pub(super) fn next_write(&self) -> Option<Instant> {
        self.seal_due().filter(|_| self.failed.is_none())
    }

    /// When the next seal is due by time, if anything waits for one.
    fn seal_due(&self) -> Option<Instant> {
        let interval = self.options.seal_interval.filter(|_| self.since_seal > 0)?;
        self.sealed_at.checked_add(interval)
    }

    /// Records, bytes and the last seal of the finished file.
    pub(super) fn totals(&self) -> (u64, u64, Digest) {
        (self.records, self.offset + cbor::wide(self.out.len()), self.last_seal)
    }

    fn write_batch(&mut self, batch: &Batch, sync: bool, now: Instant) -> Result<(), JournalError> {
        for queued in batch.records() {
            self.record(queued)?;
            if queued.seal || self.since_seal >= self.options.seal_records {
                self.seal(now)?;
            }
            if self.out.len() >= WRITE_BYTES {
                self.flush()?;
            }
        }
        if self.seal_due().is_some_and(|due| due <= now) {
            self.seal(now)?;
        }
        self.flush()?;
        if sync {
            self.store.sync_data().map_err(|source| JournalError::Sync { source: Arc::new(source) })?;
        }
        Ok(())
    }

    fn record(&mut self, queued: Queued<'_>) -> Result<(), JournalError> {
        if queued.slots.is_empty() {
            return self.frame(&[], |out| out.extend_from_slice(queued.bytes));
        }
        // Blobs first: a reference points back at what is already in the file.
        let mut payload = mem::take(&mut self.references);
        payload.clear();
        let mut from = 0;
        for slot in queued.slots {
            payload.extend_from_slice(queued.bytes.get(from..slot.at).unwrap_or_default());
            self.reference(slot, &mut payload)?;
            from = slot.at;
        }
        payload.extend_from_slice(queued.bytes.get(from..).unwrap_or_default());
        let framed = self.frame(&[], |out| out.extend_from_slice(&payload));
        self.references = payload;
        framed
    }

    /// Appends a payload's reference to `record`, and its contents to the file where they are new.
    fn reference(&mut self, slot: &Slot, record: &mut Vec<u8>) -> Result<(), JournalError> {
        let contents = &slot.contents;
        let digest = *blake3::hash(contents).as_bytes();
        let offset = match slot.keep {
            Keep::DigestOnly => None,
            Keep::Contents => Some(self.blob(digest, contents)?),
        };
        write_reference(record, &digest, contents.len(), offset);
        Ok(())
    }

    /// Stores contents unless a recent blob has them, and returns the offset of the blob's frame.
    fn blob(&mut self, digest: Digest, contents: &[u8]) -> Result<u64, JournalError> {
        if let Some(offset) = self.blobs.find(&digest) {
            return Ok(offset);
        }
        if contents.len() > BLOB_BYTES_MAX {
            return Err(JournalError::TooLarge { what: "a payload", size: contents.len(), limit: BLOB_BYTES_MAX });
        }
        let offset = self.offset + cbor::wide(self.out.len());
        self.frame(contents, |out| blob::write_prefix(out, &digest, contents.len()))?;
        self.blobs.remember(digest, offset);
        Ok(offset)
    }

    fn seal(&mut self, now: Instant) -> Result<(), JournalError> {
        self.absorb();
        self.last_seal = self.chain.seal();
        let signature = self.signature()?;
        let seal = Seal { hash: self.last_seal, records: self.records, signature };
        self.frame(&[], |out| seal.write(out))?;
        self.since_seal = 0;
        self.sealed_at = now;
        Ok(())
    }

    /// The signature of the seal that comes now, where there is a key.
    fn signature(&self) -> Result<Option<Vec<u8>>, JournalError> {
        let Some(signer) = &self.options.signer else { return Ok(None) };
        let signed = signer.sign(&seal_message(&self.run, &self.last_seal, self.records));
        signed
            .map(|signature| Some(signature.to_vec()))
            .map_err(|source| JournalError::Sign { source: Arc::new(source) })
    }

    /// Appends a frame: what `fill` writes, then `contents`, which only their digest vouches for.
    fn frame(&mut self, contents: &[u8], fill: impl FnOnce(&mut Vec<u8>)) -> Result<(), JournalError> {
        let start = self.out.len();
        self.out.extend_from_slice(&[0; FRAME_HEAD_BYTES]);
        fill(&mut self.out);
        let size = self.out.len() - start - FRAME_HEAD_BYTES + contents.len();
        let length = u32::try_from(size).ok().filter(|_| size <= RECORD_BYTES_MAX);
        let Some(length) = length else {
            self.out.truncate(start);
            return Err(JournalError::TooLarge { what: "a record", size, limit: RECORD_BYTES_MAX });
        };
        if let Some((head, payload)) = self.out.get_mut(start..).and_then(<[u8]>::split_first_chunk_mut::<4>) {
            if let Some(field) = payload.first_chunk_mut() {
                *field = length.to_le_bytes();
            }
            *head = self.chain.advance(payload).to_le_bytes();
        }
        self.records += 1;
        self.since_seal += 1;
        if contents.is_empty() { Ok(()) } else { self.contents(contents) }
    }

    /// Appends a blob's contents to the frame that was begun.
    fn contents(&mut self, contents: &[u8]) -> Result<(), JournalError> {
        self.absorb();
        if contents.len() < DIRECT_BYTES {
            self.out.extend_from_slice(contents);
            self.absorbed = self.out.len();
            return Ok(());
        }
        self.flush()?;
        self.append(contents)
    }

    /// Takes what was framed since into the seal's hash.
    fn absorb(&mut self) {
        self.chain.absorb(self.out.get(self.absorbed..).unwrap_or_default());
        self.absorbed = self.out.len();
    }

    fn flush(&mut self) -> Result<(), JournalError> {
        if self.out.is_empty() {
            return Ok(());
        }
        self.absorb();
        let out = mem::take(&mut self.out);
        let appended = self.append(&out);
        self.out = out;
        self.out.clear();
        self.absorbed = 0;
        appended
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        self.store.write_all(bytes).map_err(|source| JournalError::Write { source: Arc::new(source) })?;
        self.offset += cbor::wide(bytes.len());
        Ok(())
    }
}
