//! Copies of journals with contents taken out, and the proof that a copy is exactly that.
//!
//! What a redaction leaves is decided here and nowhere else, from the original alone: redacting twice gives the same
//! bytes. So a copy is proved by making it again and comparing. `FORMAT.md`, section 7, has the rules for readers.

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

/// What is taken out of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TakenOut {
    /// Contents of files, bodies of requests and responses, output: every byte string of a call, and what it returned.
    pub bodies: bool,
    /// Names of files and directories of the guest, and texts that may have some.
    pub paths: bool,
}

impl TakenOut {
    /// The names that a header lists, in order.
    #[must_use]
    pub fn names(self) -> Vec<String> {
        let names = [(self.bodies, "bodies"), (self.paths, "paths")];
        names.into_iter().filter(|(taken, _)| *taken).map(|(_, name)| name.to_owned()).collect()
    }

    /// What a header's list means, if this release knows every name in it.
    #[must_use]
    pub fn from_names(names: &[String]) -> Option<Self> {
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        let taken = Self { bodies: has("bodies"), paths: has("paths") };
        (taken.names() == names).then_some(taken)
    }
}

/// Why there is no redaction.
#[derive(Debug, thiserror::Error)]
pub enum RedactError {
    /// The original can't be read, or is not what was written.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The original has no seal, so that a copy could not name it.
    #[error("no seal vouches for any of it")]
    Unsealed,
    /// The original lacks contents already.
    #[error("it is a redaction itself")]
    Redacted,
    /// The copy can't be written.
    #[error(transparent)]
    Write(#[from] JournalError),
}

/// Writes a redaction of a journal: an ordinary journal, whose header names the original and what was taken out.
///
/// # Errors
///
/// When the original is not what was written, has no seal, or is a redaction; when the copy can't be written.
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
            // Contents that records refer to by digest alone are not needed.
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

/// What a header says about the original.
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
