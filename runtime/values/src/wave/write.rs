//! Values as WAVE.

use std::fmt::Write as _;

use wasm_wave::lex::Keyword;

use crate::value::Value;

/// A value in WAVE syntax. Fields that are `none` are left out.
#[must_use]
pub fn to_wave(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value);
    text
}

fn write(text: &mut String, value: &Value) {
    match value {
        Value::Bool(value) => display(text, value),
        Value::Integer(value) => display(text, value),
        Value::F32(value) if value.is_nan() => text.push_str("nan"),
        Value::F64(value) if value.is_nan() => text.push_str("nan"),
        Value::F32(value) => display(text, value),
        Value::F64(value) => display(text, value),
        Value::Char(value) => {
            text.push('\'');
            escaped(text, *value);
            text.push('\'');
        }
        Value::String(value) => {
            text.push('"');
            value.chars().for_each(|character| escaped(text, character));
            text.push('"');
        }
        Value::List(items) => listed(text, "[", items, write, "]"),
        Value::Tuple(items) => listed(text, "(", items, write, ")"),
        Value::Record(fields) => {
            let shown: Vec<_> = fields.iter().filter(|(_, value)| !matches!(value, Value::Option(None))).collect();
            if shown.is_empty() {
                return text.push_str("{:}");
            }
            let field = |text: &mut String, (name, value): &(std::sync::Arc<str>, Value)| {
                text.push_str(name);
                text.push_str(": ");
                write(text, value);
            };
            listed(text, "{", shown, field, "}");
        }
        Value::Flags(names) => listed(text, "{", names, |text, name| text.push_str(name), "}"),
        Value::Enum(name) => label(text, name),
        Value::Variant(name, value) => {
            label(text, name);
            payload(text, value.as_deref());
        }
        Value::Option(None) => text.push_str("none"),
        Value::Option(value) => {
            text.push_str("some");
            payload(text, value.as_deref());
        }
        Value::Result(Ok(value)) => {
            text.push_str("ok");
            payload(text, value.as_deref());
        }
        Value::Result(Err(value)) => {
            text.push_str("err");
            payload(text, value.as_deref());
        }
    }
}

fn display(text: &mut String, value: &impl std::fmt::Display) {
    // Writing to a `String` can't fail.
    let _ = write!(text, "{value}");
}

/// A name of a case; one that is a word of WAVE's own is marked.
fn label(text: &mut String, name: &str) {
    if Keyword::decode(name).is_some() {
        text.push('%');
    }
    text.push_str(name);
}

fn payload(text: &mut String, value: Option<&Value>) {
    if let Some(value) = value {
        text.push('(');
        write(text, value);
        text.push(')');
    }
}

fn escaped(text: &mut String, character: char) {
    match character {
        '\\' | '"' | '\'' | '\t' | '\r' | '\n' => text.extend(character.escape_default()),
        control if control.is_control() => text.extend(control.escape_unicode()),
        other => text.extend(other.escape_debug()),
    }
}

fn listed<T>(
    text: &mut String,
    before: &str,
    items: impl IntoIterator<Item = T>,
    mut each: impl FnMut(&mut String, T),
    after: &str,
) {
    text.push_str(before);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        each(text, item);
    }
    text.push_str(after);
}
