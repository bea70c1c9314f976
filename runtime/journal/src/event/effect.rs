//! Effects: the intent before one, the approval between, the outcome after. All three have the effect's number.

use minicbor::{Decoder, decode};
use wasm_agent_cbor as cbor;
use wasm_agent_ids::{CallId, EffectId};

use super::decision::{ApprovalRecord, DecisionRecord, LabelOrText};
use super::fields::{Map, named, optional_text, variant};
use super::tables::{Tables, raw_item};
use crate::encoded::Encoded;
use crate::format::kind;
use crate::payload::{Digest, digest};

/// An effect that is about to happen. If no outcome follows, it may have happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// Number of the effect, unique in the run.
    pub effect: EffectId,
    /// Sequence number of the host call that asks for it; its call record comes later.
    pub call: CallId,
    /// Time since the start of the run, in nanoseconds.
    pub at_ns: u64,
    /// The action: one CBOR item, kept as it is.
    pub action: Vec<u8>,
    /// Digest of the action, as the policy makes it.
    pub action_digest: Digest,
    /// The policy's decision.
    pub decision: DecisionRecord,
    /// The approval, where one was asked for or remembered.
    pub approval: Option<ApprovalRecord>,
    /// Whether the effect cannot be undone. With [`Fsync::Effects`](crate::Fsync), such an intent is synced to disk
    /// before the effect.
    pub irreversible: bool,
    /// The file that the effect overwrites or deletes, as it was before.
    pub before: Option<Before>,
}

/// A file's length and digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// Its length, in bytes.
    pub length: u64,
    /// BLAKE3 of its contents, if they were read.
    pub blake3: Option<Digest>,
}

named! {
    /// How an effect ended.
    pub enum EffectResult {
        /// It happened.
        Done = "done",
        /// It was tried and failed. It may have happened in part.
        Failed = "failed",
        /// It was not tried.
        Denied = "denied",
    }
}

/// The end of an effect, as the writer takes it.
#[derive(Debug, Clone, Copy)]
pub struct OutcomeEvent<'a> {
    /// Number of the effect.
    pub effect: EffectId,
    /// Time since the start of the run, in nanoseconds.
    pub at_ns: u64,
    /// How it ended.
    pub result: EffectResult,
    /// What went wrong, for people.
    pub detail: Option<&'a str>,
    /// Facts about this kind of effect: a status, an address, a digest.
    pub extra: Option<&'a Encoded>,
}

/// The end of an effect, as the reader gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Number of the effect.
    pub effect: EffectId,
    /// Time since the start of the run, in nanoseconds.
    pub at_ns: u64,
    /// How it ended.
    pub result: EffectResult,
    /// What went wrong, for people.
    pub detail: Option<String>,
    /// Facts about this kind of effect: one CBOR item.
    pub extra: Option<Vec<u8>>,
}

/// A request for approval. The run waits for the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalAsked {
    /// Number of the effect that waits.
    pub effect: EffectId,
    /// Sequence number of the host call that asks for it.
    pub call: CallId,
    /// Time since the start of the run, in nanoseconds.
    pub at_ns: u64,
    /// The action: one CBOR item, kept as it is.
    pub action: Vec<u8>,
    /// Digest of the action. The approval holds only for this digest.
    pub action_digest: Digest,
    /// Who is asked.
    pub approver: String,
    /// How long to wait for an answer, in nanoseconds. No answer is a refusal.
    pub timeout_ns: u64,
}

/// The answer to an [`ApprovalAsked`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalSettled {
    /// Number of the effect that waited.
    pub effect: EffectId,
    /// Time since the start of the run, in nanoseconds.
    pub at_ns: u64,
    /// The answer.
    pub approval: ApprovalRecord,
}

impl Intent {
    pub(crate) fn write(&self, out: &mut Vec<u8>, time: i64, grant: LabelOrText<'_>, reason: LabelOrText<'_>) {
        cbor::array(out, 5);
        cbor::uint(out, kind::INTENT.into());
        cbor::int(out, time);
        cbor::uint(out, self.effect.0);
        cbor::uint(out, self.call.0);
        cbor::map(out, 4 + usize::from(self.approval.is_some()) + usize::from(self.before.is_some()));
        cbor::text(out, "action");
        out.extend_from_slice(&self.action);
        if let Some(before) = &self.before {
            cbor::text(out, "before");
            before.write(out);
        }
        cbor::text(out, "digest");
        cbor::bytes(out, &self.action_digest);
        if let Some(approval) = &self.approval {
            cbor::text(out, "approval");
            approval.write(out);
        }
        cbor::text(out, "decision");
        self.decision.write(out, grant, reason);
        cbor::text(out, "irreversible");
        cbor::boolean(out, self.irreversible);
    }

