//! Errors of writing and of reading a journal.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;

use crate::format::{MAGIC, VERSION};
use crate::sign::PublicKey;

/// Why a journal could not be written. The first error is final: every later call returns it too.
#[derive(Debug, Clone, thiserror::Error)]
pub enum JournalError {
    /// The store refused bytes, for example because the disk is full.
    #[error("the journal could not be written")]
    Write {
        /// What the store said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The store could not sync. It is unknown how much reached the disk.
    #[error("the journal could not be synced to disk")]
    Sync {
        /// What the store said.
        #[source]
        source: Arc<io::Error>,
    },
    /// A seal could not be signed.
    #[error("the journal could not be signed")]
    Sign {
        /// What the signer said.
        #[source]
        source: Arc<io::Error>,
    },
    /// No thread that writes journals could be started.
    #[error("the journal's writer thread could not be started")]
    Spawn {
        /// What the operating system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// The store or the signer panicked.
    #[error("the journal could not be written: its store panicked")]
    StorePanicked,
    /// Something exceeds a bound of the format.
    #[error("{what} takes {size}, the journal holds at most {limit}")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// How large it is.
        size: usize,
        /// The bound.
        limit: usize,
    },
    /// The caller passed something that is not exactly one CBOR item of this format.
    #[error("{what} is not one whole CBOR item")]
    NotAnItem {
        /// Which part of the event.
        what: &'static str,
    },
}

/// Why a journal could not be read further.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file does not begin like a journal.
    #[error("not a journal: it begins with `{}`, expected `{}`", escaped(found), escaped(&MAGIC))]
    NotAJournal {
        /// The file's first bytes, at most as many as the magic has.
        found: Vec<u8>,
    },
    /// The file ends inside its first record.
    #[error("the journal is cut off inside its header: {bytes} bytes")]
    NoHeader {
        /// Length of the file, in bytes.
        bytes: u64,
    },
    /// A format version that this reader does not know.
    #[error("the journal has format version {found}, expected {VERSION}")]
    Version {
        /// The version in the header.
        found: u64,
    },
    /// The source failed.
    #[error("the journal could not be read")]
    Io(#[from] io::Error),
    /// A record is not the one that was written.
    #[error(transparent)]
    Tampered(#[from] Tampered),
    /// A payload reference does not point to the blob that it names.
    #[error("blob at offset {offset} {problem}")]
    Blob {
        /// The offset in the reference.
        offset: u64,
        /// What was found there.
        problem: BlobProblem,
    },
}

/// Why the target of a payload reference was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BlobProblem {
    /// There is no blob record, or it has another digest or length.
    #[error("is not the blob that the record names")]
    Other,
    /// It is the right blob record, but its contents do not match the digest.
    #[error("has contents that do not match their digest")]
    Damaged,
}

/// The first record that is not the one that was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {record} at offset {offset} {damage}")]
pub struct Tampered {
    /// Index of the first wrong record; the header is record 0.
    pub record: u64,
    /// Offset of its frame from the start of the file, in bytes.
    pub offset: u64,
    /// What is wrong with it.
    pub damage: Damage,
}

/// How a change shows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The running check differs: this record was changed, or a record before it was removed or inserted.
    #[error("does not follow from the records before it: check {found:08x}, expected {expected:08x}")]
    Check {
        /// The check in the file.
        found: u32,
        /// The check of these bytes after the record before.
        expected: u32,
    },
    /// The frame's length exceeds its bound or the end of the file, and whole records follow. A crash would leave none.
    #[error("has length {length}, which is not where the next record begins")]
    Length {
        /// The length in the file, in bytes.
        length: u32,
    },
    /// A blob's contents do not match its digest.
    #[error("has contents that do not match their digest")]
    Contents,
    /// The seal's hash differs: a record was changed and all checks recomputed, but not the seal.
    #[error("or one of the {records} after it was changed: the seal that follows does not vouch for them")]
    Seal {
        /// Records between this one and the seal that was broken.
        records: u64,
    },
    /// A seal's signature is wrong: someone without the key recomputed the checks and the seals.
    #[error("or one of the {records} after it was changed: the signature of the seal that follows does not hold")]
    Signature {
        /// Records between this one and the seal with the wrong signature.
        records: u64,
    },
    /// A seal without a signature in a signed journal.
    #[error("is a seal without a signature, though the journal is signed")]
    Unsigned,
    /// The header names no key, or another one than the journal is checked against.
    #[error("{}, expected signatures by {}", by(found.as_ref()), expected.fingerprint())]
    OtherKey {
        /// The key in the header.
        found: Option<PublicKey>,
        /// The key that the journal is checked against.
        expected: PublicKey,
    },
    /// The check is right, but the payload is not a record of this format.
    #[error("is not a record: {problem}")]
    Malformed {
        /// What the decoder found.
        problem: String,
    },
    /// Something follows the last seal of a finished journal.
    #[error("stands after the end of the run")]
    AfterEnd,
}

fn by(key: Option<&PublicKey>) -> String {
    key.map_or_else(|| "names no key".to_owned(), |key| format!("names the key {}", key.fingerprint()))
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{}", byte.escape_ascii());
    }
    text
}
