//! [`Framer`]: frames, chains, seals and writes encoded records.

use std::io::{self, IoSlice};
use std::mem;
use std::sync::Arc;

use bytes::Bytes;
use wasm_agent_cbor as cbor;
use wasm_agent_ids::RunId;

use crate::chain::Chain;
use crate::error::JournalError;
use crate::event::Seal;
use crate::format::{FRAME_HEAD_BYTES, MAGIC, RECORD_BYTES_MAX};
use crate::payload::Digest;
use crate::sign::{Signer, seal_message};

use super::JournalStore;

/// Bytes of frames that are gathered before a write, so that a small record does not cost a system call.
pub(crate) const WRITE_BYTES: usize = 256 << 10;

/// Bytes of contents that are gathered before a write. Longer writes are not faster.
const HELD_BYTES: usize = 1 << 20;

/// Initial room for frames, in bytes: enough for a run of a few calls.
const SMALL_BYTES: usize = 4 << 10;

/// Contents at least this long go to the store directly, in bytes: a copy would cost more than a system call.
const DIRECT_BYTES: usize = 64 << 10;

/// Shared contents at least this long are gathered without a copy, in bytes.
const SHARED_BYTES: usize = 16 << 10;

/// The end of the file, and everything that depends on its position.
pub(crate) struct Framer {
    store: Box<dyn JournalStore>,
    signer: Option<Arc<dyn Signer>>,
    /// The run's id, which every signature covers.
    run: RunId,
    chain: Chain,
    /// Frames that are not written yet, without the contents in `held`.
    out: Vec<u8>,
    /// Contents that are not written yet. Each belongs before the given position of `out`.
    held: Vec<(usize, Bytes)>,
    /// Bytes in `held`.
    held_bytes: usize,
    /// How much of `out` the seal's hash has covered or skipped.
    absorbed: usize,
    /// Offset in the file of the first byte of `out`.
    offset: u64,
    records: u64,
    since_seal: u64,
    last_seal: Digest,
}

impl Framer {
    /// A file with only the magic, which is written with the first records.
    pub(crate) fn new(store: Box<dyn JournalStore>, signer: Option<Arc<dyn Signer>>, run: RunId) -> Self {
        let mut out = Vec::with_capacity(SMALL_BYTES);
        out.extend_from_slice(MAGIC.as_slice());
        Self {
            store,
            signer,
            run,
            chain: Chain::new(),
            out,
            held: Vec::new(),
            held_bytes: 0,
            absorbed: MAGIC.len(),
            offset: 0,
            records: 0,
            since_seal: 0,
            last_seal: Digest::default(),
        }
    }

