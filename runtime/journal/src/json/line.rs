//! [`write_json`]: records as text; calls without an object for each, as a journal can have millions of them.

use std::fmt::{self, Write as _};

use minicbor::Decoder;
use minicbor::data::Type;
use serde_json::Value;

use crate::event::{Call, Event, Function, Record};
use crate::item;
use wasm_agent_cbor as cbor;

use super::{decision, payload, to_json};

/// Longest arguments and outcome that are written here, in bytes.
const ITEM_BYTES_MAX: usize = 4096;

/// Appends a record as one line of JSON, without the line's end: the text of [`to_json`], byte for byte.
pub fn write_json(record: &Record, out: &mut String) {
    let start = out.len();
    let written = match &record.event {
        Event::Call(call) => self::call(record, call, out),
        _ => None,
    };
    if written.is_none() {
        out.truncate(start);
        // Writing into memory does not fail.
        let _ = write!(out, "{}", to_json(record));
    }
}

/// Writes a call whose arguments and outcome are of the usual kinds. Members stand in the order of their names, as everywhere.
fn call(record: &Record, call: &Call, out: &mut String) -> Option<()> {
    // Short enough to be shown whole: no item takes less than a byte.
    if call.arguments.len().max(call.outcome.len()) >= ITEM_BYTES_MAX {
        return None;
    }
    out.push_str("{\"arguments\":");
    arguments(&call.function, &call.arguments, out)?;
    write(out, format_args!(",\"at_ns\":{},\"call\":{}", call.at_ns, call.seq))?;
    if let Some(decided) = &call.decision {
        write(out, format_args!(",\"decision\":{}", decision(decided)))?;
    }
    write(out, format_args!(",\"duration_ns\":{},\"event\":\"call\",\"fuel\":{}", call.duration_ns, call.fuel))?;
    out.push_str(",\"function\":");
    text(&call.function.name, out)?;
    write(out, format_args!(",\"offset\":{}", record.offset))?;
    // A member without a value is left out.
    if call.outcome != [cbor::NULL] {
        out.push_str(",\"outcome\":");
        item(&mut Decoder::new(&call.outcome), out)?;
    }
    write(out, format_args!(",\"record\":{}}}", record.index))
}

/// Arguments by the names of their parameters, which have to be as many and different.
fn arguments(function: &Function, arguments: &[u8], out: &mut String) -> Option<()> {
    let mut decoder = Decoder::new(arguments);
    let count = decoder.array().ok()??;
    if count != cbor::wide(function.parameters.len()) {
        return None;
    }
    let mut rest = arguments.get(decoder.position()..)?;
    let mut named = Vec::with_capacity(function.parameters.len());
    for parameter in &function.parameters {
        let (item, behind) = item::split_item(rest)?;
        named.push((parameter, item));
        rest = behind;
    }
    named.sort_unstable_by_key(|(parameter, _)| *parameter);
    if named.windows(2).any(|pair| matches!(pair, [(one, _), (next, _)] if one == next)) {
        return None;
    }
    out.push('{');
    for (position, (parameter, argument)) in named.into_iter().enumerate() {
        separate(position == 0, out);
        text(parameter, out)?;
        out.push(':');
        item(&mut Decoder::new(argument), out)?;
    }
    out.push('}');
    Some(())
}

/// Writes one item. Its depth is bounded by `DEPTH_MAX`, which the reader enforces. Maps take the longer way.
fn item(decoder: &mut Decoder<'_>, out: &mut String) -> Option<()> {
    match decoder.datatype().ok()? {
        Type::Null => {
            decoder.null().ok()?;
            out.push_str("null");
        }
        Type::Bool => out.push_str(if decoder.bool().ok()? { "true" } else { "false" }),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => write(out, format_args!("{}", decoder.u64().ok()?))?,
        Type::I8 | Type::I16 | Type::I32 => write(out, format_args!("{}", decoder.i64().ok()?))?,
        Type::String => text(decoder.str().ok()?, out)?,
        Type::Bytes | Type::Tag => write(out, format_args!("{}", payload(&decoder.decode().ok()?)))?,
        Type::Array => {
            let count = decoder.array().ok()??;
            out.push('[');
            for position in 0..count {
                separate(position == 0, out);
                item(decoder, out)?;
            }
            out.push(']');
        }
        _ => return None,
    }
    Some(())
}

fn separate(is_first: bool, out: &mut String) {
    if !is_first {
        out.push(',');
    }
}

fn text(text: &str, out: &mut String) -> Option<()> {
    // Nearly all texts are names and paths, in which nothing is escaped.
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.extend(["\"", text, "\""]);
        return Some(());
    }
    write(out, format_args!("{}", Value::from(text)))
}

fn write(out: &mut String, text: fmt::Arguments<'_>) -> Option<()> {
    out.write_fmt(text).ok()
}
