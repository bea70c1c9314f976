//! Values, without an engine.

use std::sync::Arc;

/// A value of a [`Type`](crate::Type). Names are those of the type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `bool`
    Bool(bool),
    /// A whole number of any width, within the range of its type.
    Integer(i128),
    /// `f32`
    F32(f32),
    /// `f64`
    F64(f64),
    /// `char`
    Char(char),
    /// `string`
    String(String),
    /// `list<T>`
    List(Vec<Value>),
    /// `record`: every field, in the order of the type.
    Record(Vec<(Arc<str>, Value)>),
    /// `tuple<…>`
    Tuple(Vec<Value>),
    /// `variant`: the case, and its value if it has one.
    Variant(Arc<str>, Option<Box<Value>>),
    /// `enum`
    Enum(Arc<str>),
    /// `flags`: those that are set, in the order of the type.
    Flags(Vec<Arc<str>>),
    /// `option<T>`
    Option(Option<Box<Value>>),
    /// `result<T, E>`
    Result(Result<Option<Box<Value>>, Option<Box<Value>>>),
}

/// What is wrong with a value that was given, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The place, from the outside: names, and numbers of items.
    place: Vec<String>,
    message: String,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { place: Vec::new(), message: message.into() }
    }

    /// Adds the name of a field, parameter or case around the place.
    #[must_use]
    pub(crate) fn within(mut self, name: &str) -> Self {
        self.place.push(crate::clip(name).into_owned());
        self
    }

    /// Adds the number of an item around the place.
    #[must_use]
    pub(crate) fn at(mut self, index: usize) -> Self {
        self.place.push(format!("[{index}]"));
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut place = String::new();
        for step in self.place.iter().rev() {
            if !place.is_empty() && !step.starts_with('[') {
                place.push('.');
            }
            place.push_str(step);
        }
        if place.is_empty() { f.write_str(&self.message) } else { write!(f, "`{place}`: {}", self.message) }
    }
}

impl std::error::Error for Problem {}