    /// Length of the file, gathered bytes included: the offset of the next frame, in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.offset + cbor::wide(self.gathered())
    }

    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// Records after the last seal.
    pub(crate) fn since_seal(&self) -> u64 {
        self.since_seal
    }

    pub(crate) fn last_seal(&self) -> Digest {
        self.last_seal
    }

    /// Gathered bytes.
    pub(crate) fn gathered(&self) -> usize {
        self.out.len() + self.held_bytes
    }

    /// Whether enough is gathered for a write.
    pub(super) fn is_full(&self) -> bool {
        self.out.len() >= WRITE_BYTES || self.held_bytes >= HELD_BYTES
    }

    /// Seals everything so far.
    pub(crate) fn seal(&mut self) -> Result<(), JournalError> {
        self.absorb();
        self.last_seal = self.chain.seal();
        let signature = self.signature()?;
        let seal = Seal { hash: self.last_seal, records: self.records, signature };
        self.frame(&[], |out| seal.write(out))?;
        self.since_seal = 0;
        Ok(())
    }

    /// Appends a seal of the same bytes in another journal, with its signature.
    pub(crate) fn copy_seal(&mut self, payload: &[u8]) -> Result<(), JournalError> {
        self.absorb();
        self.last_seal = self.chain.seal();
        self.frame(&[], |out| out.extend_from_slice(payload))?;
        self.since_seal = 0;
        Ok(())
    }

    /// Appends a frame: what `fill` writes, then `contents`, which only their digest covers.
    pub(crate) fn frame(&mut self, contents: &[u8], fill: impl FnOnce(&mut Vec<u8>)) -> Result<(), JournalError> {
        self.begin(contents.len(), fill)?;
        if contents.len() < DIRECT_BYTES {
            self.copy(contents);
            return Ok(());
        }
        self.flush()?;
        self.append(contents)
    }

    /// As [`frame`](Self::frame), with shared contents.
    pub(super) fn frame_shared(
        &mut self,
        contents: &Bytes,
        fill: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), JournalError> {
        self.begin(contents.len(), fill)?;
        if contents.len() < SHARED_BYTES {
            self.copy(contents);
        } else {
            self.held_bytes += contents.len();
            self.held.push((self.out.len(), contents.clone()));
        }
        Ok(())
    }

    /// Appends a frame up to its contents.
    fn begin(&mut self, contents: usize, fill: impl FnOnce(&mut Vec<u8>)) -> Result<(), JournalError> {
        let start = self.out.len();
        self.out.extend_from_slice(&[0; FRAME_HEAD_BYTES]);
        fill(&mut self.out);
        let size = self.out.len() - start - FRAME_HEAD_BYTES + contents;
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
        Ok(())
    }

    /// Appends a blob's contents to the frame that was begun.
    fn copy(&mut self, contents: &[u8]) {
        if contents.is_empty() {
            return;
        }
        self.absorb();
        self.out.extend_from_slice(contents);
        self.absorbed = self.out.len();
    }

    /// Adds the new frames to the seal's hash.
    fn absorb(&mut self) {
        self.chain.absorb(self.out.get(self.absorbed..).unwrap_or_default());
        self.absorbed = self.out.len();
    }

    /// Writes the gathered bytes.
    pub(crate) fn flush(&mut self) -> Result<(), JournalError> {
        if self.out.is_empty() {
            return Ok(());
        }
        self.absorb();
        let out = mem::take(&mut self.out);
        let held = mem::take(&mut self.held);
        let appended = if held.is_empty() { self.append(&out) } else { self.append_parts(&out, &held) };
        self.out = out;
        self.out.clear();
        self.held = held;
        self.held.clear();
        self.held_bytes = 0;
        self.absorbed = 0;
        appended
    }

    /// Closes the store. Gathered bytes are lost.
    pub(super) fn close(&mut self) {
        self.store = Box::new(Closed);
    }

    /// Syncs the written bytes to disk.
    pub(crate) fn sync(&mut self) -> Result<(), JournalError> {
        self.store.sync_data().map_err(|source| JournalError::Sync { source: Arc::new(source) })
    }

    /// The signature of the seal that comes next, if there is a key.
    fn signature(&self) -> Result<Option<Vec<u8>>, JournalError> {
        let Some(signer) = &self.signer else { return Ok(None) };
        let signed = signer.sign(&seal_message(self.run, &self.last_seal, self.records));
        signed
            .map(|signature| Some(signature.to_vec()))
            .map_err(|source| JournalError::Sign { source: Arc::new(source) })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        self.store.write_all(bytes).map_err(|source| JournalError::Write { source: Arc::new(source) })?;
        self.offset += cbor::wide(bytes.len());
        Ok(())
    }

    /// Writes frames, with each of the contents at its position.
    fn append_parts(&mut self, out: &[u8], held: &[(usize, Bytes)]) -> Result<(), JournalError> {
        let mut parts = Vec::with_capacity(2 * held.len() + 1);
        let mut from = 0;
        for (at, contents) in held {
            parts.push(IoSlice::new(out.get(from..*at).unwrap_or_default()));
            parts.push(IoSlice::new(contents));
            from = *at;
        }
        parts.push(IoSlice::new(out.get(from..).unwrap_or_default()));
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.store.write_all_parts(&mut parts).map_err(|source| JournalError::Write { source: Arc::new(source) })?;
        self.offset += cbor::wide(length);
        Ok(())
    }
}

/// Stands in for a store that was closed.
struct Closed;

impl JournalStore for Closed {
    fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::Error::other("the journal is closed"))
    }

    fn sync_data(&mut self) -> io::Result<()> {
        Err(io::Error::other("the journal is closed"))
    }
}
