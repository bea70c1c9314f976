//! [`Function`]: what WIT declares about a function, and the function's class.

use std::cmp::Ordering;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::FUNCTIONS;
use crate::types::{Named, Type};

/// A function that this host offers to tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// Its number, unique in this release. Journals do not record it.
    pub id: Id,
    /// Its interface, without a version: `wasi:filesystem/types`.
    pub interface: &'static str,
    /// Its name, as components import it: `[method]descriptor.open-at`.
    pub name: &'static str,
    /// Interface and name together, as journals record them: `wasi:filesystem/types#[method]descriptor.open-at`.
    pub key: &'static str,
    /// Its parameters, in the order of a call's arguments.
    pub parameters: &'static [Named],
    /// The type of its result, if it returns one.
    pub result: Option<Type>,
    /// What it can do.
    pub class: Class,
}

/// What a function can do, and so what the gate has to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It reads a clock, random numbers, arguments, or a value that does not depend on the world outside.
    Pure,
    /// It acts only on handles that earlier calls gave: reading, writing, closing, waiting, putting a request together.
    /// The policy decided when the handle was made.
    Handle,
    /// It looks something up by name, and changes nothing.
    Look,
    /// It changes something found by name, sends something off the machine, or asks a person.
    Effect,
}

impl Class {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Handle => "handle",
            Self::Look => "look",
            Self::Effect => "effect",
        }
    }

    /// Whether the policy decides about each call. True for looks and effects.
    #[must_use]
    pub const fn is_checked(self) -> bool {
        matches!(self, Self::Look | Self::Effect)
    }
}

/// A function as a small value to match on. Each has a constant, such as `filesystem::types::DESCRIPTOR_OPEN_AT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(usize);

impl Id {
    /// The place of the function in [`FUNCTIONS`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }

    /// The function.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "every id is an index into the table")]
    pub const fn function(self) -> &'static Function {
        &FUNCTIONS[self.0]
    }

    /// Its key, as journals have it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        self.function().key
    }

    /// The function with this key. For constants: an unknown key does not compile.
    pub(crate) const fn of(key: &str) -> Self {
        named(key).id
    }
}

impl Function {
    pub(crate) const fn new(
        class: Class,
        [interface, name, key]: [&'static str; 3],
        parameters: &'static [Named],
        result: Option<Type>,
    ) -> Self {
        Self { id: Id(usize::MAX), interface, name, key, parameters, result, class }
    }

    /// The position of a parameter among a call's arguments.
    #[must_use]
    pub fn position(&self, parameter: &str) -> Option<usize> {
        self.parameters.iter().position(|named| named.name == parameter)
    }

    /// The names of its parameters, as a journal records them.
    #[must_use]
    pub fn parameter_names(&self) -> Vec<&'static str> {
        self.parameters.iter().map(|named| named.name).collect()
    }

    /// Whether a tool passes contents with a call: bytes whose digest the journal keeps.
    #[must_use]
    pub fn takes_contents(&self) -> bool {
        self.parameters.iter().any(|named| named.ty == Type::Bytes)
    }

    /// Whether this function closes a handle of its resource.
    #[must_use]
    pub fn is_drop(&self) -> bool {
        self.name.starts_with("[resource-drop]")
    }
}

/// The function with this key, if this host offers it.
#[must_use]
pub fn find(key: &str) -> Option<&'static Function> {
    // Keys share long prefixes, so a binary search would compare eight keys almost to their ends.
    static BY_KEY: LazyLock<FxHashMap<&str, &Function>> =
        LazyLock::new(|| FUNCTIONS.iter().map(|function| (function.key, function)).collect());
    BY_KEY.get(key).copied()
}

/// The function with a key such as `wasi:clocks/wall-clock#now`, for constants: `const NOW: &Function = named("…")`.
///
/// # Panics
///
/// If there is no such function, which in a constant is a compile error. For keys from a journal, use [`find`].
#[must_use]
#[expect(clippy::panic, clippy::indexing_slicing, reason = "in a constant it is the compiler that panics")]
pub const fn named(key: &str) -> &'static Function {
    let (mut from, mut to) = (0, FUNCTIONS.len());
    while from < to {
        let middle = usize::midpoint(from, to);
        match compare(FUNCTIONS[middle].key, key) {
            Ordering::Equal => return &FUNCTIONS[middle],
            Ordering::Less => from = middle + 1,
            Ordering::Greater => to = middle,
        }
    }
    panic!("WIT has no such function")
}

/// Compares strings as `Ord` does, which constants can't use.
#[expect(clippy::indexing_slicing, reason = "the index is below both lengths")]
pub(crate) const fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut index = 0;
    while index < one.len() && index < other.len() {
        if one[index] != other[index] {
            return if one[index] < other[index] { Ordering::Less } else { Ordering::Greater };
        }
        index += 1;
    }
    if one.len() == other.len() {
        Ordering::Equal
    } else if one.len() < other.len() {
        Ordering::Less
    } else {
        Ordering::Greater
    }
}

/// Joins the tables of all interfaces into one, in order, and numbers the functions.
#[expect(clippy::indexing_slicing, reason = "in a constant it is the compiler that panics")]
pub(crate) const fn joined<const COUNT: usize>(interfaces: &[&[Function]]) -> [Function; COUNT] {
    let mut joined = [Function::new(Class::Effect, [""; 3], &[], None); COUNT];
    let (mut interface, mut count) = (0, 0);
    while interface < interfaces.len() {
        let mut function = 0;
        while function < interfaces[interface].len() {
            joined[count] = interfaces[interface][function];
            joined[count].id = Id(count);
            function += 1;
            count += 1;
        }
        interface += 1;
    }
    assert!(count == COUNT, "the table declares its number of functions");
    joined
}
