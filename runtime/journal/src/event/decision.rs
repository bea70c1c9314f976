//! What the policy decided, and what a person or program answered.

use std::sync::Arc;

use minicbor::data::Type;
use minicbor::{Decoder, decode};
use wasm_agent_cbor as cbor;

use super::record::{Tables, raw_item};
use super::{Map, named, variant};

named! {
    /// The policy's decision.
    pub enum Verdict {
        /// The policy allows it.
        Allow = "allow",
        /// It waits for an approval.
        Ask = "ask",
        /// The policy denies it.
        Deny = "deny",
    }
}

named! {
    /// How a request for approval was settled.
    pub enum Answer {
        /// It may happen.
        Approved = "approved",
        /// It may not happen; the run goes on.
        Refused = "refused",
        /// It may not happen, and the run ends.
        Stopped = "stopped",
        /// Nobody answered in time, which is a refusal.
        TimedOut = "timed-out",
        /// The approver failed, which is a refusal.
        Broken = "broken",
    }
}

named! {
    /// How far an approval reaches.
    pub enum Remember {
        /// This action, this time.
        Once = "once",
        /// The same action, for the rest of the run.
        Run = "run",
    }
}

/// The policy's decision on one call or effect.
///
/// Grants and reasons are few and come up again and again: share one `Arc` for each, and the journal names it by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRecord {
    /// What was decided.
    pub verdict: Verdict,
    /// The grant that decided, as the policy labels it.
    pub grant: Option<Arc<str>>,
    /// Why, where the grant does not say it: the stable name of a denial.
    pub reason: Option<Arc<str>>,
    /// What was decided about, as one CBOR item, where the call's arguments and the handles that are open do not tell it.
    pub action: Option<Vec<u8>>,
}

/// An answer to a request for approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalRecord {
    /// The answer.
    pub answer: Answer,
    /// Who answered.
    pub approver: String,
    /// Why, in the approver's words.
    pub reason: Option<String>,
    /// Time spent waiting, in nanoseconds.
    pub waited_ns: u64,
    /// How far the answer reaches.
    pub remember: Remember,
}

/// A label by its number in the journal, or spelled out.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LabelOrText<'a> {
    Absent,
    Label(u64),
    Text(&'a str),
}

impl LabelOrText<'_> {
    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Absent => cbor::null(out),
            Self::Label(number) => cbor::uint(out, number),
            Self::Text(text) => cbor::text(out, text),
        }
    }
}

impl DecisionRecord {
    /// Writes the decision, with `grant` and `reason` as the writer's label table names them.
    pub(crate) fn write(&self, out: &mut Vec<u8>, grant: LabelOrText<'_>, reason: LabelOrText<'_>) {
        cbor::array(out, 3 + usize::from(self.action.is_some()));
        cbor::uint(
            out,
            match self.verdict {
                Verdict::Allow => 0,
                Verdict::Ask => 1,
                Verdict::Deny => 2,
            },
        );
        grant.write(out);
        reason.write(out);
        if let Some(action) = &self.action {
            out.extend_from_slice(action);
        }
    }

    pub(super) fn read(decoder: &mut Decoder<'_>, tables: &Tables) -> Result<Self, decode::Error> {
        let position = decoder.position();
        let fields = decoder.array()?;
        if !matches!(fields, Some(3 | 4)) {
            return Err(decode::Error::message("decision has neither 3 nor 4 fields").at(position));
        }
        let position = decoder.position();
        let verdict = match decoder.u64()? {
            0 => Verdict::Allow,
            1 => Verdict::Ask,
            2 => Verdict::Deny,
            _ => return Err(decode::Error::message("no such verdict").at(position)),
        };
        Ok(Self {
            verdict,
            grant: label(decoder, tables)?,
            reason: label(decoder, tables)?,
            action: if fields == Some(4) { Some(raw_item(decoder)?) } else { None },
        })
    }
}

fn label(decoder: &mut Decoder<'_>, tables: &Tables) -> Result<Option<Arc<str>>, decode::Error> {
    match decoder.datatype()? {
        Type::Null => decoder.null().map(|()| None),
        Type::String => decoder.str().map(|text| Some(text.into())),
        _ => {
            let position = decoder.position();
            let label = tables.label(decoder.u64()?);
            label.map(Some).ok_or_else(|| decode::Error::message("label is not defined").at(position))
        }
    }
}

impl ApprovalRecord {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        cbor::map(out, if self.reason.is_some() { 5 } else { 4 });
        cbor::text(out, "answer");
        cbor::text(out, self.answer.name());
        if let Some(reason) = &self.reason {
            cbor::text(out, "reason");
            cbor::text(out, reason);
        }
        cbor::text(out, "waited");
        cbor::uint(out, self.waited_ns);
        cbor::text(out, "approver");
        cbor::text(out, &self.approver);
        cbor::text(out, "remember");
        cbor::text(out, self.remember.name());
    }

    pub(super) fn read(decoder: &mut Decoder<'_>) -> Result<Self, decode::Error> {
        let mut map = Map::read(decoder)?;
        Ok(Self {
            answer: map.required("answer", |value| variant(value, Answer::ALL, Answer::name))?,
            approver: map.text("approver")?,
            reason: map.optional("reason", |value| value.str().map(str::to_owned))?,
            waited_ns: map.uint("waited")?,
            remember: map.required("remember", |value| variant(value, Remember::ALL, Remember::name))?,
        })
    }
}
