//! A recorded call in the words of WIT.
//!
//! Integers, arrays and strings of a journal, as JSON, become names of flags, fields and cases. A value that does not
//! fit its type is shown as recorded: a journal may be hostile, or of another release.

use serde_json::{Map, Value};

use crate::function::find;
use crate::types::{Enum, Flags, Named, Record, Type, Variant};

/// A recorded value, and the type that it should have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Typed<'v> {
    ty: Option<&'static Type>,
    value: &'v Value,
}

/// One level of a value, in WIT's words.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape<'v> {
    /// A boolean, number, string, handle or contents; or a value that does not fit its type.
    Plain(&'v Value),
    /// An empty option, or the value of a result that has none.
    Nothing,
    /// A case without a payload.
    Case(&'static str),
    /// A case and its payload. For a result, the case is `ok` or `error`.
    Holds(&'static str, Typed<'v>),
    /// The flags that are set.
    Flags(Vec<&'static str>),
    /// The fields of a record.
    Fields(Vec<(&'static str, Typed<'v>)>),
    /// The items of a list or tuple.
    Items(Vec<Typed<'v>>),
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<'v> {
    /// It returned this value, or none.
    Value(Option<Typed<'v>>),
    /// It gave the tool an error.
    Error(Typed<'v>),
    /// It ended the tool, for this reason.
    Trap(Typed<'v>),
    /// Something that no host of this version writes.
    Unknown(&'v Value),
}

/// A call's arguments by name. The names are WIT's, or the journal's if the function is unknown or has another number
/// of parameters. `None` if the journal's own names do not fit either.
#[must_use]
pub fn arguments<'v>(key: &str, names: &'v [String], recorded: &'v Value) -> Option<Vec<(&'v str, Typed<'v>)>> {
    let values = recorded.as_array()?;
    if let Some(function) = find(key).filter(|function| function.parameters.len() == values.len()) {
        let typed = |(named, value): (&'static Named, &'v Value)| (named.name, Typed { ty: Some(&named.ty), value });
        return Some(function.parameters.iter().zip(values).map(typed).collect());
    }
    // Hosts that recorded the names of Rust's parameters had to rename `self`.
    let named = |(name, value): (&'v String, &'v Value)| (name.trim_end_matches('_'), Typed::unknown(value));
    (names.len() == values.len()).then(|| names.iter().zip(values).map(named).collect())
}

/// How a call ended, from the journal's `[0, value]`, `[1, error]` or `[2, text]`.
#[must_use]
pub fn outcome<'v>(key: &str, recorded: &'v Value) -> Outcome<'v> {
    let Some([which, value]) = recorded.as_array().map(Vec::as_slice) else { return Outcome::Unknown(recorded) };
    let result = find(key).and_then(|function| function.result.as_ref());
    let (ok, error) = match result {
        Some(Type::Result(ok, error)) => (*ok, *error),
        other => (other, None),
    };
    match which.as_u64() {
        Some(0) => match within(result, value).unwrap_or((true, value)) {
            (true, value) => Outcome::Value(Some(Typed { ty: ok, value }).filter(|_| !value.is_null())),
            (false, value) => Outcome::Error(Typed { ty: error, value }),
        },
        Some(1) => Outcome::Error(Typed { ty: error, value }),
        Some(2) => Outcome::Trap(Typed { ty: None, value }),
        _ => Outcome::Unknown(recorded),
    }
}

/// The value or error in a result that is recorded whole: a result whose error the host never makes itself.
fn within<'v>(result: Option<&'static Type>, value: &'v Value) -> Option<(bool, &'v Value)> {
    let Some(whole @ Type::Result(ok, _)) = result else { return None };
    if fits(*ok, value) || !fits(Some(whole), value) {
        return None;
    }
    halves(value)
}

impl<'v> Typed<'v> {
    /// A value of unknown type.
    #[must_use]
    pub fn unknown(value: &'v Value) -> Self {
        Self { ty: None, value }
    }

    /// The value as it was recorded.
    #[must_use]
    pub fn recorded(&self) -> &'v Value {
        self.value
    }

    /// One level of the value.
    #[must_use]
    pub fn shape(&self) -> Shape<'v> {
        let Self { ty, value } = *self;
        let plain = Shape::Plain(value);
        match ty {
            // Without a type, a list can hold anything. Contents are an object, which the reader shows.
            None => match value {
                Value::Null => Shape::Nothing,
                Value::Array(items) => Shape::Items(items.iter().map(Self::unknown).collect()),
                _ => plain,
            },
            Some(ty) => shape(ty, value).unwrap_or(plain),
        }
    }

    /// The value as JSON: flags are a list of their names, records an object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let object = |name: &str, value: Value| Value::Object(Map::from_iter([(name.to_owned(), value)]));
        match self.shape() {
            Shape::Plain(value) => value.clone(),
            Shape::Nothing => Value::Null,
            Shape::Case(name) => name.into(),
            Shape::Holds(name, value) => object(name, value.to_json()),
            Shape::Flags(names) => names.into(),
            Shape::Fields(fields) => {
                let field = |(name, value): (&str, Self)| (name.to_owned(), value.to_json());
                Value::Object(fields.into_iter().map(field).collect())
            }
            Shape::Items(items) => items.iter().map(Self::to_json).collect(),
        }
    }
}

