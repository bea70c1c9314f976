//! Recorded values as text: names of WIT as they are, texts from the tool quoted and escaped.

use serde_json::Value;
use wasm_agent_calls::words::{Shape, Typed};

use crate::show::escape::escape_line;
use crate::show::units::bytes;

/// Longest text of a call's arguments or outcome, in characters. `--format json` has all of it.
const CHARS_MAX: usize = 400;

/// Deepest nesting that is shown.
const DEPTH_MAX: usize = 4;

/// Named values, as `name=value` with spaces between them.
pub(super) fn together<'v>(values: impl IntoIterator<Item = (&'v str, Typed<'v>)>) -> String {
    let mut text = String::new();
    for (name, value) in values {
        if !text.is_empty() {
            text.push(' ');
        }
        // Old journals have names of Rust parameters, such as `self_`.
        text.push_str(&escape_line(name.trim_end_matches('_')));
        text.push('=');
        compact(&value, DEPTH_MAX, &mut text);
    }
    cut(text)
}

/// A value without a name. A record becomes named values.
pub(crate) fn alone(value: &Typed<'_>) -> String {
    match value.shape() {
        Shape::Fields(fields) => together(fields),
        _ => {
            let mut text = String::new();
            compact(value, DEPTH_MAX, &mut text);
            cut(text)
        }
    }
}

/// Whether a value is a byte string in a journal's JSON: a length and a digest.
pub(crate) fn is_payload(value: Option<&Value>) -> bool {
    value.is_some_and(|value| value.get("length").is_some() && value.get("blake3").is_some())
}

fn cut(text: String) -> String {
    if text.chars().count() > CHARS_MAX { text.chars().take(CHARS_MAX).chain(['…']).collect() } else { text }
}

fn compact(value: &Typed<'_>, depth: usize, text: &mut String) {
    // The rest would be cut anyway.
    if text.len() > 4 * CHARS_MAX {
        return;
    }
    match value.shape() {
        Shape::Plain(value) => plain(value, depth, text),
        Shape::Nothing => text.push_str("none"),
        Shape::Case(name) => text.push_str(name),
        Shape::Flags(names) if names.is_empty() => text.push_str("none"),
        Shape::Flags(names) => text.push_str(&names.join(",")),
        Shape::Holds(..) | Shape::Fields(_) | Shape::Items(_) if depth == 0 => text.push('…'),
        Shape::Holds(name, value) => {
            text.push_str(name);
            within(text, ['(', ')'], [value], |value, text| compact(&value, depth - 1, text));
        }
        Shape::Fields(fields) => within(text, ['{', '}'], fields, |(name, value), text| {
            text.push_str(name);
            text.push_str(": ");
            compact(&value, depth - 1, text);
        }),
        Shape::Items(items) => within(text, ['[', ']'], items, |item, text| compact(&item, depth - 1, text)),
    }
}

fn plain(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::String(string) => {
            text.push('"');
            text.push_str(&escape_line(string));
            text.push('"');
        }
        Value::Object(fields) if is_payload(Some(value)) => {
            text.push_str(&bytes(fields.get("length").and_then(Value::as_u64).unwrap_or_default()));
        }
        Value::Null => text.push_str("none"),
        Value::Bool(_) | Value::Number(_) => text.push_str(&value.to_string()),
        Value::Array(_) | Value::Object(_) if depth == 0 => text.push('…'),
        // A value that does not have its declared type.
        Value::Array(items) => within(text, ['[', ']'], items, |item, text| {
            compact(&Typed::unknown(item), depth - 1, text);
        }),
        Value::Object(fields) => within(text, ['{', '}'], fields, |(name, value), text| {
            text.push_str(&escape_line(name));
            text.push_str(": ");
            compact(&Typed::unknown(value), depth - 1, text);
        }),
    }
}

/// Items in brackets, separated by commas.
fn within<T>(
    text: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(T, &mut String),
) {
    text.push(open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        write(item, text);
    }
    text.push(close);
}
