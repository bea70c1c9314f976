//! The proof that a journal is exactly the redaction of another one: it is made again, and compared byte for byte.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use wasm_agent_journal::{JournalStore, ReadError, Reader, Verification, verify};

use super::{RedactError, TakenOut, redact};

/// Bytes of a copy that are read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// Why a journal is not proved to be the redaction of another one.
#[derive(Debug, thiserror::Error)]
pub enum RedactionError {
    /// The copy can't be read, or is not what was written.
    #[error("the redaction: {0}")]
    Copy(#[source] ReadError),
    /// The original can't be read, is not what was written, or can't be redacted.
    #[error("the original: {0}")]
    Original(#[source] RedactError),
    /// The copy's header names no original.
    #[error("its header names no original")]
    NoRedaction,
    /// The copy lacks something that this release does not know how to take out.
    #[error("`{names}` was taken out of it, which this release does not know")]
    Unknown {
        /// What its header lists.
        names: String,
    },
    /// The copy names another journal.
    #[error("its header names another original")]
    OtherOriginal,
    /// A record of the copy is not what the redaction of the original has there.
    #[error("record {record} at offset {offset} is not what taking contents out of the original leaves")]
    Differs {
        /// Index of the first such record in the copy. Past the last one where records are missing.
        record: u64,
        /// Offset of its frame in the copy, in bytes.
        offset: u64,
    },
}

/// Proves that a copy is the redaction of an original, record by record. `open` opens the copy anew each time.
///
/// # Errors
///
/// When it is not: the first record that differs is named.
pub fn verify_redaction<C, R>(
    mut open: impl FnMut() -> io::Result<C>,
    mut original: R,
) -> Result<Verification, RedactionError>
where
    C: Read + Seek + Send + 'static,
    R: Read + Seek,
{
    let mut open = || open().map_err(|error| RedactionError::Copy(error.into()));
    let verification = verify(open()?).map_err(RedactionError::Copy)?;
    let reader = Reader::open(open()?).map_err(RedactionError::Copy)?;
    let redaction = reader.header().redaction.as_ref().ok_or(RedactionError::NoRedaction)?;
    let unknown = || RedactionError::Unknown { names: redaction.taken_out.join(", ") };
    let taken_out = TakenOut::from_names(&redaction.taken_out).ok_or_else(unknown)?;
    let of = verify(&mut original).map_err(|error| RedactionError::Original(error.into()))?;
    if of.seal != Some(redaction.seal) {
        return Err(RedactionError::OtherOriginal);
    }
    let found = Arc::new(Mutex::new(None));
    let compared = Compared { copy: open()?, at: 0, differs: Arc::clone(&found) };
    let made = redact(original, compared, taken_out);
    let differs = found.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (differs, made) {
        (Some(at), _) => Err(first_at(open()?, verification.bytes, at)),
        (None, Ok(made)) if made.bytes == verification.bytes => Ok(verification),
        // All of it is there, and something after it.
        (None, Ok(made)) => Err(first_at(open()?, verification.bytes, made.bytes)),
        (None, Err(error)) => Err(RedactionError::Original(error)),
    }
}

/// The record that stands at an offset of the copy.
fn first_at(copy: impl Read + Seek, bytes: u64, at: u64) -> RedactionError {
    let read = || -> Result<(u64, u64), ReadError> {
        let mut reader = Reader::open(copy)?;
        let (mut last, mut end) = ((0, 0), 0);
        while let Some(record) = reader.next()? {
            if record.offset > at {
                return Ok(last);
            }
            last = (record.index, record.offset);
            end = record.index + 1;
        }
        // What the copy lacks begins where it ends.
        Ok(if at >= bytes { (end, bytes) } else { last })
    };
    match read() {
        Ok((record, offset)) => RedactionError::Differs { record, offset },
        Err(error) => RedactionError::Copy(error),
    }
}

/// Takes a journal's bytes and compares them with those of a copy.
struct Compared<C> {
    copy: C,
    at: u64,
    /// Offset of the first byte that differs.
    differs: Arc<Mutex<Option<u64>>>,
}

impl<C: Read + Seek + Send> JournalStore for Compared<C> {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.at == 0 {
            self.copy.seek(SeekFrom::Start(0))?;
        }
        let mut buffer = vec![0; CHUNK_BYTES.min(bytes.len())];
        for expected in bytes.chunks(CHUNK_BYTES) {
            let found = buffer.get_mut(..expected.len()).unwrap_or_default();
            let read = fill(&mut self.copy, found)?;
            let same = expected.iter().zip(found.iter().take(read)).take_while(|(left, right)| left == right).count();
            self.at += u64::try_from(same).unwrap_or(u64::MAX);
            if same < expected.len() {
                *self.differs.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.at);
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads as much as there is, up to the whole buffer.
fn fill(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
