//! The JSON object of each kind of record. Members are declared in the order of their names.

use serde::Serialize;

use super::hex::HexText;
use super::item::{Arguments, Item};
use super::parts::{
    ApprovalPart, BeforePart, ComponentPart, DecisionPart, InvocationPart, LimitsPart, PolicyPart, RedactionPart,
    ResultPart,
};
use crate::event::{ApprovalAsked, ApprovalSettled, Call, End, Function, Header, Intent, Note, Outcome, Record, Seal};
use crate::payload::BlobRef;

#[derive(Serialize)]
pub(super) struct HeaderLine<'a> {
    approver: &'a str,
    arguments: &'a [String],
    component: ComponentPart<'a>,
    engine: &'a str,
    environment: &'a [(String, String)],
    event: &'static str,
    invocation: InvocationPart<'a>,
    limits: LimitsPart<'a>,
    offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<HexText<'a>>,
    policy: PolicyPart<'a>,
    record: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    redaction: Option<RedactionPart<'a>>,
    run: HexText<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_by: Option<HexText<'a>>,
    started_ns: u64,
}

impl<'a> HeaderLine<'a> {
    pub(super) fn new(record: &Record, header: &'a Header) -> Self {
        Self {
            approver: &header.approver,
            arguments: &header.arguments,
            component: ComponentPart::new(header),
            engine: &header.engine,
            environment: &header.environment,
            event: "header",
            invocation: InvocationPart::new(&header.invocation),
            limits: LimitsPart(&header.limits),
            offset: record.offset,
            parent: header.parent.as_ref().map(|parent| HexText(parent.as_bytes())),
            policy: PolicyPart::new(header),
            record: record.index,
            redaction: header.redaction.as_ref().map(RedactionPart::new),
            run: HexText(header.run_id.as_bytes()),
            signed_by: header.signed_by.as_ref().map(|key| HexText(key.as_bytes())),
            started_ns: header.started_ns,
        }
    }
}

#[derive(Serialize)]
pub(super) struct FunctionLine<'a> {
    event: &'static str,
    id: u64,
    name: &'a str,
    offset: u64,
    parameters: &'a [String],
    record: u64,
}

impl<'a> FunctionLine<'a> {
    pub(super) fn new(record: &Record, id: u64, function: &'a Function) -> Self {
        let Function { name, parameters } = function;
        Self { event: "function", id, name, offset: record.offset, parameters, record: record.index }
    }
}

#[derive(Serialize)]
pub(super) struct LabelLine<'a> {
    event: &'static str,
    id: u64,
    offset: u64,
    record: u64,
    text: &'a str,
}

impl<'a> LabelLine<'a> {
    pub(super) fn new(record: &Record, id: u64, text: &'a str) -> Self {
        Self { event: "label", id, offset: record.offset, record: record.index, text }
    }
}

#[derive(Serialize)]
pub(super) struct BlobLine<'a> {
    blake3: HexText<'a>,
    event: &'static str,
    length: u64,
    offset: u64,
    record: u64,
}

impl<'a> BlobLine<'a> {
    pub(super) fn new(record: &Record, blob: &'a BlobRef) -> Self {
        let (blake3, length) = (HexText(&blob.digest), blob.length);
        Self { blake3, event: "blob", length, offset: record.offset, record: record.index }
    }
}

#[derive(Serialize)]
pub(super) struct CallLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<Arguments<'a>>,
    at_ns: u64,
    call: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionPart<'a>>,
    duration_ns: u64,
    event: &'static str,
    fuel: u64,
    function: &'a str,
    offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Item<'a>>,
    record: u64,
}

impl<'a> CallLine<'a> {
    pub(super) fn new(record: &Record, call: &'a Call) -> Self {
        Self {
            arguments: Item::unless_null(&call.arguments).map(|_| Arguments(call)),
            at_ns: call.at_ns,
            call: call.seq.0,
            decision: call.decision.as_ref().map(DecisionPart::new),
            duration_ns: call.duration_ns,
            event: "call",
            fuel: call.fuel,
            function: &call.function.name,
            offset: record.offset,
            outcome: Item::unless_null(&call.outcome),
            record: record.index,
        }
    }
}

#[derive(Serialize)]
pub(super) struct IntentLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Item<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<ApprovalPart<'a>>,
    at_ns: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<BeforePart<'a>>,
    call: u64,
    decision: DecisionPart<'a>,
    digest: HexText<'a>,
    effect: u64,
    event: &'static str,
    irreversible: bool,
    offset: u64,
    record: u64,
}

