//! [`Function`]: what WIT says of one of them, and the class that it is in.

use std::cmp::Ordering;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::FUNCTIONS;
use crate::types::{Named, Type};

/// A function that this host offers to tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// Its number, which is none of any other function in this release. Journals do not have it.
    pub id: Id,
    /// Its interface, without a version: `wasi:filesystem/types`.
    pub interface: &'static str,
    /// Its name, as components import it: `[method]descriptor.open-at`.
    pub name: &'static str,
    /// Both, as journals have them: `wasi:filesystem/types#[method]descriptor.open-at`.
    pub key: &'static str,
    /// Its parameters, in the order of a call's arguments.
    pub parameters: &'static [Named],
    /// What it returns, where it returns something.
    pub result: Option<Type>,
    /// What it can do.
    pub class: Class,
}

/// What a function can do, which says what the gate owes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It reads a clock, random numbers, arguments, or a value that has nothing to do with the world.
    Pure,
    /// It acts on handles alone, which earlier calls gave: reading, writing, closing, waiting, putting a request
    /// together. What it may do was decided about when the handle was made.
    Handle,
    /// It finds something by a name, and changes nothing.
    Look,
    /// It changes what is found by a name, or leaves the machine, or asks somebody.
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

    /// Whether the policy decides about each call: one function for looks and effects alone.
    #[must_use]
    pub const fn is_checked(self) -> bool {
        matches!(self, Self::Look | Self::Effect)
    }
}

/// A function, small enough to be matched: each has a constant, such as `filesystem::types::DESCRIPTOR_OPEN_AT`.
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
    #[expect(clippy::indexing_slicing, reason = "only functions of the table have one")]
    pub const fn function(self) -> &'static Function {
        &FUNCTIONS[self.0]
    }

    /// Its key, as journals have it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        self.function().key
    }

    /// The function of this key. One that there is not does not compile, as this is for constants.
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

    /// The place of a parameter among a call's arguments.
    #[must_use]
    pub fn position(&self, parameter: &str) -> Option<usize> {
        self.parameters.iter().position(|named| named.name == parameter)
    }

    /// The names of its parameters, as a journal takes them.
    #[must_use]
    pub fn parameter_names(&self) -> Vec<&'static str> {
        self.parameters.iter().map(|named| named.name).collect()
    }

    /// Whether a tool hands contents over with a call: bytes of which a journal keeps the digest.
    #[must_use]
    pub fn takes_contents(&self) -> bool {
        self.parameters.iter().any(|named| named.ty == Type::Bytes)
    }

    /// Whether this is how a resource's handles are closed.
    #[must_use]
    pub fn is_drop(&self) -> bool {
        self.name.starts_with("[resource-drop]")
    }
}

/// The function of a key, where this host offers it.
#[must_use]
pub fn find(key: &str) -> Option<&'static Function> {
    // Keys begin alike for long: a search by order compares eight of them.
    static BY_KEY: LazyLock<FxHashMap<&str, &Function>> =
        LazyLock::new(|| FUNCTIONS.iter().map(|function| (function.key, function)).collect());
    BY_KEY.get(key).copied()
}

/// The function of a key such as `wasi:clocks/wall-clock#now`, for constants: `const NOW: &Function = named("…")`.
///
/// # Panics
///
/// Where there is no such function; in a constant that is an error of the compiler. [`find`] is for what a journal has.
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

/// Compares texts as `Ord` does, which constants can't ask.
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

/// Makes one table of those of all interfaces, in their order, and numbers its functions.
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
    assert!(count == COUNT, "the table says how many functions it has");
    joined
}
