//! [`verify`]: whether a journal is whole, and what it leaves open.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Seek};

use wasm_agent_ids::{CallId, EffectId};

use crate::error::{Damage, ReadError, Tampered};
use crate::event::{EffectResult, Event, Intent, RECOVERED, Record, Redaction, Shapes, Tables, is_call};
use crate::payload::Digest;
use crate::reader::{Contents, Tail, Walk, damaged, decode, read_header};
use crate::sign::PublicKey;

/// Most effects without an outcome that are kept by number; a hostile journal must not fill memory with them.
const OPEN_EFFECTS_MAX: usize = 65_536;

/// Most effects without an outcome whose action is kept, and the longest action, in bytes: 4 MiB in all.
const OPEN_ACTIONS_MAX: usize = 1024;
const OPEN_ACTION_BYTES_MAX: usize = 4096;

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
    /// What the journal is a copy of, where contents were taken out of it. That it is exactly that is not proved by
    /// this.
    pub redaction: Option<Redaction>,
    /// Records that no seal of the run covered, where a recovery sealed them later: who recovered vouches for those, as
    /// of then.
    pub recovered: Option<u64>,
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
    pub effects: BTreeSet<EffectId>,
    /// What they are, by number; no more than 1024, and none whose action takes more than 4 KiB.
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
/// What lies after the last seal is signed by nobody: [`Verification::is_signed`] says whether that is nothing.
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
    let mut shapes = Shapes::new();
    let mut open_effects = OpenEffects::default();
    let mut recovered: Option<u64> = None;
    let (header, _) = read_header(&mut walk, &mut tables)?;
    let signed_by = expect_key(&header, key)?;
    while let Some(frame) = walk.next()? {
        let payload = walk.payload(&frame);
        if is_call(payload) {
            // Calls come in runs, and are what a journal is full of.
            tables.check_call(payload).map_err(|problem| damaged(&frame, problem.to_string()))?;
            walk.pass_calls(&tables, &mut shapes);
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
    /// Whether the key in the header signed all of the file. A run that was killed is mostly signed up to its last seal
    /// alone, and anybody can put records after that.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.signed_by.is_some() && self.tail.is_none()
    }

    /// What a walk that came to its end found; open effects, recovery and redaction left out.
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
        // A denied effect may have no intent; any other outcome that is not known closes one of the uncounted.
        if !self.effects.remove(&effect) && result != EffectResult::Denied {
            self.more = self.more.saturating_sub(1);
        }
    }
}
