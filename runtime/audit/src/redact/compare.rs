//! The proof that a journal is a redaction of another one: makes the redaction again, and compares byte for byte.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use wasm_agent_journal::{JournalStore, ReadError, Reader, Verification, verify};

use super::{RedactError, TakenOut, redact};

/// Bytes of the copy read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// A journal that is not proved to be a redaction of another one.
#[derive(Debug, thiserror::Error)]
pub enum RedactionError {
    /// The copy can't be read, or was changed.
    #[error("the redaction: {0}")]
    Copy(#[source] ReadError),
    /// The original can't be read, was changed, or can't be redacted.
    #[error("the original: {0}")]
    Original(#[source] RedactError),
    /// The copy's header does not name an original.
    #[error("its header does not name an original")]
    NoRedaction,
    /// This release does not know everything that was taken out of the copy.
    #[error("it lacks `{names}`, which this release does not know how to take out")]
    Unknown {
        /// What its header lists.
        names: String,
    },
    /// The copy names another journal.
    #[error("its header names another original")]
    OtherOriginal,
    /// The copy differs from the redaction of the original.
    #[error("record {record} at offset {offset} differs from the redaction of the original")]
    Differs {
        /// Index of the first such record in the copy. If records are missing at the end, one past the last.
        record: u64,
        /// Offset of its frame in the copy, in bytes.
        offset: u64,
    },
}

/// Proves that a copy is the redaction of an original, record by record. `open` opens the copy anew each time.
///
/// # Errors
///
/// When it is not a redaction. The error names the first record that differs.
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
    let compared = ComparingStore { copy: open()?, at: 0, differs: Arc::clone(&found) };
    let made = redact(original, compared, taken_out);
    let differs = found.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (differs, made) {
        (Some(at), _) => Err(first_at(open()?, verification.bytes, at)),
        (None, Ok(made)) if made.bytes == verification.bytes => Ok(verification),
        // The copy has the whole redaction, and something after it.
        (None, Ok(made)) => Err(first_at(open()?, verification.bytes, made.bytes)),
        (None, Err(error)) => Err(RedactionError::Original(error)),
    }
}

/// The record at an offset of the copy.
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
        // Missing records would begin where the copy ends.
        Ok(if at >= bytes { (end, bytes) } else { last })
    };
    match read() {
        Ok((record, offset)) => RedactionError::Differs { record, offset },
        Err(error) => RedactionError::Copy(error),
    }
}

/// A store that compares what is written to it with a copy.
struct ComparingStore<C> {
    copy: C,
    at: u64,
    /// Offset of the first byte that differs.
    differs: Arc<Mutex<Option<u64>>>,
}

impl<C: Read + Seek + Send> JournalStore for ComparingStore<C> {
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

/// Reads until the buffer is full or the source ends.
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
