//! Copies of journals with contents taken out, and the proof that a copy has no other changes.
//!
//! A redaction depends on the original alone: redacting twice gives the same bytes. So the proof makes the copy again
//! and compares. `FORMAT.md`, section 7, has the rules for readers.

mod compare;
mod item;
mod rules;
mod text;

use std::io::{Read, Seek};

use wasm_agent_journal::{
    Copier, Event, JournalError, JournalStore, ReadError, Reader, Redaction, Summary, Verification, verify,
};

use rules::Rules;

pub use compare::{RedactionError, verify_redaction};

/// What a redaction takes out of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TakenOut {
    /// Contents of files, bodies of requests and responses, output: every byte string of a call, and the run's result.
    pub bodies: bool,
    /// Names of guest files and directories, and texts that may contain them.
    pub paths: bool,
}

impl TakenOut {
    /// The names for a journal's header, in order.
    #[must_use]
    pub fn names(self) -> Vec<String> {
        let names = [(self.bodies, "bodies"), (self.paths, "paths")];
        names.into_iter().filter(|(taken, _)| *taken).map(|(_, name)| name.to_owned()).collect()
    }

    /// Parses a header's list. `None` if this release does not know every name in it.
    #[must_use]
    pub fn from_names(names: &[String]) -> Option<Self> {
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        let taken = Self { bodies: has("bodies"), paths: has("paths") };
        (taken.names() == names).then_some(taken)
    }
}

/// A journal that can't be redacted.
#[derive(Debug, thiserror::Error)]
pub enum RedactError {
    /// The original can't be read, or is not what was written.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The original has no seal, which the copy's header would name.
    #[error("it has no seal")]
    Unsealed,
    /// The original is a redaction.
    #[error("it is itself a redaction")]
    Redacted,
    /// The copy can't be written.
    #[error(transparent)]
    Write(#[from] JournalError),
}

/// Writes a redaction of a journal: an ordinary journal, whose header names the original and what was taken out.
///
/// # Errors
///
/// When the original was changed, has no seal, or is a redaction, and when the copy can't be written.
pub fn redact<R: Read + Seek>(
    mut source: R,
    store: impl JournalStore + 'static,
    taken_out: TakenOut,
) -> Result<Summary, RedactError> {
    let verification = verify(&mut source)?;
    let mut reader = Reader::open(source)?;
    let redaction = names(&verification, taken_out)?;
    if reader.header().redaction.is_some() {
        return Err(RedactError::Redacted);
    }
    let rules = Rules::new(taken_out);
    let mut copier = Copier::create(store, &rules.header(reader.header(), redaction))?;
    let mut blobs = item::Offsets::default();
    while let Some(record) = reader.next()? {
        match record.event {
            Event::Header(_) => {}
            // Records refer to their contents by digest alone: the blobs are not needed.
            Event::Blob(_) if taken_out.bodies => {}
            Event::Blob(blob) => {
                let contents = reader.blob(&blob)?;
                let offset = copier.blob(&blob.digest, &contents)?;
                blobs.remember(blob.digest, offset);
            }
            event => copier.record(&rules.event(event, &blobs))?,
        }
    }
    Ok(copier.finish()?)
}

/// The copy's reference to its original.
fn names(verification: &Verification, taken_out: TakenOut) -> Result<Redaction, RedactError> {
    Ok(Redaction {
        seal: verification.seal.ok_or(RedactError::Unsealed)?,
        records: verification.records,
        signed_by: verification.signed_by,
        taken_out: taken_out.names(),
    })
}

#[cfg(test)]
mod tests;
