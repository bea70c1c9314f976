//! Component values as JSON, for callers that are programs.
//!
//! Records are objects; variants are `{"case": value}` or the case's name alone; options are the value or `null`;
//! results are `{"ok": value}` or `{"err": value}`; flags are arrays of names; tuples are arrays; a character is a
//! string of one character. Integers beyond 53 bits are accepted and returned as decimal strings, since many JSON
//! readers lose their last digits.

use serde_json::{Map, Number, Value};
use wasmtime::component::types::{self, Field};
use wasmtime::component::{Type, Val};

use crate::tool::lines::{CUT, clip};

/// Largest integer that every JSON reader keeps exactly: 2^53 - 1 (RFC 8259, section 6).
const EXACT_MAX: u64 = (1 << 53) - 1;

/// Values for parameters, from an array in their order or an object with their names.
pub(crate) fn arguments(value: &Value, parameters: &[(String, Type)]) -> Result<Vec<Val>, String> {
    match value {
        Value::Array(items) => {
            if items.len() != parameters.len() {
                return Err(format!("expected {} values, found {}", parameters.len(), items.len()));
            }
            items
                .iter()
                .zip(parameters)
                .map(|(item, (name, ty))| from_json(item, ty).map_err(|e| at(name, &e)))
                .collect()
        }
        Value::Object(fields) => by_name(fields, parameters.iter().map(|(name, ty)| (name.as_str(), ty.clone())))
            .map(|fields| fields.into_iter().map(|(_, value)| value).collect()),
        other => Err(format!("expected an array or an object, found {}", kind(other))),
    }
}

fn at(place: &str, problem: &str) -> String {
    format!("`{place}`: {problem}")
}

fn by_name<'a>(
    fields: &Map<String, Value>,
    types: impl Iterator<Item = (&'a str, Type)>,
) -> Result<Vec<(String, Val)>, String> {
    let mut values = Vec::new();
    for (name, ty) in types {
        // An option may be omitted.
        let value = fields.get(name).unwrap_or(&Value::Null);
        if !fields.contains_key(name) && !matches!(ty, Type::Option(_)) {
            return Err(format!("`{name}` is missing"));
        }
        values.push((name.to_owned(), from_json(value, &ty).map_err(|problem| at(name, &problem))?));
    }
    let known = |name: &String| values.iter().any(|(known, _)| known == name);
    match fields.keys().find(|name| !known(name)) {
        None => Ok(values),
        Some(unknown) => Err(format!("`{unknown}` is not expected")),
    }
}

/// A component value from JSON.
pub(crate) fn from_json(value: &Value, ty: &Type) -> Result<Val, String> {
    let wrong = || format!("expected {}, found {}", type_name(ty), kind(value));
    macro_rules! integer {
        ($case:ident) => {
            integer(value).and_then(|number| number.try_into().ok()).map(Val::$case).ok_or_else(wrong)
        };
    }
    match ty {
        Type::Bool => value.as_bool().map(Val::Bool).ok_or_else(wrong),
        Type::S8 => integer!(S8),
        Type::U8 => integer!(U8),
        Type::S16 => integer!(S16),
        Type::U16 => integer!(U16),
        Type::S32 => integer!(S32),
        Type::U32 => integer!(U32),
        Type::S64 => integer!(S64),
        Type::U64 => integer!(U64),
        Type::Float32 => value.as_f64().map(narrow).map(Val::Float32).ok_or_else(wrong),
        Type::Float64 => value.as_f64().map(Val::Float64).ok_or_else(wrong),
        Type::Char => {
            let mut chars = value.as_str().ok_or_else(wrong)?.chars();
            match (chars.next(), chars.next()) {
                (Some(only), None) => Ok(Val::Char(only)),
                _ => Err(wrong()),
            }
        }
        Type::String => value.as_str().map(|text| Val::String(text.into())).ok_or_else(wrong),
        Type::List(list) => {
            let items = value.as_array().ok_or_else(wrong)?;
            let element = list.ty();
            items.iter().map(|item| from_json(item, &element)).collect::<Result<_, _>>().map(Val::List)
        }
        Type::Record(record) => {
            let fields = value.as_object().ok_or_else(wrong)?;
            by_name(fields, record.fields().map(|field| (field.name, field.ty))).map(Val::Record)
        }
        Type::Tuple(tuple) => {
            let items = value.as_array().ok_or_else(wrong)?;
            let types: Vec<Type> = tuple.types().collect();
            if items.len() != types.len() {
                return Err(wrong());
            }
            items.iter().zip(&types).map(|(item, ty)| from_json(item, ty)).collect::<Result<_, _>>().map(Val::Tuple)
        }
        Type::Variant(_) | Type::Enum(_) | Type::Option(_) | Type::Result(_) | Type::Flags(_) => {
            choice(value, ty, &wrong)
        }
        _ => Err(format!("{} has no form in JSON", type_name(ty))),
    }
}

