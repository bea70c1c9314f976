//! JSON as it was written: members in their order, and none of them twice.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::number::Numbers;
use super::slip;
use crate::value::Problem;

/// A JSON text, parsed.
///
/// Unlike `serde_json::Value` it keeps the order of members and refuses an object that has a name twice, of which other
/// readers would take the first or the last.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number without fraction and exponent, of at most 64 bits.
    Integer(i128),
    /// Any other number.
    Float {
        /// The nearest float.
        nearest: f64,
        /// The number as it was written: whole numbers are read from it, exactly.
        text: Box<str>,
    },
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object: names with their values.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Parses a text.
    ///
    /// # Errors
    ///
    /// When it is not JSON (RFC 8259), is nested deeper than 127 levels, has a number beyond the range of `f64`, or has
    /// a name twice in one object. The problem says what to write.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = Reader { numbers: &mut Numbers::of(text) }.deserialize(&mut reader);
        read.and_then(|read| reader.end().map(|()| read)).map_err(|error| slip::syntax(text, &error))
    }

    /// What it is and says, for messages, cut if it is long.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => format!("the boolean {value}"),
            Self::Integer(number) => format!("the number {number}"),
            Self::Float { text, .. } => format!("the number {}", crate::clip(text)),
            Self::String(text) => format!("the string {}", super::write::quoted(&crate::clip(text))),
            Self::Array(_) => "an array".to_owned(),
            Self::Object(_) => "an object".to_owned(),
        }
    }
}

/// Reads a value, and takes the text of each number from those of the whole text.
struct Reader<'n, 't> {
    numbers: &'n mut Numbers<'t>,
}

impl<'t> Reader<'_, 't> {
    fn again(&mut self) -> Reader<'_, 't> {
        Reader { numbers: &mut *self.numbers }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_, '_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_, '_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        self.numbers.next();
        Ok(Json::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        self.numbers.next();
        Ok(Json::Integer(value.into()))
    }

    fn visit_f64<E: Error>(self, nearest: f64) -> Result<Json, E> {
        let text = self.numbers.next().ok_or_else(|| E::custom("a number without digits"))?;
        Ok(Json::Float { nearest, text: text.into() })
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self.again())? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some(name) = access.next_key::<String>()? {
            let value = access.next_value_seed(self.again())?;
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("`{}` is given twice", crate::clip(&name))));
            }
            members.push((name, value));
        }
        Ok(Json::Object(members))
    }
}
