//! [`to_json`]: one object for each record, as `journal show --format json` prints it.

mod line;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error;
use serde_json::{Map, Value, json};

use crate::event::{
    ApprovalRecord, Before, Call, DecisionRecord, End, Event, Function, Header, Invocation, Record, Redaction,
    RunResult,
};
use crate::payload::PayloadRef;

pub use line::write_json;

/// Most items of one argument list, outcome, action or extra that become JSON, itself included.
///
/// An item of one byte takes hundreds as JSON in memory, and a record has room for 16 million. No host writes so many.
const ITEMS_SHOWN_MAX: u32 = 1 << 16;

/// A record as one JSON object: `record`, `offset`, `event`, then the event's own fields.
///
/// Arguments stand under their parameters' names. Bytes become an object with `length` and `blake3`, and `text` or
/// `base64` where they stand in the record. Guest text is escaped as JSON requires; a terminal needs more.
#[must_use]
pub fn to_json(record: &Record) -> Value {
    let (name, mut fields) = event(&record.event);
    let mut object = Map::new();
    object.insert("record".to_owned(), record.index.into());
    object.insert("offset".to_owned(), record.offset.into());
    object.insert("event".to_owned(), name.into());
    if let Value::Object(fields) = &mut fields {
        // Absent is absent: an optional field is not printed as null.
        fields.retain(|_, value| !value.is_null());
        object.append(fields);
    }
    Value::Object(object)
}

fn event(event: &Event) -> (&'static str, Value) {
    match event {
        Event::Header(header) => ("header", self::header(header)),
        Event::Function { id, function } => {
            ("function", json!({ "id": id, "name": function.name, "parameters": function.parameters }))
        }
        Event::Label { id, text } => ("label", json!({ "id": id, "text": text.as_ref() })),
        Event::Blob(blob) => ("blob", json!({ "length": blob.length, "blake3": hex(&blob.digest) })),
        Event::Call(call) => ("call", self::call(call)),
        Event::Intent(intent) => (
            "intent",
            json!({
                "at_ns": intent.at_ns,
                "effect": intent.effect,
                "call": intent.call,
                "action": item(&intent.action),
                "digest": hex(&intent.action_digest),
                "decision": decision(&intent.decision),
                "approval": intent.approval.as_ref().map(approval),
                "irreversible": intent.irreversible,
                "before": intent.before.as_ref().map(before),
            }),
        ),
        Event::Outcome(outcome) => (
            "outcome",
            json!({
                "at_ns": outcome.at_ns,
                "effect": outcome.effect,
                "result": outcome.result.name(),
                "detail": outcome.detail,
                "extra": outcome.extra.as_deref().map(item),
            }),
        ),
        Event::ApprovalAsked(asked) => (
            "approval-asked",
            json!({
                "at_ns": asked.at_ns,
                "effect": asked.effect,
                "call": asked.call,
                "action": item(&asked.action),
                "digest": hex(&asked.action_digest),
                "approver": asked.approver,
                "timeout_ns": asked.timeout_ns,
            }),
        ),
        Event::ApprovalSettled(settled) => (
            "approval-settled",
            json!({
                "at_ns": settled.at_ns,
                "effect": settled.effect,
                "approval": approval(&settled.approval),
            }),
        ),
        Event::Note(note) => ("note", json!({ "at_ns": note.at_ns, "name": note.name, "text": note.text })),
        Event::Seal(seal) => (
            "seal",
            json!({
                "hash": hex(&seal.hash),
                "records": seal.records,
                "signature": seal.signature.as_deref().map(hex),
            }),
        ),
        Event::End(end) => ("end", self::end(end)),
    }
}

fn header(header: &Header) -> Value {
    let environment: Vec<Value> = header.environment.iter().map(|(name, value)| json!([name, value])).collect();
    let limits: Map<String, Value> =
        header.limits.iter().map(|(name, limit)| (name.clone(), (*limit).into())).collect();
    let invocation = match &header.invocation {
        Invocation::Command => json!({ "kind": "command" }),
        Invocation::Call { export, arguments } => json!({ "kind": "call", "export": export, "arguments": arguments }),
    };
    json!({
        "run": hex(&header.run_id),
        "parent": header.parent.as_ref().map(|parent| hex(parent)),
        "component": { "name": header.component_name, "sha256": hex(&header.component_sha256) },
        "policy": { "text": header.policy_text, "digest": hex(&header.policy_digest) },
        "invocation": invocation,
        "arguments": header.arguments,
        "environment": environment,
        "limits": limits,
        "engine": header.engine,
        "approver": header.approver,
        "started_ns": header.started_ns,
        "signed_by": header.signed_by.as_ref().map(|key| hex(key.as_bytes())),
        "redaction": header.redaction.as_ref().map(redaction),
    })
}

fn redaction(redaction: &Redaction) -> Value {
    json!({
        "seal": hex(&redaction.seal),
        "records": redaction.records,
        "signed_by": redaction.signed_by.as_ref().map(|key| hex(key.as_bytes())),
        "taken_out": redaction.taken_out,
    })
}

/// A call's arguments, as [`to_json`] has them.
#[must_use]
pub fn arguments_to_json(call: &Call) -> Value {
    arguments(&call.function, &call.arguments)
}