    pub(super) fn read(decoder: &mut Decoder<'_>, tables: &mut Tables) -> Result<Self, decode::Error> {
        let at_ns = tables.time(decoder)?;
        let (effect, call) = (EffectId(decoder.u64()?), CallId(decoder.u64()?));
        let mut map = Map::read(decoder)?;
        Ok(Self {
            effect,
            call,
            at_ns,
            action: map.required("action", raw_item)?,
            action_digest: map.required("digest", digest)?,
            decision: map.required("decision", |value| DecisionRecord::read(value, tables))?,
            approval: map.optional("approval", ApprovalRecord::read)?,
            irreversible: map.required("irreversible", Decoder::bool)?,
            before: map.optional("before", Before::read)?,
        })
    }
}

impl Before {
    fn write(&self, out: &mut Vec<u8>) {
        cbor::map(out, 1 + usize::from(self.blake3.is_some()));
        if let Some(blake3) = &self.blake3 {
            cbor::text(out, "blake3");
            cbor::bytes(out, blake3);
        }
        cbor::text(out, "length");
        cbor::uint(out, self.length);
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, decode::Error> {
        let mut map = Map::read(decoder)?;
        Ok(Self { length: map.uint("length")?, blake3: map.optional("blake3", digest)? })
    }
}

/// Writes an outcome up to `extra`. The caller appends that item, if there is one.
pub(crate) fn write_outcome(event: &OutcomeEvent<'_>, with_extra: bool, out: &mut Vec<u8>, time: i64) {
    cbor::array(out, 5 + usize::from(with_extra));
    cbor::uint(out, kind::OUTCOME.into());
    cbor::int(out, time);
    cbor::uint(out, event.effect.0);
    cbor::text(out, event.result.name());
    match event.detail {
        Some(detail) => cbor::text(out, detail),
        None => cbor::null(out),
    }
}

impl Outcome {
    pub(super) fn read(decoder: &mut Decoder<'_>, tables: &mut Tables, fields: u64) -> Result<Self, decode::Error> {
        Ok(Self {
            at_ns: tables.time(decoder)?,
            effect: EffectId(decoder.u64()?),
            result: variant(decoder, EffectResult::ALL, EffectResult::name)?,
            detail: optional_text(decoder)?,
            extra: if fields == 6 { Some(raw_item(decoder)?) } else { None },
        })
    }
}

impl ApprovalAsked {
    pub(crate) fn write(&self, out: &mut Vec<u8>, time: i64) {
        cbor::array(out, 5);
        cbor::uint(out, kind::APPROVAL_ASKED.into());
        cbor::int(out, time);
        cbor::uint(out, self.effect.0);
        cbor::uint(out, self.call.0);
        cbor::map(out, 4);
        cbor::text(out, "action");
        out.extend_from_slice(&self.action);
        cbor::text(out, "digest");
        cbor::bytes(out, &self.action_digest);
        cbor::text(out, "timeout");
        cbor::uint(out, self.timeout_ns);
        cbor::text(out, "approver");
        cbor::text(out, &self.approver);
    }

    pub(super) fn read(decoder: &mut Decoder<'_>, tables: &mut Tables) -> Result<Self, decode::Error> {
        let at_ns = tables.time(decoder)?;
        let (effect, call) = (EffectId(decoder.u64()?), CallId(decoder.u64()?));
        let mut map = Map::read(decoder)?;
        Ok(Self {
            effect,
            call,
            at_ns,
            action: map.required("action", raw_item)?,
            action_digest: map.required("digest", digest)?,
            approver: map.text("approver")?,
            timeout_ns: map.uint("timeout")?,
        })
    }
}

impl ApprovalSettled {
    pub(crate) fn write(&self, out: &mut Vec<u8>, time: i64) {
        cbor::array(out, 4);
        cbor::uint(out, kind::APPROVAL_SETTLED.into());
        cbor::int(out, time);
        cbor::uint(out, self.effect.0);
        self.approval.write(out);
    }

    pub(super) fn read(decoder: &mut Decoder<'_>, tables: &mut Tables) -> Result<Self, decode::Error> {
        Ok(Self {
            at_ns: tables.time(decoder)?,
            effect: EffectId(decoder.u64()?),
            approval: ApprovalRecord::read(decoder)?,
        })
    }
}
