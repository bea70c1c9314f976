//! [`verify`]: whether a journal is whole, and what it leaves open.

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use crate::error::{Damage, ReadError, Tampered};
use crate::event::{EffectResult, Event, Record, Tables, is_call};
use crate::payload::Digest;
use crate::reader::{Contents, Tail, Walk, damaged, decode, read_header};
use crate::sign::PublicKey;

/// Most effects without an outcome that are kept by number; a hostile journal must not fill memory with them.
const OPEN_EFFECTS_MAX: usize = 65_536;

/// What a journal proved to be. That it is here means: every check, seal and digest up to the tail holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Whole records.
    pub records: u64,
    /// Records that a seal vouches for, the seal included.
    pub sealed_records: u64,
    /// Length of the file, in bytes.
    pub bytes: u64,
    /// Hash of the last seal.
    pub seal: Option<Digest>,
    /// The key in the header. Every seal is signed with it; what no seal covers is not signed.
    pub signed_by: Option<PublicKey>,
    /// Whether the run's end and its seal are there. A journal cut after any record is not complete.
    pub complete: bool,
    /// What lies after the last seal.
    pub tail: Option<Tail>,
    /// Effects with an intent and no outcome: they may have happened.
    pub open_effects: OpenEffects,
}

/// Effects with an intent and no outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenEffects {
    /// Their numbers, in order; no more than 65536.
    pub effects: BTreeSet<u64>,
    /// How many more there are.
    pub more: u64,
}

/// Checks a whole journal, contents of blobs and signatures included, in constant memory.
///
/// Signatures are checked against the key in the header, which whoever made the file chose: [`verify_signed`] takes
/// one that the caller trusts.
///
/// # Errors
///
/// As [`Reader`](crate::Reader): the first record that is not what was written is named.
pub fn verify<R: Read + Seek>(source: R) -> Result<Verification, ReadError> {
    check(source, None)
}

/// Checks a whole journal as [`verify`] does, and that every seal is signed with this key.
///
/// # Errors
///
/// As [`verify`]; when the header names no key or another one, record 0 is the first wrong one.
pub fn verify_signed<R: Read + Seek>(source: R, key: &PublicKey) -> Result<Verification, ReadError> {
    check(source, Some(key))
}

fn check<R: Read + Seek>(source: R, key: Option<&PublicKey>) -> Result<Verification, ReadError> {
    let mut walk = Walk::open(source, Contents::Check)?;
    let mut tables = Tables::default();
    let mut open_effects = OpenEffects::default();
    let header = read_header(&mut walk, &mut tables)?;
    let signed_by = expect_key(&header, key)?;
    while let Some(frame) = walk.next()? {
        let payload = walk.payload(&frame);
        if is_call(payload) {
            tables.check_call(payload).map_err(|problem| damaged(&frame, problem.to_string()))?;
            continue;
        }
        match decode(&walk, &mut tables, &frame)?.event {
            Event::Intent(intent) => open_effects.open(intent.effect),
            Event::Outcome(outcome) => open_effects.close(outcome.effect, outcome.result),
            Event::Header(_)
            | Event::Function { .. }
            | Event::Label { .. }
            | Event::Blob(_)
            | Event::Call(_)
            | Event::ApprovalAsked(_)
            | Event::ApprovalSettled(_)
            | Event::Note(_)
            | Event::Seal(_)
            | Event::End(_) => {}
        }
    }
    let sealed = walk.sealed();
    Ok(Verification {
        records: walk.records(),
        sealed_records: sealed.records,
        bytes: walk.length(),
        seal: sealed.hash,
        signed_by,
        complete: walk.is_complete(),
        tail: walk.tail(),
        open_effects,
    })
}

/// The key in the header, which must be the given one where one is given.
fn expect_key(header: &Record, key: Option<&PublicKey>) -> Result<Option<PublicKey>, ReadError> {
    let found = if let Event::Header(header) = &header.event { header.signed_by } else { None };
    match key {
        Some(expected) if found != Some(*expected) => {
            let damage = Damage::OtherKey { found, expected: *expected };
            Err(Tampered { record: header.index, offset: header.offset, damage }.into())
        }
        _ => Ok(found),
    }
}

impl OpenEffects {
    /// How many there are in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        crate::cbor::wide(self.effects.len()).saturating_add(self.more)
    }

    fn open(&mut self, effect: u64) {
        if self.effects.len() < OPEN_EFFECTS_MAX {
            self.effects.insert(effect);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn close(&mut self, effect: u64, result: EffectResult) {
        // A denied effect may have no intent; any other outcome that is not known closes one of the uncounted.
        if !self.effects.remove(&effect) && result != EffectResult::Denied {
            self.more = self.more.saturating_sub(1);
        }
    }
}
