//! Decisions of the policy, and answers of approvers.

use std::sync::Arc;

use minicbor::data::Type;
use minicbor::{Decoder, decode};
use wasm_agent_cbor as cbor;

use super::fields::{Map, named, variant};
use super::tables::{Tables, raw_item};

named! {
    /// The policy's decision.
    pub enum Verdict {
        /// The policy allows it.
        Allow = "allow",
        /// It needs an approval.
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
        /// It may not happen. The run goes on.
        Refused = "refused",
        /// It may not happen, and the run ends.
        Stopped = "stopped",
        /// Nobody answered in time. It may not happen.
        TimedOut = "timed-out",
        /// The approver failed. It may not happen.
        Broken = "broken",
    }
}

named! {
    /// What an approval covers.
    pub enum Remember {
        /// This action, once.
        Once = "once",
        /// The same action, for the rest of the run.
        Run = "run",
    }
}

/// The policy's decision on one call or effect.
///
/// A run has few different grants and reasons. Share one `Arc` for each: the journal then names it by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRecord {
    /// What was decided.
    pub verdict: Verdict,
    /// The label of the grant that decided.
    pub grant: Option<Arc<str>>,
    /// The stable name of a denial's reason, if the grant does not say it.
    pub reason: Option<Arc<str>>,
    /// The action that was decided about, as one CBOR item, if it does not follow from the call's arguments and the
    /// open handles.
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
    /// What the answer covers.
    pub remember: Remember,
}

/// A label: by its number in the journal, or as a text.
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
    /// Writes the decision, with `grant` and `reason` as the table of labels gives them.
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
