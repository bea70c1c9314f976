//! Host calls: the records that a replay takes its answers from.

use std::sync::Arc;

use minicbor::{Decoder, decode};
use wasm_agent_cbor as cbor;
use wasm_agent_ids::CallId;

use super::decision::DecisionRecord;
use super::function::{Function, FunctionId};
use super::tables::Tables;
use crate::encoded::Encoded;
use crate::format::kind;
use crate::item::{skip, skip_int, split_item};

/// One host call, as the writer takes it: recorded once, after it returned.
#[derive(Debug, Clone, Copy)]
pub struct CallEvent<'a> {
    /// Which function.
    pub function: FunctionId,
    /// When it was called: time since the start of the run, in nanoseconds.
    pub at_ns: u64,
    /// How long it took, in nanoseconds.
    pub duration_ns: u64,
    /// Fuel that the run had used when it was called, in units.
    pub fuel: u64,
    /// Its arguments: an array with one item for each parameter.
    pub arguments: &'a Encoded,
    /// What the guest got.
    pub outcome: &'a Encoded,
    /// The policy's decision, if the call needed one.
    pub decision: Option<&'a DecisionRecord>,
}

/// One host call, as the reader gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Sequence number: how many calls the journal has before it.
    pub seq: CallId,
    /// Which function.
    pub function: Arc<Function>,
    /// When it was called: time since the start of the run, in nanoseconds.
    pub at_ns: u64,
    /// How long it took, in nanoseconds.
    pub duration_ns: u64,
    /// Fuel that the run had used when it was called, in units.
    pub fuel: u64,
    /// Its arguments: one CBOR array with an item for each parameter.
    pub arguments: Vec<u8>,
    /// What the guest got: one CBOR item.
    pub outcome: Vec<u8>,
    /// The policy's decision, if the call needed one.
    pub decision: Option<DecisionRecord>,
}

impl CallEvent<'_> {
    /// Writes the fields before the arguments.
    pub(crate) fn write_start(&self, out: &mut Vec<u8>, time: i64, fuel: i64) {
        cbor::array(out, 7 + usize::from(self.decision.is_some()));
        cbor::uint(out, kind::CALL.into());
        cbor::int(out, time);
        cbor::uint(out, self.function.0.into());
        cbor::int(out, fuel);
        cbor::uint(out, self.duration_ns);
    }
}

/// The fields of a call after its kind. Items are still encoded.
struct Fields<'a> {
    time: i64,
    function: u64,
    fuel: i64,
    duration_ns: u64,
    arguments: &'a [u8],
    outcome: &'a [u8],
    /// The decision, or nothing.
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn split(input: &'a [u8]) -> Result<Self, decode::Error> {
        let split = || {
            let (time, rest) = cbor::split_int(input)?;
            let (function, rest) = cbor::split_uint(rest)?;
            let (fuel, rest) = cbor::split_int(rest)?;
            let (duration_ns, rest) = cbor::split_uint(rest)?;
            let (arguments, rest) = split_item(rest)?;
            let (outcome, rest) = split_item(rest)?;
            Some(Self { time, function, fuel, duration_ns, arguments, outcome, rest })
        };
        split().ok_or_else(other_fields)
    }
}

/// The decision at the end of a call, if there is one. Nothing may follow.
fn decision(rest: &[u8], is_decided: bool, tables: &Tables) -> Result<Option<DecisionRecord>, decode::Error> {
    let mut decoder = Decoder::new(rest);
    let decision = if is_decided { Some(DecisionRecord::read(&mut decoder, tables)?) } else { None };
    if decoder.position() == rest.len() {
        Ok(decision)
    } else {
        Err(decode::Error::message("record goes on after its last field"))
    }
}

fn other_fields() -> decode::Error {
    decode::Error::message("call has other fields than the format says")
}

fn undefined() -> decode::Error {
    decode::Error::message("function is not defined")
}

