//! When two calls are the same: what was asked, and what came back, apart from what differs in every run.
//!
//! Handles go by what made them, not by their numbers: one file more that is opened shifts all numbers after it, and nothing
//! else. Readings of clocks, random numbers and times of files say nothing about a tool, and are passed over.

use std::collections::HashMap;
use std::ops::Range;

use minicbor::Decoder;
use minicbor::data::Type;
use wasm_agent_journal::{Call, Digest, PayloadRef};

use crate::item::{Returned, returned};

/// Most handles whose making is remembered. The host has a limit on them; a hostile journal need not keep to it, and then
/// handles go by their numbers.
const HANDLES_MAX: usize = 65_536;

/// Two digests of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    /// Of the function and its arguments.
    pub(super) asked: Digest,
    /// Of these, the outcome and the decision.
    pub(super) whole: Digest,
}

/// What handles stand for, in one run.
#[derive(Debug, Default)]
pub(super) struct Handles {
    made_by: HashMap<u64, Digest>,
    /// Whether every byte counts.
    strict: bool,
}

impl Handles {
    pub(super) fn new(strict: bool) -> Self {
        Self { made_by: HashMap::new(), strict }
    }

    /// Takes in a run's next call.
    pub(super) fn keys(&mut self, call: &Call) -> Keys {
        let name = call.function.name.as_str();
        let mut hasher = blake3::Hasher::new();
        // A name ends where the arguments begin: no CBOR array begins with this byte.
        hasher.update(name.as_bytes()).update(&[0xff]);
        if self.strict || !TIMES_GIVEN.contains(&name) {
            self.arguments(name, &call.arguments, &mut hasher);
        }
        let asked = *hasher.finalize().as_bytes();
        let value = match returned(&call.outcome) {
            Returned::Value(value) => Some(value),
            Returned::Error(_) | Returned::Closed | Returned::Trap(_) | Returned::Unknown => None,
        };
        match value {
            _ if self.strict => items(&call.outcome, &mut hasher),
            Some(_) if is_volatile(name) => {
                hasher.update(b"any");
            }
            Some(value) if STATS.contains(&name) => without_times(value, &mut hasher),
            Some(value) if makes_handle(name) => {
                let mut literal = 0;
                for (place, _) in given(name, value) {
                    items(value.get(literal..place.start).unwrap_or_default(), &mut hasher);
                    literal = place.end;
                }
                items(value.get(literal..).unwrap_or_default(), &mut hasher);
            }
            Some(_) | None => items(&call.outcome, &mut hasher),
        }
        if let Some(decision) = &call.decision {
            hasher.update(decision.verdict.name().as_bytes());
            hasher.update(decision.reason.as_deref().unwrap_or_default().as_bytes());
        }
        if self.strict {
            hasher.update(&call.fuel.to_le_bytes());
        }
        if let Some(value) = value.filter(|_| makes_handle(name) && !self.strict) {
            self.made(name, asked, value);
        }
        if name.contains("#[resource-drop]")
            && let Some(number) = first_number(&call.arguments)
        {
            self.made_by.remove(&number);
        }
        Keys { asked, whole: *hasher.finalize().as_bytes() }
    }

    /// Remembers the handles in what a function gave: the call that made them is their name.
    fn made(&mut self, name: &str, asked: Digest, value: &[u8]) {
        for (place, (_, number)) in given(name, value).into_iter().enumerate() {
            if self.made_by.len() < HANDLES_MAX || self.made_by.contains_key(&number) {
                let mut hasher = blake3::Hasher::new();
                hasher.update(&asked).update(&place.to_le_bytes());
                self.made_by.insert(number, *hasher.finalize().as_bytes());
            }
        }
    }

    fn arguments(&self, name: &str, arguments: &[u8], hasher: &mut blake3::Hasher) {
        let mut decoder = Decoder::new(arguments);
        let Ok(Some(length)) = decoder.array() else { return items(arguments, hasher) };
        hasher.update(&length.to_be_bytes());
        for index in 0..length {
            let start = decoder.position();
            if decoder.skip().is_err() {
                return;
            }
            let argument = arguments.get(start..decoder.position()).unwrap_or_default();
            if !self.strict && is_handle(name, index) {
                self.handles(argument, hasher);
            } else {
                items(argument, hasher);
            }
        }
    }

    /// A handle, an option of one, or a list of them: each by what made it.
    fn handles(&self, argument: &[u8], hasher: &mut blake3::Hasher) {
        let mut decoder = Decoder::new(argument);
        while decoder.position() < argument.len() {
            let start = decoder.position();
            match decoder.datatype() {
                Ok(Type::U8 | Type::U16 | Type::U32 | Type::U64) => {
                    let Ok(number) = decoder.u64() else { return };
                    match self.made_by.get(&number) {
                        Some(made_by) => hasher.update(made_by),
                        None => hasher.update(&number.to_be_bytes()),
                    };
                }
                Ok(Type::Array) if decoder.array().is_ok() => {}
                _ => return items(argument.get(start..).unwrap_or_default(), hasher),
            }
        }
    }
}

