//! When two calls count as the same: by arguments and outcome, without what differs in every run.
//!
//! Handles are compared by the calls that made them, not by their numbers: opening one file more shifts all later
//! numbers. Clock readings, random numbers and times of files say nothing about a tool, and are ignored.

use std::collections::HashMap;
use std::ops::Range;

use minicbor::Decoder;
use minicbor::data::Type as DataType;
use wasm_agent_calls::filesystem::{self, DESCRIPTOR_STAT};
use wasm_agent_calls::{Function, Type, clocks, find, random};
use wasm_agent_journal::{Call, Digest, PayloadRef};

use crate::item::{Returned, returned};

/// Most handles remembered with the call that made them. The host limits handles, but a hostile journal may have more;
/// those are compared by number.
const HANDLES_MAX: usize = 65_536;

/// Two digests of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    /// Digest of the function and its arguments.
    pub(super) asked: Digest,
    /// Digest of these, the outcome and the decision.
    pub(super) whole: Digest,
}

/// The handles of one run, by the calls that made them.
#[derive(Debug, Default)]
pub(super) struct Handles {
    made_by: HashMap<u64, Digest>,
    /// Every byte counts.
    strict: bool,
}

impl Handles {
    pub(super) fn new(strict: bool) -> Self {
        Self { made_by: HashMap::new(), strict }
    }

