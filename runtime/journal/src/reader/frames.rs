//! Frames of a file: lengths, running checks, blob contents. Knows nothing about what records mean.

mod calls;

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use wasm_agent_cbor::wide;

use crate::blob::{PREFIX_BYTES_MAX, Prefix};
use crate::chain::Chain;
use crate::error::{BlobProblem, Damage, ReadError};
use crate::format::{FRAME_HEAD_BYTES, MAGIC, RECORD_BYTES_MAX, kind};
use crate::payload::{BlobRef, Digest};

/// Bytes read at once. BLAKE3 needs long runs for its full speed.
const READ_BYTES: usize = 256 << 10;

/// Whether blob contents are read on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Skip them.
    Skip,
    /// Hash them and compare with the digest.
    Check,
}

/// The next thing in a file.
pub(crate) enum Step {
    Frame(Frame),
    /// The file ends after a whole frame.
    End,
    Bad(Bad),
}

/// One whole frame whose check holds.
pub(crate) struct Frame {
    /// Position among the records.
    pub(crate) index: u64,
    /// Offset in the file, in bytes.
    pub(crate) offset: u64,
    pub(crate) kind: FrameKind,
    payload: Range<usize>,
}

/// What the frame layer knows about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameKind {
    Record,
    /// [`Frames::expected_seal`] gives the hash that it must have.
    Seal,
    /// A blob. Its payload is empty: skipping the contents may have overwritten it in the buffer.
    Blob {
        digest: Digest,
        contents: usize,
    },
}

/// The first frame that is incomplete, or whose check is wrong.
#[derive(Debug)]
pub(crate) struct Bad {
    pub(crate) index: u64,
    pub(crate) offset: u64,
    /// The running check before it.
    pub(crate) before: u32,
    pub(crate) damage: Damage,
}

/// Reads frames one after the other, in constant memory.
pub(crate) struct Frames<R> {
    source: R,
    length: u64,
    contents: Contents,
    chain: Chain,
    index: u64,
    expected_seal: Digest,
    buffer: Vec<u8>,
    /// The unread part of the buffer. The source stands at its end.
    start: usize,
    end: usize,
    /// How much of the buffer the seal's hash has covered or skipped; never past `start`.
    absorbed: usize,
    /// Offset in the file of the buffer's first byte.
    base: u64,
}

impl<R: Read + Seek> Frames<R> {
    /// Checks the magic. The first frame is next.
    pub(crate) fn open(mut source: R, contents: Contents) -> Result<Self, ReadError> {
        let length = source.seek(SeekFrom::End(0))?;
        source.seek(SeekFrom::Start(0))?;
        let mut found = Vec::new();
        source.by_ref().take(wide(MAGIC.len())).read_to_end(&mut found)?;
        if found.is_empty() || !MAGIC.starts_with(&found) {
            return Err(other_version(&found).unwrap_or(ReadError::NotAJournal { found }));
        }
        if found.len() < MAGIC.len() {
            return Err(ReadError::NoHeader { bytes: length });
        }
        Ok(Self {
            source,
            length,
            contents,
            chain: Chain::new(),
            index: 0,
            expected_seal: Digest::default(),
            buffer: vec![0; READ_BYTES],
            start: 0,
            end: 0,
            absorbed: 0,
            base: wide(MAGIC.len()),
        })
    }

    /// Length of the file when it was opened, in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Offset of the next frame, in bytes.
    pub(crate) fn offset(&self) -> u64 {
        self.base + wide(self.start)
    }

    /// A frame's payload, which is empty for a blob. Valid until the next step.
    pub(crate) fn payload(&self, frame: &Frame) -> &[u8] {
        self.buffer.get(frame.payload.clone()).unwrap_or_default()
    }

    /// The hash that the seal just read must have.
    pub(crate) fn expected_seal(&self) -> &Digest {
        &self.expected_seal
    }

