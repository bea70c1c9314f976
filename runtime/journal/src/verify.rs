//! [`verify`]: checks that a journal is whole and unchanged, and lists the effects that it leaves open.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use wasm_agent_ids::{CallId, EffectId};

use crate::error::{Damage, ReadError, Tampered};
use crate::event::{EffectResult, Event, Intent, RECOVERED, Record, Redaction, Tables, is_call};
use crate::payload::Digest;
use crate::reader::{Contents, Tail, Walk, damaged, decode, read_header};
use crate::sign::PublicKey;

/// Most effects without an outcome that are kept by number, so that a hostile journal can't fill memory.
const OPEN_EFFECTS_MAX: usize = 65_536;

/// Most effects without an outcome whose action is kept, and the longest such action in bytes: 4 MiB in all.
const OPEN_ACTIONS_MAX: usize = 1024;
const OPEN_ACTION_BYTES_MAX: usize = 4096;

/// What a verified journal is. Every check, seal and digest in it is right, up to the tail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Whole records.
    pub records: u64,
    /// Records that a seal covers, the seal included.
    pub sealed_records: u64,
    /// Length of the file, in bytes.
    pub bytes: u64,
    /// Hash of the last seal.
    pub seal: Option<Digest>,
    /// The key in the header. Every seal is signed with it; records that no seal covers are not signed.
    pub signed_by: Option<PublicKey>,
    /// The original, if contents were taken out of this copy. Not proved: only the original itself can prove it.
    pub redaction: Option<Redaction>,
    /// Records that no seal of the run covered and a recovery sealed later. For those, the seal shows only what they
    /// were when they were recovered.
    pub recovered: Option<u64>,
    /// Whether the journal has the run's end and its seal. A journal that was cut off after any record is not complete.
    pub complete: bool,
    /// What lies after the last seal.
    pub tail: Option<Tail>,
    /// Effects with an intent and no outcome: they may have happened.
    pub open_effects: OpenEffects,
}

/// Effects with an intent and no outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenEffects {
    /// Their numbers, in order; at most 65536.
    pub effects: BTreeSet<EffectId>,
    /// Their actions, by number; at most 1024, and only those of at most 4 KiB.
    pub actions: BTreeMap<EffectId, OpenEffect>,
    /// How many more there are.
    pub more: u64,
}

/// An effect with an intent and no outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenEffect {
    /// Sequence number of the host call that asked for it.
    pub call: CallId,
    /// The action: one CBOR item.
    pub action: Vec<u8>,
}

/// Checks a whole journal, including signatures and the contents of blobs, in constant memory.
///
/// Signatures are checked against the key in the header, which the author of the file chose. Use [`verify_signed`] to
/// check against a key that you trust.
///
/// # Errors
///
/// As [`Reader`](crate::Reader): the error names the first record that is not the one that was written.
pub fn verify<R: Read + Seek>(source: R) -> Result<Verification, ReadError> {
    check(source, None)
}

/// Checks a whole journal as [`verify`] does, and that every seal is signed with this key.
///
/// Records after the last seal are not signed: [`Verification::is_signed`] says whether there are none.
///
/// # Errors
///
/// As [`verify`]. If the header names no key or another one, the error names record 0.
pub fn verify_signed<R: Read + Seek>(source: R, key: &PublicKey) -> Result<Verification, ReadError> {
    check(source, Some(key))
}

fn check<R: Read + Seek>(source: R, key: Option<&PublicKey>) -> Result<Verification, ReadError> {
    let mut walk = Walk::open(source, Contents::Check)?;
    let mut tables = Tables::default();
    let mut open_effects = OpenEffects::default();
    let mut recovered: Option<u64> = None;
    let (header, _) = read_header(&mut walk, &mut tables)?;
    let signed_by = expect_key(&header, key)?;
    while let Some(frame) = walk.next()? {
        let payload = walk.payload(&frame);
        if is_call(payload) {
            // Nearly all records are calls, of which nothing is kept.
            tables.check_call(payload).map_err(|problem| damaged(&frame, problem.to_string()))?;
            walk.pass_calls(|payload| is_call(payload) && tables.check_call(payload).is_ok());
            continue;
        }
        match decode(&walk, &mut tables, &frame)?.event {
            Event::Intent(intent) => open_effects.open(*intent),
            Event::Outcome(outcome) => open_effects.close(outcome.effect, outcome.result),
            Event::Note(note) if note.name == RECOVERED => {
                let unsealed = frame.index.saturating_sub(walk.sealed().records);
                recovered = Some(recovered.unwrap_or_default().saturating_add(unsealed));
            }
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
    let redaction = if let Event::Header(header) = header.event { header.redaction } else { None };
    Ok(Verification { open_effects, recovered, redaction, ..Verification::of(&walk, signed_by) })
}

impl Verification {
    /// Whether the key in the header signed the whole file. A run that was killed is usually signed only up to its last
    /// seal, and anybody can append records after that.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.signed_by.is_some() && self.tail.is_none()
    }

    /// The result of a finished walk, without open effects, recovery and redaction.
    pub(crate) fn of<R: Read + Seek>(walk: &Walk<R>, signed_by: Option<PublicKey>) -> Self {
        let sealed = walk.sealed();
        Self {
            records: walk.records(),
            sealed_records: sealed.records,
            bytes: walk.length(),
            seal: sealed.hash,
            signed_by,
            redaction: None,
            recovered: None,
            complete: walk.is_complete(),
            tail: walk.tail(),
            open_effects: OpenEffects::default(),
        }
    }
}

/// The key in the header. It must be the given key, if one is given.
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
        wasm_agent_cbor::wide(self.effects.len()).saturating_add(self.more)
    }

    fn open(&mut self, intent: Intent) {
        if self.effects.len() < OPEN_EFFECTS_MAX {
            self.effects.insert(intent.effect);
            if self.actions.len() < OPEN_ACTIONS_MAX && intent.action.len() <= OPEN_ACTION_BYTES_MAX {
                self.actions.insert(intent.effect, OpenEffect { call: intent.call, action: intent.action });
            }
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn close(&mut self, effect: EffectId, result: EffectResult) {
        self.actions.remove(&effect);
        // A denied effect may have no intent. Any other unknown outcome closes one of the effects that are only
        // counted.
        if !self.effects.remove(&effect) && result != EffectResult::Denied {
            self.more = self.more.saturating_sub(1);
        }
    }
}
