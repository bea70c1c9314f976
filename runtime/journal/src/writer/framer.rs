//! [`Framer`]: frames, chains, seals and writes records that are already encoded.

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

/// Bytes gathered before a write, so that small records do not cost a system call each.
pub(crate) const WRITE_BYTES: usize = 256 << 10;

/// Contents gathered before a write, in bytes. From there on longer writes are no quicker.
const HELD_BYTES: usize = 1 << 20;

/// Room for frames that a file begins with, in bytes: that of a run which makes a few calls.
const SMALL_BYTES: usize = 4 << 10;

/// Contents at least this long go to the store directly: copying them would cost more than a system call.
const DIRECT_BYTES: usize = 64 << 10;

/// Shared contents at least this long are gathered without being copied.
const SHARED_BYTES: usize = 16 << 10;

/// The file's end, and everything that depends on it.
pub(crate) struct Framer {
    store: Box<dyn JournalStore>,
    signer: Option<Arc<dyn Signer>>,
    /// The run's id, which every signature covers.
    run: RunId,
    chain: Chain,
    /// Frames that are not written yet, but for what is in `held`.
    out: Vec<u8>,
    /// Contents that are not written yet: each stands in the file before the byte of `out` that is named.
    held: Vec<(usize, Bytes)>,
    /// Bytes in `held`.
    held_bytes: usize,
    /// How much of `out` the seal's hash has taken in or leaves out.
    absorbed: usize,
    /// Offset in the file at which `out` begins, in bytes.
    offset: u64,
    records: u64,
    since_seal: u64,
    last_seal: Digest,
}

impl Framer {
    /// A file with nothing but the magic, which is written with the first records.
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

    /// Length of the file with what is not written yet: the offset of the next frame, in bytes.
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

    /// Bytes that wait to be written.
    pub(crate) fn gathered(&self) -> usize {
        self.out.len() + self.held_bytes
    }

    /// Whether enough waits for a write to be worth it.
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

    /// Appends a seal that was made over the same bytes, signature and all.
    pub(crate) fn copy_seal(&mut self, payload: &[u8]) -> Result<(), JournalError> {
        self.absorb();
        self.last_seal = self.chain.seal();
        self.frame(&[], |out| out.extend_from_slice(payload))?;
        self.since_seal = 0;
        Ok(())
    }

    /// Appends a frame: what `fill` writes, then `contents`, which only their digest vouches for.
    pub(crate) fn frame(&mut self, contents: &[u8], fill: impl FnOnce(&mut Vec<u8>)) -> Result<(), JournalError> {
        self.begin(contents.len(), fill)?;
        if contents.len() < DIRECT_BYTES {
            self.copy(contents);
            return Ok(());
        }
        self.flush()?;
        self.append(contents)
    }

    /// As [`frame`](Self::frame), with contents that others have too.
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

    /// Takes what was framed since into the seal's hash.
    fn absorb(&mut self) {
        self.chain.absorb(self.out.get(self.absorbed..).unwrap_or_default());
        self.absorbed = self.out.len();
    }

    /// Writes what was gathered.
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

    /// Closes the store. What is gathered is lost.
    pub(super) fn close(&mut self) {
        self.store = Box::new(Closed);
    }

    /// Makes what was written survive a loss of power.
    pub(crate) fn sync(&mut self) -> Result<(), JournalError> {
        self.store.sync_data().map_err(|source| JournalError::Sync { source: Arc::new(source) })
    }

    /// The signature of the seal that comes now, where there is a key.
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

    /// Writes frames, each of the contents in its place.
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
