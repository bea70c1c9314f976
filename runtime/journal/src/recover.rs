//! [`recover`]: copies a journal that a crash cut off, and seals its whole records. It invents nothing.

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

/// Bytes of the torn end that are read at once.
const CHUNK_BYTES: usize = 256 << 10;

/// What a recovery copied and left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovered {
    /// Records copied: all whole ones.
    pub records: u64,
    /// How many of them no seal of the run covers.
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

/// Why a journal is not recovered, though it can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRecoverable {
    /// It has the run's end and its seal.
    #[error("it is complete")]
    Complete,
    /// Its last record is a seal, and nothing follows.
    #[error("every record is under a seal, and nothing follows")]
    Sealed,
    /// The journal is signed, and no key was given to sign the copy's seal.
    #[error("it is signed with the key {}, without which the copy would not verify", key.fingerprint())]
    KeyNeeded {
        /// The key in the header.
        key: PublicKey,
    },
    /// The journal is signed with another key than the one that was given.
    #[error(
        "it is signed with the key {}, and the copy would not verify with {}",
        expected.fingerprint(),
        found.fingerprint()
    )]
    OtherKey {
        /// The key in the header.
        expected: PublicKey,
        /// The key that was given.
        found: PublicKey,
    },
    /// A key was given, but the journal is not signed.
    #[error("it is not signed, and one signature at its end would vouch for what nobody signed")]
    NotSigned,
}

/// Why a journal was not recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The journal can't be read, or it was changed and not only cut off.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// There is nothing to recover, or not with this key.
    #[error(transparent)]
    Not(#[from] NotRecoverable),
    /// The copy can't be written.
    #[error(transparent)]
    Write(#[from] JournalError),
}

/// Checks that a verified journal can be recovered with this key, before anything is written.
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

/// Copies every whole record of a journal that was cut off, then adds a note that says what was left out, and a seal.
///
/// The copy begins with the same bytes as the original. It adds no outcome and no end.
///
/// # Errors
///
/// As [`recoverable`]; when the journal was changed and not only cut off; when the copy can't be written or signed.
/// Discard the partial copy then.
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
        // Decoded as a reader does, so that the copy has no record that a reader refuses.
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
    // The time of the record before: nobody knows when the run ended, and this reads no clock.
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
