//! The pass over a journal that reading and verifying share: frames, seals, the end, the tail.

use std::io::{self, Read, Seek};

use minicbor::Decoder;
use wasm_agent_ids::RunId;

use crate::error::{Damage, ReadError, Tampered};
use crate::event::{Header, RECOVERED, Seal};
use crate::format::kind;
use crate::item;
use crate::payload::{BlobRef, Digest};
use crate::sign::{PublicKey, SIGNATURE_BYTES, seal_message};

use super::frames::{Bad, Contents, Frame, FrameKind, Frames, Step};
use super::tail;

/// What follows the last seal of an unfinished journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// Whole records after the last seal. Their checks are right, but no seal covers them.
    pub records: u64,
    /// Bytes after the last whole record: the part that a crash left of the next one.
    pub torn_bytes: u64,
    /// Offset at which the last whole record ends, in bytes.
    pub at: u64,
}

/// How far a journal is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sealed {
    /// Records up to and with the last seal.
    pub(crate) records: u64,
    /// The last seal's hash.
    pub(crate) hash: Option<Digest>,
}

/// How far the run has come, which decides what may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Running,
    /// The end record was read. Only its seal may follow, or a recovery's note and its seal.
    Ended,
    /// A recovery's note was read after the end. Only its seal may follow.
    Recovered,
    /// The end's seal was read. Nothing may follow.
    Complete,
}

pub(crate) struct Walk<R> {
    frames: Frames<R>,
    progress: Progress,
    sealed: Sealed,
    /// With [`Contents::Check`] signatures are verified; otherwise they only have to be there.
    contents: Contents,
    /// The run and the key for checking signatures, once the header was read.
    signed: Option<(RunId, PublicKey)>,
    /// Index and offset of the last seal, or of the first record. The next seal covers the records from there.
    cover: (u64, u64),
    records: u64,
    torn_bytes: u64,
    done: bool,
}

impl<R: Read + Seek> Walk<R> {
    pub(crate) fn open(source: R, contents: Contents) -> Result<Self, ReadError> {
        let frames = Frames::open(source, contents)?;
        let cover = (0, frames.offset());
        let progress = Progress::Running;
        let sealed = Sealed::default();
        Ok(Self { frames, progress, sealed, contents, signed: None, cover, records: 0, torn_bytes: 0, done: false })
    }

    /// Sets the run and the key from the header, before the first seal is read.
    pub(crate) fn expect(&mut self, header: &Header) {
        self.signed = header.signed_by.map(|key| (header.run_id, key));
    }

