//! Host calls: the records that a replay takes its answers from.

use std::sync::Arc;

use minicbor::{Decoder, decode};
use wasm_agent_cbor as cbor;
use wasm_agent_ids::CallId;

use super::record::{Tables, raw_item};
use super::{DecisionRecord, items};
use crate::encoded::Encoded;
use crate::format::{NAME_BYTES_MAX, PARAMETERS_MAX, kind};

/// Number of a function in one journal, from [`Writer::intern`](crate::Writer::intern).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FunctionId(pub(crate) u32);

/// A host function as the journal names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Interface and function, such as `wasi:clocks/wall-clock#now`.
    pub name: String,
    /// Names of its parameters, in the order of the arguments.
    pub parameters: Vec<String>,
}

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

impl Call {
    pub(super) fn read(decoder: &mut Decoder<'_>, tables: &mut Tables, fields: u64) -> Result<Self, decode::Error> {
        let at_ns = tables.time(decoder)?;
        let position = decoder.position();
        let function = tables
            .function(decoder.u64()?)
            .ok_or_else(|| decode::Error::message("function is not defined").at(position))?;
        Ok(Self {
            seq: tables.next_call(),
            function,
            at_ns,
            fuel: tables.fuel(decoder)?,
            duration_ns: decoder.u64()?,
            arguments: raw_item(decoder)?,
            outcome: raw_item(decoder)?,
            decision: if fields == 8 { Some(DecisionRecord::read(decoder, tables)?) } else { None },
        })
    }
}

impl Function {
    /// Whether the name and the parameters are within the format's bounds.
    pub(crate) fn is_within_bounds(&self) -> bool {
        self.name.len() <= NAME_BYTES_MAX
            && self.parameters.len() <= PARAMETERS_MAX
            && self.parameters.iter().all(|parameter| parameter.len() <= NAME_BYTES_MAX)
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>, id: u32) {
        cbor::array(out, 4);
        cbor::uint(out, kind::FUNCTION.into());
        cbor::uint(out, id.into());
        cbor::text(out, &self.name);
        cbor::array(out, self.parameters.len());
        for parameter in &self.parameters {
            cbor::text(out, parameter);
        }
    }

    pub(super) fn read(decoder: &mut Decoder<'_>) -> Result<Self, decode::Error> {
        let position = decoder.position();
        let function =
            Self { name: decoder.str()?.to_owned(), parameters: items(decoder, |item| item.str().map(str::to_owned))? };
        if function.is_within_bounds() {
            Ok(function)
        } else {
            Err(decode::Error::message("function has too long a name or too many parameters").at(position))
        }
    }
}