    /// Reads the next frame.
    #[inline]
    pub(crate) fn step(&mut self) -> Result<Step, ReadError> {
        let (index, offset, before) = (self.index, self.offset(), self.chain.check());
        let bad = |damage| Ok(Step::Bad(Bad { index, offset, before, damage }));
        let left = self.length.saturating_sub(offset);
        if left == 0 {
            return Ok(Step::End);
        }
        let Some((check, length)) = self.head(left)? else {
            return bad(Damage::Length { length: 0 });
        };
        let size = usize::try_from(length).unwrap_or(usize::MAX);
        if size > RECORD_BYTES_MAX || wide(FRAME_HEAD_BYTES) + u64::from(length) > left {
            return bad(Damage::Length { length });
        }
        let (sealed, blob) = self.sealed_bytes(size)?;
        let frame = self.start..self.start + sealed;
        let expected = self.chain.advance(self.buffer.get(frame.start + 4..frame.end).unwrap_or_default());
        if expected != check {
            return bad(Damage::Check { found: check, expected });
        }
        let mut kind = FrameKind::Record;
        if self.is_seal() {
            kind = FrameKind::Seal;
            self.absorb();
            self.expected_seal = self.chain.seal();
        }
        self.start = frame.end;
        let mut payload = frame.start + FRAME_HEAD_BYTES..frame.end;
        if let Some(prefix) = blob {
            kind = FrameKind::Blob { digest: prefix.digest, contents: prefix.contents };
            payload = 0..0;
            if !self.pass_contents(&prefix)? {
                return bad(Damage::Contents);
            }
        }
        self.index += 1;
        Ok(Step::Frame(Frame { index, offset, kind, payload }))
    }

    /// Fetches a blob's contents and checks them, without moving the position of the reading.
    pub(crate) fn blob(&mut self, blob: &BlobRef) -> Result<Vec<u8>, ReadError> {
        let problem = |problem| ReadError::Blob { offset: blob.offset, problem };
        let contents = self.contents_at(blob)?.ok_or_else(|| problem(BlobProblem::Other))?;
        if blake3::hash(&contents) == blob.digest { Ok(contents) } else { Err(problem(BlobProblem::Damaged)) }
    }

    /// Reads up to `most` bytes at an offset, without moving the position of the reading.
    pub(crate) fn read_at(&mut self, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        if let Some(bytes) = self.buffered(offset, most) {
            return Ok(bytes.to_vec());
        }
        self.source.seek(SeekFrom::Start(offset))?;
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(most.min(left));
        self.source.by_ref().take(wide(most)).read_to_end(&mut bytes)?;
        self.source.seek(SeekFrom::Start(self.base + wide(self.end)))?;
        Ok(bytes)
    }

    /// Bytes at an offset, if they are in the buffer: usually the record right after a blob asks for it.
    fn buffered(&self, offset: u64, length: usize) -> Option<&[u8]> {
        let start = usize::try_from(offset.checked_sub(self.base)?).ok()?;
        self.buffer.get(..self.end)?.get(start..start.checked_add(length)?)
    }

    /// Moves back to a frame that proved bad. Nothing is read after that.
    pub(crate) fn rewind_to(&mut self, offset: u64) {
        (self.base, self.start, self.end, self.absorbed) = (offset, 0, 0, 0);
    }

    fn contents_at(&mut self, blob: &BlobRef) -> Result<Option<Vec<u8>>, ReadError> {
        let start = self.read_at(blob.offset, FRAME_HEAD_BYTES + PREFIX_BYTES_MAX)?;
        let Some((head, payload)) = start.split_first_chunk::<FRAME_HEAD_BYTES>() else { return Ok(None) };
        let (_, length) = split_head(*head);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let named = Prefix::read(payload, length)
            .filter(|prefix| length <= RECORD_BYTES_MAX && prefix.digest == blob.digest)
            .filter(|prefix| wide(prefix.contents) == blob.length);
        let Some(prefix) = named else { return Ok(None) };
        let contents = self.read_at(blob.offset + wide(FRAME_HEAD_BYTES + prefix.length), prefix.contents)?;
        Ok((contents.len() == prefix.contents).then_some(contents))
    }

