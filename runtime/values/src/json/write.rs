//! Values as JSON.

use serde::Serializer;
use serde::ser::{Serialize, SerializeMap};

use crate::value::Value;

/// A value as JSON, on one line: see [the crate](crate) for the form of each type. Fields are in the order of the type,
/// and all of them are there.
///
/// # Errors
///
/// When the serializer fails, which it does not for values.
pub fn to_json(value: &Value) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Written(value))
}

/// A text as a JSON string, with its quotes.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

struct Written<'v>(&'v Value);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Bool(value) => serializer.serialize_bool(*value),
            // No type has numbers that are in neither range.
            Value::Integer(number) => match (u64::try_from(*number), i64::try_from(*number)) {
                (Ok(number), _) => serializer.serialize_u64(number),
                (_, Ok(number)) => serializer.serialize_i64(number),
                _ => Err(serde::ser::Error::custom("a number of more than 64 bits")),
            },
            Value::F32(value) => match word(f64::from(*value)) {
                Some(word) => serializer.serialize_str(word),
                None => serializer.serialize_f64(shortest(*value)),
            },
            Value::F64(value) => match word(*value) {
                Some(word) => serializer.serialize_str(word),
                None => serializer.serialize_f64(*value),
            },
            Value::Char(value) => serializer.serialize_char(*value),
            Value::String(value) => serializer.serialize_str(value),
            Value::List(items) | Value::Tuple(items) => serializer.collect_seq(items.iter().map(Written)),
            Value::Record(fields) => {
                serializer.collect_map(fields.iter().map(|(name, value)| (&**name, Written(value))))
            }
            Value::Enum(name) | Value::Variant(name, None) => serializer.serialize_str(name),
            Value::Variant(name, Some(value)) => single(serializer, name, Some(value)),
            Value::Flags(names) => serializer.collect_seq(names.iter().map(|name| &**name)),
            Value::Option(None) => serializer.serialize_unit(),
            // `null` is the outer `none`.
            Value::Option(Some(value)) if matches!(**value, Value::Option(_)) => {
                single(serializer, "some", Some(value))
            }
            Value::Option(Some(value)) => Written(value).serialize(serializer),
            Value::Result(Ok(value)) => single(serializer, "ok", value.as_deref()),
            Value::Result(Err(value)) => single(serializer, "err", value.as_deref()),
        }
    }
}

/// An object with one member; `null` stands for no value.
fn single<S: Serializer>(serializer: S, name: &str, value: Option<&Value>) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    match value {
        Some(value) => map.serialize_entry(name, &Written(value))?,
        None => map.serialize_entry(name, &())?,
    }
    map.end()
}

/// JSON has no numbers for these.
pub(super) fn word(value: f64) -> Option<&'static str> {
    match value {
        value if value.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        _ => None,
    }
}

/// The number with the fewest digits that is read as this `f32`: 0.1, and not 0.10000000149011612.
fn shortest(value: f32) -> f64 {
    let digits = value.to_string().parse().unwrap_or(f64::from(value));
    // Readers go through `f64`, which could round to the neighbour of a number in the middle.
    if crate::check::narrow(digits).to_bits() == value.to_bits() { digits } else { f64::from(value) }
}
