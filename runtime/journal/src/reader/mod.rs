//! [`Reader`]: the records of a journal, one by one, in constant memory.

mod frames;
mod tail;
mod walk;

use std::io::{Read, Seek};

use wasm_agent_cbor as cbor;

use crate::error::{Damage, ReadError, Tampered};
use crate::event::{Call, Event, Header, Record, Tables, header_version};
use crate::format::VERSION;
use crate::payload::{BlobRef, PayloadRef};

pub use walk::Tail;

pub(crate) use frames::{Contents, Frame, FrameKind};
pub(crate) use walk::Walk;

/// Reads a journal from its start. Holds one record at a time, and no blob that the caller did not ask for.
///
/// Checks running checks and seals on the way. It checks the contents of a blob only when [`blob`](Self::blob) fetches
/// them; [`verify`](crate::verify) checks them all.
pub struct Reader<R> {
    walk: Walk<R>,
    tables: Tables,
    header: Header,
    /// The header's record, until it is given out.
    first: Option<Record>,
}

impl<R: Read + Seek> Reader<R> {
    /// Opens a journal and reads its header.
    ///
    /// # Errors
    ///
    /// When the source is not a journal, ends inside the header, or is of another version.
    pub fn open(source: R) -> Result<Self, ReadError> {
        let mut walk = Walk::open(source, Contents::Skip)?;
        let mut tables = Tables::default();
        let (first, _) = read_header(&mut walk, &mut tables)?;
        let Event::Header(header) = &first.event else {
            return Err(malformed(&first, "first record is not a header"));
        };
        let header = header.as_ref().clone();
        Ok(Self { walk, tables, header, first: Some(first) })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next record, the header first, or `None` after the last whole one.
    ///
    /// # Errors
    ///
    /// When the source fails, or the next record is not the one that was written: the error names it.
    #[expect(clippy::should_implement_trait, reason = "an iterator could not lend the reader for blobs in between")]
    pub fn next(&mut self) -> Result<Option<Record>, ReadError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let Some(frame) = self.walk.next()? else { return Ok(None) };
        decode(&self.walk, &mut self.tables, &frame).map(Some)
    }

    /// Takes back a call that the caller no longer needs, to reuse its memory for the next one.
    ///
    /// Worth it if very many calls are read.
    pub fn reuse(&mut self, call: Call) {
        self.tables.reuse(call.arguments, call.outcome);
    }

    /// Fetches a blob's contents, at any time, and checks them against their digest.
    ///
    /// # Errors
    ///
    /// When the source fails, or that blob is not there.
    pub fn blob(&mut self, blob: &BlobRef) -> Result<Vec<u8>, ReadError> {
        self.walk.blob(blob)
    }

    /// A payload's contents, or `None` if only its digest was recorded.
    ///
    /// # Errors
    ///
    /// As [`blob`](Self::blob).
    pub fn payload(&mut self, payload: &PayloadRef<'_>) -> Result<Option<Vec<u8>>, ReadError> {
        match payload {
            PayloadRef::Inline(contents) => Ok(Some(contents.to_vec())),
            PayloadRef::Stored(blob) => self.blob(blob).map(Some),
            PayloadRef::DigestOnly { .. } => Ok(None),
        }
    }

    /// Whether the reader has read the run's end and its seal.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.walk.is_complete()
    }

    /// What follows the last seal that was read. Describes the whole file once [`next`](Self::next) gave `None`.
    #[must_use]
    pub fn tail(&self) -> Option<Tail> {
        self.walk.tail()
    }
}

/// Reads the first record, which must be a header of this version.
pub(crate) fn read_header<R: Read + Seek>(
    walk: &mut Walk<R>,
    tables: &mut Tables,
) -> Result<(Record, Frame), ReadError> {
    let Some(frame) = walk.next()? else {
        return Err(ReadError::NoHeader { bytes: walk.length() });
    };
    if let Ok(found) = header_version(walk.payload(&frame))
        && found != VERSION
    {
        return Err(ReadError::Version { found });
    }
    let first = decode(walk, tables, &frame)?;
    match &first.event {
        Event::Header(header) => walk.expect(header),
        _ => return Err(malformed(&first, "first record is not a header")),
    }
    Ok((first, frame))
}

/// Decodes a frame's record.
pub(crate) fn decode<R: Read + Seek>(walk: &Walk<R>, tables: &mut Tables, frame: &Frame) -> Result<Record, ReadError> {
    let Frame { index, offset, .. } = *frame;
    if let FrameKind::Blob { digest, contents } = frame.kind {
        let event = Event::Blob(BlobRef { digest, length: cbor::wide(contents), offset });
        return Ok(Record { index, offset, event });
    }
    match tables.decode(walk.payload(frame)) {
        Ok(Event::Header(_)) if index > 0 => Err(damaged(frame, "header stands in the middle".to_owned())),
        Ok(event) => Ok(Record { index, offset, event }),
        Err(problem) => Err(damaged(frame, problem.to_string())),
    }
}

/// The error for a record that is not one of the format.
pub(crate) fn damaged(frame: &Frame, problem: String) -> ReadError {
    Tampered { record: frame.index, offset: frame.offset, damage: Damage::Malformed { problem } }.into()
}

fn malformed(record: &Record, problem: &str) -> ReadError {
    let damage = Damage::Malformed { problem: problem.to_owned() };
    Tampered { record: record.index, offset: record.offset, damage }.into()
}