/// One level of a value of this type; `None` if the value does not fit the type.
fn shape<'v>(ty: &'static Type, value: &'v Value) -> Option<Shape<'v>> {
    let typed = |ty: &'static Type, value: &'v Value| Typed { ty: Some(ty), value };
    match ty {
        Type::Bool | Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::String | Type::Bytes => None,
        Type::Own(_) | Type::Borrow(_) => None,
        Type::List(of) => {
            Some(Shape::Items(value.as_array()?.iter().map(|item| Typed { ty: Some(*of), value: item }).collect()))
        }
        Type::Tuple(types) => {
            let items = value.as_array().filter(|items| items.len() == types.len())?;
            Some(Shape::Items(types.iter().zip(items).map(|(ty, item)| typed(ty, item)).collect()))
        }
        Type::Option(_) if value.is_null() => Some(Shape::Nothing),
        Type::Option(of) => {
            let [value] = value.as_array()?.as_slice() else { return None };
            // An option in an option keeps its brackets, so that the two can be told apart.
            let inner = Typed { ty: Some(*of), value };
            Some(if matches!(of, Type::Option(_)) { Shape::Items(vec![inner]) } else { inner.shape() })
        }
        Type::Result(ok, error) => {
            let (is_ok, value) = halves(value)?;
            let (name, ty) = if is_ok { ("ok", *ok) } else { ("error", *error) };
            Some(ty.map_or(Shape::Case(name), |ty| Shape::Holds(name, typed(ty, value))))
        }
        Type::Record(Record { fields, .. }) => {
            let values = value.as_array().filter(|values| values.len() == fields.len())?;
            let field = |(field, value): (&'static Named, &'v Value)| (field.name, typed(&field.ty, value));
            Some(Shape::Fields(fields.iter().zip(values).map(field).collect()))
        }
        Type::Enum(Enum { cases, .. }) => {
            let name = value.as_str()?;
            cases.iter().find(|case| **case == name).map(|case| Shape::Case(case))
        }
        Type::Flags(flags) => Flags::names(flags, value.as_u64()?).map(Shape::Flags),
        Type::Variant(variant) => case(variant, value),
    }
}

fn case<'v>(variant: &'static Variant, value: &'v Value) -> Option<Shape<'v>> {
    let find = |name: &str| variant.cases.iter().find(|(case, _)| *case == name);
    let (name, held) = match value {
        Value::String(name) => (name.as_str(), None),
        Value::Array(items) => match items.as_slice() {
            [Value::String(name), value] => (name.as_str(), Some(value)),
            _ => return None,
        },
        // A stream's error is `null`, or the number of the handle of an `error` resource.
        Value::Null if variant.name == STREAM_ERROR => ("closed", None),
        Value::Number(_) if variant.name == STREAM_ERROR => ("last-operation-failed", Some(value)),
        _ => return None,
    };
    match (find(name)?, held) {
        ((name, None), None) => Some(Shape::Case(name)),
        ((name, Some(ty)), Some(value)) => Some(Shape::Holds(name, Typed { ty: Some(ty), value })),
        _ => None,
    }
}

/// The one variant that journals encode in a form of its own.
const STREAM_ERROR: &str = "stream-error";

/// The value or error of a result that is recorded whole: whether it is a value, and which.
fn halves(value: &Value) -> Option<(bool, &Value)> {
    let [which, value] = value.as_array()?.as_slice() else { return None };
    match which.as_u64()? {
        0 => Some((true, value)),
        1 => Some((false, value)),
        _ => None,
    }
}

/// Whether a value is of this type; for no type, whether it is `null`.
fn fits(ty: Option<&'static Type>, value: &Value) -> bool {
    let Some(ty) = ty else { return value.is_null() };
    match ty {
        Type::Bool => value.is_boolean(),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::Own(_) | Type::Borrow(_) => value.is_u64(),
        Type::String => value.is_string(),
        Type::Bytes => value.is_object(),
        Type::Option(_) if value.is_null() => true,
        Type::Option(of) => matches!(value.as_array().map(Vec::as_slice), Some([value]) if fits(Some(of), value)),
        Type::Result(ok, error) => {
            halves(value).is_some_and(|(is_ok, value)| fits(if is_ok { *ok } else { *error }, value))
        }
        _ => match shape(ty, value) {
            Some(Shape::Items(items)) => items.iter().all(|item| fits(item.ty, item.value)),
            Some(Shape::Fields(fields)) => fields.iter().all(|(_, field)| fits(field.ty, field.value)),
            Some(Shape::Holds(_, held)) => fits(held.ty, held.value),
            Some(Shape::Case(_) | Shape::Flags(_)) => true,
            Some(Shape::Plain(_) | Shape::Nothing) | None => false,
        },
    }
}

#[cfg(test)]
mod tests;