    /// Reads a frame's check and length, or gives `None` if even those are incomplete.
    fn head(&mut self, left: u64) -> Result<Option<(u32, u32)>, ReadError> {
        if left < wide(FRAME_HEAD_BYTES) {
            return Ok(None);
        }
        self.fill(FRAME_HEAD_BYTES)?;
        let head = self.buffer.get(self.start..).and_then(<[u8]>::first_chunk);
        Ok(head.map(|head| split_head(*head)))
    }

    /// Reads the part of the frame that the chains cover into the buffer: all of it, or up to a blob's contents.
    fn sealed_bytes(&mut self, size: usize) -> Result<(usize, Option<Prefix>), ReadError> {
        self.fill(FRAME_HEAD_BYTES + size.min(PREFIX_BYTES_MAX))?;
        let payload = self.buffer.get(self.start + FRAME_HEAD_BYTES..self.end).unwrap_or_default();
        let blob = Prefix::read(payload, size);
        let sealed = FRAME_HEAD_BYTES + blob.as_ref().map_or(size, |prefix| prefix.length);
        self.fill(sealed)?;
        Ok((sealed, blob))
    }

    fn is_seal(&self) -> bool {
        let payload = self.buffer.get(self.start + FRAME_HEAD_BYTES..);
        matches!(payload, Some([0x83 | 0x84, kind::SEAL, ..]))
    }

    /// Moves past a blob's contents. `false`: they do not match the digest.
    fn pass_contents(&mut self, prefix: &Prefix) -> Result<bool, ReadError> {
        self.absorb();
        let matches = match self.contents {
            Contents::Skip => self.skip(prefix.contents).map(|()| true)?,
            Contents::Check => self.hash(prefix.contents)? == prefix.digest,
        };
        self.absorbed = self.start;
        Ok(matches)
    }

    fn skip(&mut self, bytes: usize) -> io::Result<()> {
        if bytes <= self.end - self.start {
            self.start += bytes;
            return Ok(());
        }
        self.base = self.source.seek(SeekFrom::Start(self.offset() + wide(bytes)))?;
        (self.start, self.end) = (0, 0);
        Ok(())
    }

    fn hash(&mut self, mut bytes: usize) -> io::Result<blake3::Hash> {
        let mut hasher = blake3::Hasher::new();
        while bytes > 0 {
            self.fill(1)?;
            let part = bytes.min(self.end - self.start);
            hasher.update(self.buffer.get(self.start..self.start + part).unwrap_or_default());
            self.start += part;
            self.absorbed = self.start;
            bytes -= part;
        }
        Ok(hasher.finalize())
    }

    /// Adds everything before `start` to the seal's hash.
    fn absorb(&mut self) {
        self.chain.absorb(self.buffer.get(self.absorbed..self.start).unwrap_or_default());
        self.absorbed = self.start;
    }

    /// Makes at least `wanted` unread bytes available in the buffer. The caller knows that the file has them.
    #[inline]
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        if self.end - self.start >= wanted { Ok(()) } else { self.read(wanted) }
    }

    fn read(&mut self, wanted: usize) -> io::Result<()> {
        if self.buffer.len() - self.start < wanted {
            self.absorb();
            self.buffer.copy_within(self.start..self.end, 0);
            self.base += wide(self.start);
            self.end -= self.start;
            (self.start, self.absorbed) = (0, 0);
            if self.buffer.len() < wanted {
                self.buffer.resize(wanted, 0);
            }
        }
        while self.end - self.start < wanted {
            match self.source.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The error for a magic that differs only in its last byte, the version digit.
fn other_version(found: &[u8]) -> Option<ReadError> {
    let (last, name) = found.split_last()?;
    let digit = char::from(*last).to_digit(10).filter(|_| Some(name) == MAGIC.split_last().map(|(_, name)| name))?;
    Some(ReadError::Version { found: digit.into() })
}

/// Splits a frame's head into check and length.
pub(crate) fn split_head([a, b, c, d, e, f, g, h]: [u8; FRAME_HEAD_BYTES]) -> (u32, u32) {
    (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
}