/// One CBOR item of a record, as [`to_json`] has it.
#[must_use]
pub fn item_to_json(bytes: &[u8]) -> Value {
    item(bytes)
}

fn call(call: &Call) -> Value {
    json!({
        "at_ns": call.at_ns,
        "call": call.seq,
        "function": call.function.name,
        "arguments": arguments(&call.function, &call.arguments),
        "outcome": item(&call.outcome),
        "decision": call.decision.as_ref().map(decision),
        "fuel": call.fuel,
        "duration_ns": call.duration_ns,
    })
}

fn end(end: &End) -> Value {
    let result = match &end.result {
        RunResult::Exited { code } => json!({ "kind": "exited", "code": code }),
        RunResult::Returned { wave, json } => json!({ "kind": "returned", "wave": wave, "json": json }),
        RunResult::Trapped { message } | RunResult::Stopped { message } | RunResult::HostFailed { message } => {
            json!({ "kind": end.result.name(), "message": message })
        }
        RunResult::Limit { which } => json!({ "kind": "limit", "which": which }),
    };
    json!({
        "at_ns": end.at_ns,
        "result": result,
        "fuel": end.fuel,
        "calls": end.calls,
        "waited_ns": end.waited_ns,
        "memory_high_bytes": end.memory_high_bytes,
    })
}

fn decision(decision: &DecisionRecord) -> Value {
    let mut value = json!({
        "verdict": decision.verdict.name(),
        "grant": decision.grant.as_deref(),
        "reason": decision.reason.as_deref(),
    });
    // Most decisions have none: a member in every call would only make the lines longer.
    if let (Value::Object(fields), Some(action)) = (&mut value, &decision.action) {
        fields.insert("action".to_owned(), item(action));
    }
    value
}

fn before(before: &Before) -> Value {
    json!({ "length": before.length, "blake3": before.blake3.as_ref().map(|digest| hex(digest)) })
}

fn approval(approval: &ApprovalRecord) -> Value {
    json!({
        "answer": approval.answer.name(),
        "approver": approval.approver,
        "reason": approval.reason,
        "waited_ns": approval.waited_ns,
        "remember": approval.remember.name(),
    })
}

/// Arguments by their parameters' names, or the array itself where the two do not agree.
fn arguments(function: &Function, arguments: &[u8]) -> Value {
    match item(arguments) {
        Value::Array(values) if values.len() == function.parameters.len() => {
            Value::Object(function.parameters.iter().cloned().zip(values).collect())
        }
        value => value,
    }
}

/// One CBOR item as JSON. A reader has checked that it is one of this format.
fn item(bytes: &[u8]) -> Value {
    let mut left = ITEMS_SHOWN_MAX;
    value(&mut Decoder::new(bytes), &mut left).unwrap_or_else(|error| {
        if left == 0 { json!({ "items_over": ITEMS_SHOWN_MAX }) } else { json!({ "unreadable": error.to_string() }) }
    })
}

/// Reads one item, of which so many more may be `left`. Its depth is bounded by `DEPTH_MAX`, which the reader enforces.
fn value(decoder: &mut Decoder<'_>, left: &mut u32) -> Result<Value, Error> {
    if *left == 0 {
        return Err(Error::message("more items than are shown"));
    }
    *left -= 1;
    Ok(match decoder.datatype()? {
        Type::Null => decoder.null().map(|()| Value::Null)?,
        Type::Bool => decoder.bool()?.into(),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => decoder.u64()?.into(),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => integer(decoder)?,
        Type::String => decoder.str()?.into(),
        Type::Bytes | Type::Tag => payload(&decoder.decode()?),
        Type::Array => {
            let length = decoder.array()?.unwrap_or_default();
            let values: Result<Vec<Value>, Error> = (0..length).map(|_| value(decoder, left)).collect();
            Value::Array(values?)
        }
        Type::Map => {
            let length = decoder.map()?.unwrap_or_default();
            let entries: Result<Map<String, Value>, Error> =
                (0..length).map(|_| Ok((key(decoder, left)?, value(decoder, left)?))).collect();
            Value::Object(entries?)
        }
        other => return Err(Error::type_mismatch(other)),
    })
}

/// A negative integer; below what 64 bits hold it becomes its decimal text.
fn integer(decoder: &mut Decoder<'_>) -> Result<Value, Error> {
    let integer = i128::from(decoder.int()?);
    Ok(i64::try_from(integer).map_or_else(|_| integer.to_string().into(), Value::from))
}

/// A map's key: its text, or the JSON of anything else.
fn key(decoder: &mut Decoder<'_>, left: &mut u32) -> Result<String, Error> {
    Ok(match value(decoder, left)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

fn payload(payload: &PayloadRef<'_>) -> Value {
    let mut object = Map::new();
    object.insert("length".to_owned(), payload.length().into());
    object.insert("blake3".to_owned(), hex(&payload.digest()).into());
    match payload {
        PayloadRef::Inline(contents) => match std::str::from_utf8(contents) {
            Ok(text) => object.insert("text".to_owned(), text.into()),
            Err(_) => object.insert("base64".to_owned(), STANDARD.encode(contents).into()),
        },
        PayloadRef::Stored(blob) => object.insert("stored_at".to_owned(), blob.offset.into()),
        PayloadRef::DigestOnly { .. } => None,
    };
    Value::Object(object)
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().map_or('?', char::from);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect()
}