    /// Takes the run's next call.
    pub(super) fn keys(&mut self, call: &Call) -> Keys {
        let name = call.function.name.as_str();
        let function = find(name);
        let mut hasher = blake3::Hasher::new();
        // Separates the name from the arguments: a CBOR array never begins with this byte.
        hasher.update(name.as_bytes()).update(&[0xff]);
        if self.strict || !function.is_some_and(is_given_times) {
            self.arguments(function, &call.arguments, &mut hasher);
        }
        let asked = *hasher.finalize().as_bytes();
        let value = match returned(&call.outcome) {
            Returned::Value(value) => Some(value),
            Returned::Error(_) | Returned::Closed | Returned::Trap(_) | Returned::Unknown => None,
        };
        let given = match (function, value) {
            (Some(function), Some(value)) if !self.strict => returned_handles(function, value),
            _ => Vec::new(),
        };
        match value {
            _ if self.strict => items(&call.outcome, &mut hasher),
            Some(_) if function.is_some_and(is_volatile) => {
                hasher.update(b"any");
            }
            Some(value) if function.is_some_and(is_stat) => without_times(value, &mut hasher),
            Some(value) if !given.is_empty() => {
                let mut literal = 0;
                for (place, _) in &given {
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
        self.remember(asked, &given);
        if function.is_some_and(Function::is_drop)
            && let Some(number) = first_number(&call.arguments)
        {
            self.made_by.remove(&number);
        }
        Keys { asked, whole: *hasher.finalize().as_bytes() }
    }

    /// Remembers the handles that a function returned, by the call that made them.
    fn remember(&mut self, asked: Digest, given: &[(Range<usize>, u64)]) {
        for (place, (_, number)) in given.iter().enumerate() {
            if self.made_by.len() < HANDLES_MAX || self.made_by.contains_key(number) {
                let mut hasher = blake3::Hasher::new();
                hasher.update(&asked).update(&place.to_le_bytes());
                self.made_by.insert(*number, *hasher.finalize().as_bytes());
            }
        }
    }

    fn arguments(&self, function: Option<&Function>, arguments: &[u8], hasher: &mut blake3::Hasher) {
        let mut decoder = Decoder::new(arguments);
        let Ok(Some(length)) = decoder.array() else { return items(arguments, hasher) };
        hasher.update(&length.to_be_bytes());
        for index in 0..length {
            let start = decoder.position();
            if decoder.skip().is_err() {
                return;
            }
            let argument = arguments.get(start..decoder.position()).unwrap_or_default();
            if !self.strict && is_handle(function, index) {
                self.handles(argument, hasher);
            } else {
                items(argument, hasher);
            }
        }
    }

    /// A handle, an option of one, or a list of them: each by the call that made it.
    fn handles(&self, argument: &[u8], hasher: &mut blake3::Hasher) {
        let mut decoder = Decoder::new(argument);
        while decoder.position() < argument.len() {
            let start = decoder.position();
            match decoder.datatype() {
                Ok(DataType::U8 | DataType::U16 | DataType::U32 | DataType::U64) => {
                    let Ok(number) = decoder.u64() else { return };
                    match self.made_by.get(&number) {
                        Some(made_by) => hasher.update(made_by),
                        None => hasher.update(&number.to_be_bytes()),
                    };
                }
                Ok(DataType::Array) if decoder.array().is_ok() => {}
                _ => return items(argument.get(start..).unwrap_or_default(), hasher),
            }
        }
    }
}

/// The handles in a function's value, and their positions.
fn returned_handles(function: &Function, value: &[u8]) -> Vec<(Range<usize>, u64)> {
    let result = function.result.filter(Type::has_handle);
    // This is the value of a `result`, or the whole `result` if the host does not separate its errors.
    let alone = match result {
        Some(Type::Result(Some(ok), _)) => Some(*ok),
        _ => None,
    };
    for ty in [alone, result].into_iter().flatten() {
        let (mut decoder, mut found) = (Decoder::new(value), Vec::new());
        if handles_in(&ty, &mut decoder, &mut found).is_some() && decoder.position() == value.len() {
            return found;
        }
    }
    Vec::new()
}

/// Reads a value of this type, and collects its handles. `None` if the value does not have this type.
fn handles_in(ty: &Type, from: &mut Decoder<'_>, found: &mut Vec<(Range<usize>, u64)>) -> Option<()> {
    let array =
        |from: &mut Decoder<'_>, length: usize| (from.array().ok()?? == u64::try_from(length).ok()?).then_some(());
    match ty {
        Type::Own(_) | Type::Borrow(_) => {
            let start = from.position();
            let number = from.u64().ok()?;
            (found.len() < HANDLES_MAX).then(|| found.push((start..from.position(), number)))
        }
        _ if !ty.has_handle() => from.skip().ok(),
        Type::List(of) => {
            let length = from.array().ok()??;
            (0..length).try_for_each(|_| handles_in(of, from, found))
        }
        Type::Tuple(types) => {
            array(from, types.len())?;
            types.iter().try_for_each(|ty| handles_in(ty, from, found))
        }
        Type::Option(_) if from.datatype().ok()? == DataType::Null => from.null().ok(),
        Type::Option(of) => {
            array(from, 1)?;
            handles_in(of, from, found)
        }
        Type::Result(ok, error) => {
            array(from, 2)?;
            let half = match from.u64().ok()? {
                0 => ok,
                1 => error,
                _ => return None,
            };
            match half {
                Some(ty) => handles_in(ty, from, found),
                None => from.null().ok(),
            }
        }
        // No function returns handles in other types.
        _ => None,
    }
}

/// Hashes items as they are, but contents by their digest: it does not matter where these are kept.
fn items(items: &[u8], hasher: &mut blake3::Hasher) {
    let mut decoder = Decoder::new(items);
    let mut literal = 0;
    let upto = |from: usize, to: usize, hasher: &mut blake3::Hasher| {
        hasher.update(items.get(from..to).unwrap_or_default());
    };
    while decoder.position() < items.len() {
        let start = decoder.position();
        let passed = match decoder.datatype() {
            Ok(DataType::Tag) => decoder.decode::<PayloadRef<'_>>().map(|payload| {
                upto(literal, start, hasher);
                hasher.update(&payload.length().to_be_bytes()).update(&payload.digest());
                true
            }),
            Ok(DataType::Array) => decoder.array().map(|_| false),
            Ok(DataType::Map) => decoder.map().map(|_| false),
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

/// Hashes the status of a file without its three times, which come last.
fn without_times(value: &[u8], hasher: &mut blake3::Hasher) {
    let mut decoder = Decoder::new(value);
    let kept = DESCRIPTOR_STAT.fields.iter().take_while(|field| !field.name.ends_with("-timestamp"));
    let known = decoder.array().is_ok() && kept.into_iter().all(|_| decoder.skip().is_ok());
    items(if known { value.get(..decoder.position()).unwrap_or_default() } else { value }, hasher);
}

/// Whether a function's outcome differs in every run.
fn is_volatile(function: &Function) -> bool {
    matches!(
        function.interface,
        clocks::monotonic_clock::INTERFACE
            | clocks::wall_clock::INTERFACE
            | random::insecure::INTERFACE
            | random::insecure_seed::INTERFACE
            | random::random::INTERFACE
    ) || matches!(
        function.id,
        filesystem::types::DESCRIPTOR_METADATA_HASH | filesystem::types::DESCRIPTOR_METADATA_HASH_AT
    )
}

/// Whether a function returns times of files.
fn is_stat(function: &Function) -> bool {
    matches!(function.id, filesystem::types::DESCRIPTOR_STAT | filesystem::types::DESCRIPTOR_STAT_AT)
}

/// Whether a function takes points in time, which come from clock readings.
fn is_given_times(function: &Function) -> bool {
    function.id == clocks::monotonic_clock::SUBSCRIBE_INSTANT
}

/// Whether an argument is a handle, or can contain handles.
fn is_handle(function: Option<&Function>, index: u64) -> bool {
    let parameter =
        function.zip(usize::try_from(index).ok()).and_then(|(function, index)| function.parameters.get(index));
    parameter.is_some_and(|parameter| parameter.ty.has_handle())
}

fn first_number(arguments: &[u8]) -> Option<u64> {
    let mut decoder = Decoder::new(arguments);
    decoder.array().ok()?;
    decoder.u64().ok()
}
