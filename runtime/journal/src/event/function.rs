//! Functions as a journal names them.

use minicbor::{Decoder, decode};
use wasm_agent_cbor as cbor;

use super::fields::items;
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