/// A value of a type with cases, from JSON.
fn choice(value: &Value, ty: &Type, wrong: &dyn Fn() -> String) -> Result<Val, String> {
    match ty {
        Type::Variant(variant) => {
            let cases: Vec<(String, Option<Type>)> =
                variant.cases().map(|case| (case.name.to_owned(), case.ty)).collect();
            case(value, &cases, wrong).map(|(name, payload)| Val::Variant(name, payload))
        }
        Type::Enum(names) => {
            let name = value.as_str().ok_or_else(wrong)?;
            names.names().find(|known| *known == name).map(|known| Val::Enum(known.to_owned())).ok_or_else(wrong)
        }
        Type::Option(option) => match value {
            Value::Null => Ok(Val::Option(None)),
            value => from_json(value, &option.ty()).map(|value| Val::Option(Some(Box::new(value)))),
        },
        Type::Result(result) => {
            let cases = [("ok".to_owned(), result.ok()), ("err".to_owned(), result.err())];
            let (name, payload) = case(value, &cases, wrong)?;
            Ok(Val::Result(if name == "ok" { Ok(payload) } else { Err(payload) }))
        }
        Type::Flags(flags) => {
            let items = value.as_array().ok_or_else(wrong)?;
            let known: Vec<&str> = flags.names().collect();
            items
                .iter()
                .map(|item| {
                    let name = item.as_str().ok_or_else(wrong)?;
                    if known.contains(&name) { Ok(name.to_owned()) } else { Err(wrong()) }
                })
                .collect::<Result<_, _>>()
                .map(Val::Flags)
        }
        _ => Err(wrong()),
    }
}

type Case = (String, Option<Box<Val>>);

fn case(value: &Value, cases: &[(String, Option<Type>)], wrong: &dyn Fn() -> String) -> Result<Case, String> {
    let (name, payload) = match value {
        Value::String(name) => (name, None),
        Value::Object(fields) if fields.len() == 1 => {
            let (name, payload) = fields.iter().next().ok_or_else(wrong)?;
            (name, Some(payload))
        }
        _ => return Err(wrong()),
    };
    let (known, ty) = cases.iter().find(|(known, _)| known == name).ok_or_else(wrong)?;
    match (ty, payload) {
        (None, None | Some(Value::Null)) => Ok((known.clone(), None)),
        (Some(ty), Some(payload)) => {
            let value = from_json(payload, ty).map_err(|problem| at(known, &problem))?;
            Ok((known.clone(), Some(Box::new(value))))
        }
        _ => Err(wrong()),
    }
}

fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Number(number) => number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a 32-bit float is what the parameter holds; the nearest one is meant"
)]
fn narrow(value: f64) -> f32 {
    value as f32
}