impl<'a> IntentLine<'a> {
    pub(super) fn new(record: &Record, intent: &'a Intent) -> Self {
        Self {
            action: Item::unless_null(&intent.action),
            approval: intent.approval.as_ref().map(ApprovalPart::new),
            at_ns: intent.at_ns,
            before: intent.before.as_ref().map(BeforePart::new),
            call: intent.call.0,
            decision: DecisionPart::new(&intent.decision),
            digest: HexText(&intent.action_digest),
            effect: intent.effect.0,
            event: "intent",
            irreversible: intent.irreversible,
            offset: record.offset,
            record: record.index,
        }
    }
}

#[derive(Serialize)]
pub(super) struct OutcomeLine<'a> {
    at_ns: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    effect: u64,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<Item<'a>>,
    offset: u64,
    record: u64,
    result: &'static str,
}

impl<'a> OutcomeLine<'a> {
    pub(super) fn new(record: &Record, outcome: &'a Outcome) -> Self {
        Self {
            at_ns: outcome.at_ns,
            detail: outcome.detail.as_deref(),
            effect: outcome.effect.0,
            event: "outcome",
            extra: outcome.extra.as_deref().and_then(Item::unless_null),
            offset: record.offset,
            record: record.index,
            result: outcome.result.name(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct AskedLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Item<'a>>,
    approver: &'a str,
    at_ns: u64,
    call: u64,
    digest: HexText<'a>,
    effect: u64,
    event: &'static str,
    offset: u64,
    record: u64,
    timeout_ns: u64,
}

impl<'a> AskedLine<'a> {
    pub(super) fn new(record: &Record, asked: &'a ApprovalAsked) -> Self {
        Self {
            action: Item::unless_null(&asked.action),
            approver: &asked.approver,
            at_ns: asked.at_ns,
            call: asked.call.0,
            digest: HexText(&asked.action_digest),
            effect: asked.effect.0,
            event: "approval-asked",
            offset: record.offset,
            record: record.index,
            timeout_ns: asked.timeout_ns,
        }
    }
}

#[derive(Serialize)]
pub(super) struct SettledLine<'a> {
    approval: ApprovalPart<'a>,
    at_ns: u64,
    effect: u64,
    event: &'static str,
    offset: u64,
    record: u64,
}

impl<'a> SettledLine<'a> {
    pub(super) fn new(record: &Record, settled: &'a ApprovalSettled) -> Self {
        Self {
            approval: ApprovalPart::new(&settled.approval),
            at_ns: settled.at_ns,
            effect: settled.effect.0,
            event: "approval-settled",
            offset: record.offset,
            record: record.index,
        }
    }
}

#[derive(Serialize)]
pub(super) struct NoteLine<'a> {
    at_ns: u64,
    event: &'static str,
    name: &'a str,
    offset: u64,
    record: u64,
    text: &'a str,
}

impl<'a> NoteLine<'a> {
    pub(super) fn new(record: &Record, note: &'a Note) -> Self {
        let Note { at_ns, name, text } = note;
        Self { at_ns: *at_ns, event: "note", name, offset: record.offset, record: record.index, text }
    }
}

#[derive(Serialize)]
pub(super) struct SealLine<'a> {
    event: &'static str,
    hash: HexText<'a>,
    offset: u64,
    record: u64,
    records: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<HexText<'a>>,
}

impl<'a> SealLine<'a> {
    pub(super) fn new(record: &Record, seal: &'a Seal) -> Self {
        Self {
            event: "seal",
            hash: HexText(&seal.hash),
            offset: record.offset,
            record: record.index,
            records: seal.records,
            signature: seal.signature.as_deref().map(HexText),
        }
    }
}

#[derive(Serialize)]
pub(super) struct EndLine<'a> {
    at_ns: u64,
    calls: u64,
    event: &'static str,
    fuel: u64,
    memory_high_bytes: u64,
    offset: u64,
    record: u64,
    result: ResultPart<'a>,
    waited_ns: u64,
}

impl<'a> EndLine<'a> {
    pub(super) fn new(record: &Record, end: &'a End) -> Self {
        Self {
            at_ns: end.at_ns,
            calls: end.calls,
            event: "end",
            fuel: end.fuel,
            memory_high_bytes: end.memory_high_bytes,
            offset: record.offset,
            record: record.index,
            result: ResultPart::new(&end.result),
            waited_ns: end.waited_ns,
        }
    }
}