impl Call {
    /// Reads a call from its fields after the kind.
    pub(super) fn read(input: &[u8], is_decided: bool, tables: &mut Tables) -> Result<Self, decode::Error> {
        let fields = Fields::split(input)?;
        let function = Arc::clone(tables.function(fields.function).ok_or_else(undefined)?);
        let decision = decision(fields.rest, is_decided, tables)?;
        let (arguments, outcome) = tables.owned(fields.arguments, fields.outcome);
        Ok(Self {
            seq: tables.next_call(),
            function,
            at_ns: tables.add_time(fields.time),
            fuel: tables.add_fuel(fields.fuel),
            duration_ns: fields.duration_ns,
            arguments,
            outcome,
            decision,
        })
    }
}

impl Tables {
    /// Checks the payload of a call, as [`is_call`](super::is_call) says it is one, and keeps nothing of it.
    pub(crate) fn check_call(&self, payload: &[u8]) -> Result<(), decode::Error> {
        let input = payload.get(2..).unwrap_or_default();
        let split = || {
            let (function, rest) = cbor::split_uint(skip_int(input)?)?;
            let (_, rest) = cbor::split_uint(skip_int(rest)?)?;
            Some((function, skip(skip(rest, 1)?, 1)?))
        };
        let (function, rest) = split().ok_or_else(other_fields)?;
        self.function(function).ok_or_else(undefined)?;
        decision(rest, payload.first() == Some(&0x88), self).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::{Event, is_call};

    /// Tables with two functions and two labels.
    fn tables() -> Tables {
        let mut tables = Tables::default();
        let definitions: [&[u8]; 4] =
            [b"\x84\x01\x00\x61a\x80", b"\x84\x01\x01\x61b\x81\x61c", b"\x83\x02\x00\x61d", b"\x83\x02\x01\x61e"];
        for definition in definitions {
            tables.decode(definition).unwrap();
        }
        tables
    }

    /// Calls with every kind of item, and one with a decision of each form.
    const CALLS: [&[u8]; 6] = [
        b"\x87\x04\x19\x09\xc4\x00\x1a\x00\x01\x11\x70\x19\x03\x84\x80\x82\x00\x1a\x49\x96\x02\xd2",
        b"\x88\x04\x38\x63\x01\x20\x00\x81\x67a/\xc3\xa9.md\x82\x01\xf6\x83\x00\x01\xf6",
        b"\x88\x04\x00\x01\x00\x00\x81\xa1\x61k\xf5\
          \xd9\xae\x39\x82\x58\x20a digest that has 32 bytes in it\x18\x20\x83\x02\x00\x01",
        b"\x88\x04\x00\x00\x00\x00\x80\xf6\x83\x01\x63abc\x00",
        b"\x88\x04\x00\x00\x00\x00\x80\xf6\x84\x02\x00\x01\xa1\x61a\x61b",
        b"\x87\x04\x00\x00\x00\x00\x84\x17\x20\x37\x0f\x44\xff\xfe\x00\x01",
    ];

    #[test]
    fn a_call_with_a_longer_head_is_the_same_call() {
        for payload in CALLS {
            let longer = [&[0x98, payload[0] & 0x1f, 0x18], &payload[1..]].concat();
            assert!(!is_call(&longer));
            assert_eq!(tables().decode(&longer).unwrap(), tables().decode(payload).unwrap());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16_384, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn checking_accepts_exactly_the_calls_that_decoding_accepts(
            call in 0..CALLS.len(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut in prop::option::weighted(0.1, any::<prop::sample::Index>()),
        ) {
            let mut payload = CALLS[call].to_vec();
            for (at, value) in changes {
                let at = at.index(payload.len());
                payload[at] = value;
            }
            if let Some(cut) = cut {
                payload.truncate(cut.index(payload.len()));
            }
            let decoded = tables().decode(&payload);
            if is_call(&payload) {
                prop_assert_eq!(tables().check_call(&payload).is_ok(), matches!(decoded, Ok(Event::Call(_))));
            }
        }
    }
}