/// A component value as JSON; `None` for a handle, which has no form outside of its run.
pub(crate) fn to_json(value: &Val) -> Option<Value> {
    Some(match value {
        Val::Bool(value) => Value::Bool(*value),
        Val::S8(value) => (*value).into(),
        Val::U8(value) => (*value).into(),
        Val::S16(value) => (*value).into(),
        Val::U16(value) => (*value).into(),
        Val::S32(value) => (*value).into(),
        Val::U32(value) => (*value).into(),
        Val::S64(value) if value.unsigned_abs() <= EXACT_MAX => (*value).into(),
        Val::S64(value) => Value::String(value.to_string()),
        Val::U64(value) if *value <= EXACT_MAX => (*value).into(),
        Val::U64(value) => Value::String(value.to_string()),
        Val::Float32(value) => float(f64::from(*value)),
        Val::Float64(value) => float(*value),
        Val::Char(value) => Value::String(value.to_string()),
        Val::String(value) => Value::String(value.to_string()),
        Val::List(items) | Val::Tuple(items) => items.iter().map(to_json).collect::<Option<Vec<_>>>()?.into(),
        Val::Record(fields) => {
            let fields: Option<Map<String, Value>> =
                fields.iter().map(|(name, value)| Some((name.clone(), to_json(value)?))).collect();
            Value::Object(fields?)
        }
        Val::Variant(name, None) | Val::Enum(name) => Value::String(name.clone()),
        Val::Variant(name, Some(value)) => single(name, to_json(value)?),
        Val::Option(None) => Value::Null,
        Val::Option(Some(value)) => to_json(value)?,
        Val::Result(Ok(value)) => single("ok", inside(value.as_deref())?),
        Val::Result(Err(value)) => single("err", inside(value.as_deref())?),
        Val::Flags(names) => names.iter().cloned().map(Value::String).collect::<Vec<_>>().into(),
        _ => return None,
    })
}

fn inside(value: Option<&Val>) -> Option<Value> {
    value.map_or(Some(Value::Null), to_json)
}

fn single(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

/// JSON has no infinities and no NaN, so they are strings.
fn float(value: f64) -> Value {
    Number::from_f64(value).map_or_else(|| Value::String(value.to_string()), Value::Number)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Longest type that is written out, in bytes. A few nested types can expand to millions.
const TYPE_BYTES_MAX: usize = 4 << 10;

/// A type as WIT writes it, cut if it is very long.
pub(crate) fn type_name(ty: &Type) -> String {
    let mut text = String::new();
    write_type(&mut text, ty);
    text
}

fn write_type(text: &mut String, ty: &Type) {
    if text.len() > TYPE_BYTES_MAX {
        return text.push_str(CUT);
    }
    match ty {
        Type::Bool => text.push_str("bool"),
        Type::S8 => text.push_str("s8"),
        Type::U8 => text.push_str("u8"),
        Type::S16 => text.push_str("s16"),
        Type::U16 => text.push_str("u16"),
        Type::S32 => text.push_str("s32"),
        Type::U32 => text.push_str("u32"),
        Type::S64 => text.push_str("s64"),
        Type::U64 => text.push_str("u64"),
        Type::Float32 => text.push_str("f32"),
        Type::Float64 => text.push_str("f64"),
        Type::Char => text.push_str("char"),
        Type::String => text.push_str("string"),
        Type::List(list) => listed(text, "list<", [list.ty()], |text, ty| write_type(text, &ty), ">"),
        Type::Option(option) => listed(text, "option<", [option.ty()], |text, ty| write_type(text, &ty), ">"),
        Type::Result(result) => {
            let or_nothing = |text: &mut String, ty: Option<Type>| match ty {
                Some(ty) => write_type(text, &ty),
                None => text.push('_'),
            };
            listed(text, "result<", [result.ok(), result.err()], or_nothing, ">");
        }
        Type::Tuple(tuple) => listed(text, "tuple<", tuple.types(), |text, ty| write_type(text, &ty), ">"),
        Type::Record(record) => {
            let field = |text: &mut String, field: Field<'_>| {
                text.push_str(&clip(field.name));
                text.push_str(": ");
                write_type(text, &field.ty);
            };
            listed(text, "record { ", record.fields(), field, " }");
        }
        Type::Enum(names) => listed(text, "enum { ", names.names(), |text, name| text.push_str(&clip(name)), " }"),
        Type::Flags(flags) => listed(text, "flags { ", flags.names(), |text, name| text.push_str(&clip(name)), " }"),
        Type::Variant(variant) => {
            let case = |text: &mut String, case: types::Case<'_>| {
                text.push_str(&clip(case.name));
                if let Some(ty) = case.ty {
                    listed(text, "(", [ty], |text, ty| write_type(text, &ty), ")");
                }
            };
            listed(text, "variant { ", variant.cases(), case, " }");
        }
        _ => text.push_str("a resource"),
    }
}

/// Writes items with commas between them, up to the longest type.
fn listed<T>(
    text: &mut String,
    before: &str,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
    after: &str,
) {
    text.push_str(before);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        if text.len() > TYPE_BYTES_MAX {
            text.push_str(CUT);
            break;
        }
        write(text, item);
    }
    text.push_str(after);
}