    /// The next whole frame, or `None` after the last one.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, ReadError> {
        if self.done {
            return Ok(None);
        }
        if self.progress == Progress::Running
            && let Some(frame) = self.frames.call()
        {
            self.records = frame.index + 1;
            return Ok(Some(frame));
        }
        let frame = match self.frames.step()? {
            Step::Frame(frame) => frame,
            Step::End => {
                self.done = true;
                return Ok(None);
            }
            Step::Bad(bad) => return self.bad(bad),
        };
        self.check_order(&frame)?;
        if frame.kind == FrameKind::Seal {
            self.check_seal(&frame)?;
        }
        self.records = frame.index + 1;
        Ok(Some(frame))
    }

    /// Skips calls that `is_call` accepts. Stops before any other record and before anything wrong:
    /// [`next`](Self::next) says what that is.
    #[inline]
    pub(crate) fn pass_calls(&mut self, is_call: impl Fn(&[u8]) -> bool) {
        if self.progress == Progress::Running && !self.done {
            self.records += self.frames.pass_calls(is_call);
        }
    }

    /// A frame's payload, which is empty for a blob. Valid until the next frame.
    pub(crate) fn payload(&self, frame: &Frame) -> &[u8] {
        self.frames.payload(frame)
    }

    pub(crate) fn blob(&mut self, blob: &BlobRef) -> Result<Vec<u8>, ReadError> {
        self.frames.blob(blob)
    }

    /// Length and BLAKE3 of the bytes after the last whole record, once the walk has ended. Reads `most` bytes at a
    /// time.
    pub(crate) fn hash_rest(&mut self, most: usize) -> Result<(u64, Digest), ReadError> {
        let start = self.frames.length().min(self.frames.offset());
        let mut hasher = blake3::Hasher::new();
        while start + hasher.count() < self.frames.length() {
            let part = self.frames.read_at(start + hasher.count(), most)?;
            if part.is_empty() {
                return Err(ReadError::Io(io::ErrorKind::UnexpectedEof.into()));
            }
            hasher.update(&part);
        }
        Ok((hasher.count(), *hasher.finalize().as_bytes()))
    }

    /// Whole records so far.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    pub(crate) fn sealed(&self) -> Sealed {
        self.sealed
    }

    /// Whether the end and its seal were read.
    pub(crate) fn is_complete(&self) -> bool {
        self.progress == Progress::Complete
    }

    /// Length of the file, in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.frames.length()
    }

    /// What follows the last seal so far.
    pub(crate) fn tail(&self) -> Option<Tail> {
        let records = self.records - self.sealed.records;
        let at = self.frames.length().min(self.frames.offset());
        let tail = Tail { records, torn_bytes: self.torn_bytes, at };
        (records > 0 || self.torn_bytes > 0).then_some(tail)
    }

    /// Decides what a bad frame means: a torn tail ends the walk, a change is an error.
    fn bad(&mut self, bad: Bad) -> Result<Option<Frame>, ReadError> {
        self.done = true;
        if self.progress == Progress::Complete {
            return Err(tampered(bad.index, bad.offset, Damage::AfterEnd));
        }
        let window = self.frames.read_at(bad.offset, tail::WINDOW_BYTES)?;
        if tail::continues(&window, &bad) {
            return Err(tampered(bad.index, bad.offset, bad.damage));
        }
        self.torn_bytes = self.frames.length() - bad.offset;
        self.frames.rewind_to(bad.offset);
        Ok(None)
    }

    fn check_order(&mut self, frame: &Frame) -> Result<(), ReadError> {
        let is_end = matches!(self.frames.payload(frame), [0x83, kind::END, ..]);
        self.progress = match self.progress {
            Progress::Running if is_end => Progress::Ended,
            Progress::Running => Progress::Running,
            Progress::Ended | Progress::Recovered if frame.kind == FrameKind::Seal => Progress::Complete,
            Progress::Ended if is_recovery(self.frames.payload(frame)) => Progress::Recovered,
            Progress::Ended | Progress::Recovered | Progress::Complete => {
                return Err(tampered(frame.index, frame.offset, Damage::AfterEnd));
            }
        };
        Ok(())
    }

    fn check_seal(&mut self, frame: &Frame) -> Result<(), ReadError> {
        let payload = self.frames.payload(frame);
        let seal = Seal::read_payload(payload).ok().filter(|_| item::is_item(payload));
        let Some(seal) = seal.filter(|seal| seal.records == frame.index) else {
            let problem = "seal has other fields than the format says, or another count of records".to_owned();
            return Err(tampered(frame.index, frame.offset, Damage::Malformed { problem }));
        };
        if seal.hash != *self.frames.expected_seal() {
            let (index, offset) = self.cover;
            return Err(tampered(index, offset, Damage::Seal { records: frame.index - index }));
        }
        self.check_signature(&seal).map_err(|damage| match damage {
            Damage::Signature { .. } => tampered(self.cover.0, self.cover.1, damage),
            other => tampered(frame.index, frame.offset, other),
        })?;
        self.sealed = Sealed { records: frame.index + 1, hash: Some(seal.hash) };
        self.cover = (frame.index, frame.offset);
        Ok(())
    }
}

impl<R> Walk<R> {
    /// Checks that a seal is signed, with the header's key, exactly if the header names one.
    fn check_signature(&self, seal: &Seal) -> Result<(), Damage> {
        let malformed = |problem: &str| Err(Damage::Malformed { problem: problem.to_owned() });
        match (&self.signed, &seal.signature) {
            (None, None) => Ok(()),
            (None, Some(_)) => malformed("seal has a signature, though the header names no key"),
            (Some(_), None) => Err(Damage::Unsigned),
            (Some(_), Some(signature)) if signature.len() != SIGNATURE_BYTES => {
                malformed("signature has another length than the format says")
            }
            (Some(_), Some(_)) if self.contents == Contents::Skip => Ok(()),
            (Some((run, key)), Some(signature)) => {
                let holds = key.verifies(&seal_message(*run, &seal.hash, seal.records), signature);
                let records = seal.records - self.cover.0;
                if holds { Ok(()) } else { Err(Damage::Signature { records }) }
            }
        }
    }
}

/// Whether a payload is the note of a recovery.
fn is_recovery(payload: &[u8]) -> bool {
    let mut decoder = Decoder::new(payload.get(2..).unwrap_or_default());
    matches!(payload, [0x84, kind::NOTE, ..])
        && decoder.i64().is_ok()
        && decoder.str().is_ok_and(|name| name == RECOVERED)
}

fn tampered(record: u64, offset: u64, damage: Damage) -> ReadError {
    Tampered { record, offset, damage }.into()
}