/// The handles in a function's value, and where they stand: the first of each pair of a list, or what comes last.
fn given(name: &str, value: &[u8]) -> Vec<(Range<usize>, u64)> {
    let all = name == "wasi:filesystem/preopens#get-directories";
    let mut found: Vec<(Range<usize>, u64)> = Vec::new();
    let mut decoder = Decoder::new(value);
    while decoder.position() < value.len() {
        let start = decoder.position();
        let number = match decoder.datatype() {
            Ok(Type::U8 | Type::U16 | Type::U32 | Type::U64) => decoder.u64().map(Some),
            Ok(Type::Array) => decoder.array().map(|_| None),
            Ok(_) => decoder.skip().map(|()| None),
            Err(error) => Err(error),
        };
        let Ok(number) = number else { return Vec::new() };
        if let Some(number) = number.filter(|_| all || decoder.position() == value.len()) {
            found.push((start..decoder.position(), number));
        }
    }
    found
}

/// Items as they are, but for contents, which go by their digest: where they are kept is no matter.
fn items(items: &[u8], hasher: &mut blake3::Hasher) {
    let mut decoder = Decoder::new(items);
    let mut literal = 0;
    let upto = |from: usize, to: usize, hasher: &mut blake3::Hasher| {
        hasher.update(items.get(from..to).unwrap_or_default());
    };
    while decoder.position() < items.len() {
        let start = decoder.position();
        let passed = match decoder.datatype() {
            Ok(Type::Tag) => decoder.decode::<PayloadRef<'_>>().map(|payload| {
                upto(literal, start, hasher);
                hasher.update(&payload.length().to_be_bytes()).update(&payload.digest());
                true
            }),
            Ok(Type::Array) => decoder.array().map(|_| false),
            Ok(Type::Map) => decoder.map().map(|_| false),
            Ok(_) => decoder.skip().map(|()| false),
            Err(error) => Err(error),
        };
        match passed {
            Ok(true) => literal = decoder.position(),
            Ok(false) => {}
            Err(_) => break,
        }
    }
    upto(literal, items.len(), hasher);
}

/// What is known of a file but for its three times, which come last.
fn without_times(value: &[u8], hasher: &mut blake3::Hasher) {
    let mut decoder = Decoder::new(value);
    let known = decoder.array().is_ok() && (0..STAT_FIELDS_KEPT).all(|_| decoder.skip().is_ok());
    items(if known { value.get(..decoder.position()).unwrap_or_default() } else { value }, hasher);
}

/// Kind, links and size of a file stand before its times.
const STAT_FIELDS_KEPT: usize = 3;

/// Functions whose outcome is another one each time.
fn is_volatile(name: &str) -> bool {
    name.starts_with("wasi:clocks/")
        || name.starts_with("wasi:random/")
        || name == "wasi:filesystem/types#[method]descriptor.metadata-hash"
        || name == "wasi:filesystem/types#[method]descriptor.metadata-hash-at"
}

/// Functions that tell times of files.
const STATS: [&str; 2] =
    ["wasi:filesystem/types#[method]descriptor.stat", "wasi:filesystem/types#[method]descriptor.stat-at"];

/// Functions that are given points in time, which follow from readings of clocks.
const TIMES_GIVEN: [&str; 1] = ["wasi:clocks/monotonic-clock#subscribe-instant"];

/// Whether an argument is a handle, or has some in it.
fn is_handle(name: &str, index: u64) -> bool {
    let Some((interface, function)) = name.split_once('#') else { return false };
    match (interface, function, index) {
        ("wasi:io/poll", "poll", 0) | ("wasi:http/outgoing-handler", "handle", _) => true,
        (_, "[constructor]outgoing-request" | "[static]outgoing-body.finish", _) => true,
        (_, "[static]incoming-body.finish", 0) => true,
        (_, "[method]output-stream.splice" | "[method]output-stream.blocking-splice", 1) => true,
        (_, "[method]descriptor.rename-at", 2) | (_, "[method]descriptor.link-at", 3) => true,
        (_, "[method]descriptor.is-same-object", 1) => true,
        (_, function, 0) => function.starts_with("[method]") || function.starts_with("[resource-drop]"),
        _ => false,
    }
}

/// Whether a function's value is a handle, or has some in it and nothing else that matters.
fn makes_handle(name: &str) -> bool {
    let function = name.split_once('#').map_or(name, |(_, function)| function);
    function.starts_with("[constructor]")
        || function.contains("subscribe")
        || function.starts_with("get-std")
        || function.starts_with("get-terminal")
        || matches!(
            function,
            "get-directories"
                | "handle"
                | "instance-network"
                | "[method]descriptor.open-at"
                | "[method]descriptor.read-via-stream"
                | "[method]descriptor.write-via-stream"
                | "[method]descriptor.append-via-stream"
                | "[method]descriptor.read-directory"
                | "[method]fields.clone"
                | "[method]outgoing-request.body"
                | "[method]outgoing-request.headers"
                | "[method]outgoing-body.write"
                | "[method]incoming-response.headers"
                | "[method]incoming-response.consume"
                | "[method]incoming-body.stream"
                | "[method]future-incoming-response.get"
                | "[static]fields.from-list"
                | "[static]incoming-body.finish"
        )
}

fn first_number(arguments: &[u8]) -> Option<u64> {
    let mut decoder = Decoder::new(arguments);
    decoder.array().ok()?;
    decoder.u64().ok()
}
