//! [`recover`]: a copy of a journal that a crash cut off, with a seal over what is whole, and nothing invented.

use std::io::{Read, Seek};
use std::sync::Arc;

use wasm_agent_cbor as cbor;
use wasm_agent_ids::{Hex, RunId};

use crate::blob;
use crate::error::{JournalError, ReadError};
use crate::event::{Event, Note, RECOVERED, Tables};
use crate::payload::{BlobRef, Digest};
use crate::reader::{Contents, Frame, FrameKind, Walk, decode, read_header};
use crate::sign::{PublicKey, Signer};
use crate::verify::Verification;
use crate::writer::{Framer, JournalStore, WRITE_BYTES};

/// Bytes read at once of what is left out.
const CHUNK_BYTES: usize = 256 << 10;

/// What a recovery copied and left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Records copied: every whole one.
    pub records: u64,
    /// Those of them that no seal of the run vouches for.
    pub unsealed: u64,
    /// Bytes after the last whole record, which were left out.
    pub left_out_bytes: u64,
    /// BLAKE3 of those bytes.
    pub left_out: Digest,
    /// Length of the copy, in bytes.
    pub bytes: u64,
    /// Hash of the copy's seal.
    pub seal: Digest,
}

/// Why nothing is recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRecoverable {
    /// The run's end and its seal are there.
    #[error("it is complete")]
    Complete,
    /// The last record is a seal, and nothing stands after it.
    #[error("every record is under a seal, and nothing follows")]
    Sealed,
    /// The journal is signed, and no key was given to sign the copy's seal with.
    #[error("it is signed with the key {}, without which the copy would not verify", key.fingerprint())]
    KeyNeeded {
        /// The key in the header.
        key: PublicKey,
    },
    /// The journal is signed with another key than the one that was given.
    #[error("it is signed with the key {}, and the copy would not verify with {}", expected.fingerprint(), found.fingerprint())]
    OtherKey {
        /// The key in the header.
        expected: PublicKey,
        /// The key that was given.
        found: PublicKey,
    },
    /// A key was given, and the journal names none.
    #[error("it is not signed, and one signature at its end would vouch for what nobody signed")]
    NotSigned,
}

/// Why a journal was not recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The journal can't be read, or was changed rather than cut off.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is nothing to recover, or not with this key.
    #[error(transparent)]
    Not(#[from] NotRecoverable),
    /// The copy can't be written.
    #[error(transparent)]
    Write(#[from] JournalError),
}

/// Whether a verified journal can be recovered with this key, before anything is written.
///
/// # Errors
///
/// When there is nothing to recover, or the key is not the journal's.
pub fn recoverable(verification: &Verification, key: Option<PublicKey>) -> Result<(), NotRecoverable> {
    if verification.complete {
        return Err(NotRecoverable::Complete);
    }
    if verification.tail.is_none() {
        return Err(NotRecoverable::Sealed);
    }
    match (verification.signed_by, key) {
        (Some(key), None) => Err(NotRecoverable::KeyNeeded { key }),
        (Some(expected), Some(found)) if expected != found => Err(NotRecoverable::OtherKey { expected, found }),
        (None, Some(_)) => Err(NotRecoverable::NotSigned),
        (Some(_), Some(_)) | (None, None) => Ok(()),
    }
}

/// Copies every whole record of a journal that was cut off, then a note that says what was left out, and a seal.
///
/// The copy begins with the very bytes of the original. It has no outcome and no end that the original has not.
///
/// # Errors
///
/// As [`recoverable`]; when the journal was changed rather than cut off; when the copy can't be written or signed. What
/// was written until then is no recovery.
pub fn recover<R: Read + Seek>(
    source: R,
    store: impl JournalStore + 'static,
    signer: Option<Arc<dyn Signer>>,
) -> Result<Recovered, RecoverError> {
    let mut walk = Walk::open(source, Contents::Check)?;
    let mut tables = Tables::default();
    let (first, frame) = read_header(&mut walk, &mut tables)?;
    let (run, signed_by) = match &first.event {
        Event::Header(header) => (header.run_id, header.signed_by),
        // The walk takes no other first record.
        _ => (RunId::from_bytes([0; 16]), None),
    };
    let key = signer.as_ref().map(|signer| signer.public_key());
    let mut framer = Framer::new(Box::new(store), signer, run);
    copy(&mut walk, &frame, &mut framer)?;
    while let Some(frame) = walk.next()? {
        // Checked as a reader does: the copy is not to end in something that no reader takes.
        decode(&walk, &mut tables, &frame)?;
        copy(&mut walk, &frame, &mut framer)?;
        if framer.gathered() >= WRITE_BYTES {
            framer.flush()?;
        }
    }
    let sealed = walk.sealed();
    let verification = Verification::of(&walk, signed_by);
    recoverable(&verification, key)?;
    let (left_out_bytes, left_out) = walk.hash_rest(CHUNK_BYTES)?;
    let (records, unsealed) = (walk.records(), walk.records().saturating_sub(sealed.records));
    let text = text(unsealed, left_out_bytes, &left_out);
    let note = Note { at_ns: 0, name: RECOVERED.to_owned(), text };
    // No time of its own: nobody knows when the run ended, and no clock is read here.
    framer.frame(&[], |out| note.write(out, 0))?;
    framer.seal()?;
    framer.flush()?;
    framer.sync()?;
    let (bytes, seal) = (framer.length(), framer.last_seal());
    Ok(Recovered { records, unsealed, left_out_bytes, left_out, bytes, seal })
}

/// The note's text, as the format says.
fn text(unsealed: u64, bytes: u64, digest: &Digest) -> String {
    let digest = Hex(digest);
    format!("records under no seal before this one: {unsealed}; bytes left out after them: {bytes}, BLAKE3 {digest}")
}

/// Copies one record as it is.
fn copy<R: Read + Seek>(walk: &mut Walk<R>, frame: &Frame, framer: &mut Framer) -> Result<(), RecoverError> {
    let payload = walk.payload(frame);
    match frame.kind {
        FrameKind::Record => framer.frame(&[], |out| out.extend_from_slice(payload))?,
        FrameKind::Seal => framer.copy_seal(payload)?,
        FrameKind::Blob { digest, contents } => {
            let length = cbor::wide(contents);
            let contents = walk.blob(&BlobRef { digest, length, offset: frame.offset })?;
            framer.frame(&contents, |out| blob::write_prefix(out, &digest, contents.len()))?;
        }
    }
    Ok(())
}
