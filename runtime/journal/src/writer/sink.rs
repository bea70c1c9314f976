//! The end of the queue: hashes payloads, and has records framed, sealed, written and synced.

use std::mem;
use std::time::Instant;

use wasm_agent_ids::RunId;

use crate::blob::{self, Window};
use crate::encoded::{Contents, Keep, Slot};
use crate::error::JournalError;
use crate::format::BLOB_BYTES_MAX;
use crate::payload::{Digest, write_reference};

use super::framer::Framer;
use super::options::Options;
use super::queue::{Batch, Queued};
use super::store::JournalStore;

/// Takes batches of records from the queue.
pub(super) struct Sink {
    framer: Framer,
    options: Options,
    sealed_at: Instant,
    blobs: Window,
    references: Vec<u8>,
    /// The empty batch that the guest's thread gets in exchange for the next full one.
    spare: Batch,
    failed: Option<JournalError>,
}

impl Sink {
    pub(super) fn new(store: Box<dyn JournalStore>, options: Options, run: RunId, now: Instant) -> Self {
        Self {
            framer: Framer::new(store, options.signer.clone(), run),
            options,
            sealed_at: now,
            blobs: Window::default(),
            references: Vec::new(),
            spare: Batch::with_room(),
            failed: None,
        }
    }

    /// Exchanges the emptied batch for a full one.
    pub(super) fn take_spare(&mut self) -> Batch {
        mem::take(&mut self.spare)
    }

    /// Writes a batch. Seals if a record or the time requires it, and syncs if told to.
    ///
    /// After the first error, every later call returns it and writes nothing.
    pub(super) fn write(&mut self, mut batch: Batch, sync: bool, now: Instant) -> Result<(), JournalError> {
        // If the store panics, this stays behind for the next caller.
        let written = match self.failed.replace(JournalError::StorePanicked) {
            Some(error) => Err(error),
            None => self.write_batch(&batch, sync, now),
        };
        if let Err(JournalError::TooLarge { .. } | JournalError::Sign { .. }) = &written {
            // The store works: write the records before the one that was too large or could not be signed.
            let _ = self.framer.flush();
        }
        batch.clear();
        self.spare = batch;
        self.failed = written.clone().err();
        written
    }

    /// When to write again even if nothing is queued, because records wait for a seal.
    pub(super) fn next_write(&self) -> Option<Instant> {
        self.seal_due().filter(|_| self.failed.is_none())
    }

    /// When the next seal is due by time, if any record waits for one.
    fn seal_due(&self) -> Option<Instant> {
        let interval = self.options.seal_interval.filter(|_| self.framer.since_seal() > 0)?;
        self.sealed_at.checked_add(interval)
    }

    /// Closes the store.
    pub(super) fn close(&mut self) {
        self.framer.close();
    }

    /// Records, bytes and the last seal of the finished file.
    pub(super) fn totals(&self) -> (u64, u64, Digest) {
        (self.framer.records(), self.framer.length(), self.framer.last_seal())
    }

    fn write_batch(&mut self, batch: &Batch, sync: bool, now: Instant) -> Result<(), JournalError> {
        for queued in batch.records() {
            self.record(queued)?;
            if queued.seal || self.framer.since_seal() >= self.options.seal_records {
                self.seal(now)?;
            }
            if self.framer.is_full() {
                self.framer.flush()?;
            }
        }
        if self.seal_due().is_some_and(|due| due <= now) {
            self.seal(now)?;
        }
        self.framer.flush()?;
        if sync { self.framer.sync() } else { Ok(()) }
    }

    fn record(&mut self, queued: Queued<'_>) -> Result<(), JournalError> {
        if queued.slots.is_empty() {
            return self.framer.frame(&[], |out| out.extend_from_slice(queued.bytes));
        }
        // Blobs first: a reference points back to a blob that is in the file.
        let mut payload = mem::take(&mut self.references);
        payload.clear();
        let mut from = 0;
        for slot in queued.slots {
            payload.extend_from_slice(queued.bytes.get(from..slot.at).unwrap_or_default());
            self.reference(slot, queued.copied, &mut payload)?;
            from = slot.at;
        }
        payload.extend_from_slice(queued.bytes.get(from..).unwrap_or_default());
        let framed = self.framer.frame(&[], |out| out.extend_from_slice(&payload));
        self.references = payload;
        framed
    }

    /// Appends a payload's reference to `record`, and its contents to the file if they are new.
    fn reference(&mut self, slot: &Slot, copied: &[u8], record: &mut Vec<u8>) -> Result<(), JournalError> {
        let contents = slot.contents.of(copied);
        let digest = slot.digest.unwrap_or_else(|| *blake3::hash(contents).as_bytes());
        let offset = match slot.keep {
            Keep::DigestOnly => None,
            Keep::Contents => Some(self.blob(digest, &slot.contents, copied)?),
        };
        write_reference(record, &digest, contents.len(), offset);
        Ok(())
    }

    /// Stores contents unless a recent blob has them. Gives the offset of the blob's frame.
    fn blob(&mut self, digest: Digest, contents: &Contents, copied: &[u8]) -> Result<u64, JournalError> {
        if let Some(offset) = self.blobs.find(&digest) {
            return Ok(offset);
        }
        if contents.len() > BLOB_BYTES_MAX {
            return Err(JournalError::TooLarge { what: "a payload", size: contents.len(), limit: BLOB_BYTES_MAX });
        }
        let offset = self.framer.length();
        let prefix = |out: &mut Vec<u8>| blob::write_prefix(out, &digest, contents.len());
        match contents {
            Contents::Shared(contents) => self.framer.frame_shared(contents, prefix)?,
            Contents::Copied(_) => self.framer.frame(contents.of(copied), prefix)?,
        }
        self.blobs.remember(digest, offset);
        Ok(offset)
    }

    fn seal(&mut self, now: Instant) -> Result<(), JournalError> {
        self.framer.seal()?;
        self.sealed_at = now;
        Ok(())
    }
}
