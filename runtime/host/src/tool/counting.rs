//! Finds code that would take the compiler too long, by counting: each byte is read once, and nothing is stored.
//!
//! For certain functions, the engine's compiler takes time and memory out of proportion. Real compilers' output is far
//! below each limit: "found" gives the most in CPython, SpiderMonkey and clang with lld, which have 14 to 76 MB. The
//! limits of [`Compiler`](crate::Compiler) stop whatever is not counted here.

use std::path::Path;

use wasmparser::{BinaryReaderError, ElementItems, FunctionBody, Operator, Payload};

use crate::error::LoadError;
use crate::tool::imports::invalid;

/// Bytes of one function; found 427,000. The compiler needs some hundred bytes of memory for each until the function is
/// compiled.
const BODY_BYTES_MAX: u64 = 4 << 20;

/// Shorter functions, in bytes, are not read: they are too short to reach any limit.
const LOOKED_INTO_BYTES: u64 = 4 << 10;

/// Nested blocks, loops and conditions; found 4,248. Time grows with the square, because each waits for all that
/// enclose it.
const NESTED_MAX: u64 = 20_000;

/// Variables of a function, parameters left out. Time grows with the square where a loop changes all of them.
const VARIABLES_MAX: u64 = 20_000;

/// Variables times branch targets; found 636,000. A variable may have another value at each target.
const VALUES_MAX: u64 = 8 << 20;

/// Calls in one function; found 9,200. Each takes the compiler kilobytes.
const CALLS_MAX: u64 = 100_000;

/// Indirect calls in one function; found less than 9,200. Each takes tens of kilobytes and a millisecond, because it
/// has a branch for each way in which it can fail.
const INDIRECT_CALLS_MAX: u64 = 20_000;

/// Table entries in total; found 37,000. Each takes kilobytes in the engine's description of the table.
const ELEMENTS_MAX: u64 = 250_000;

/// The counts of a tool so far.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    elements: u64,
}

/// Why a tool is not compiled.
#[derive(Debug)]
pub(crate) enum Refused {
    Malformed(BinaryReaderError),
    TooMuch { what: &'static str, max: u64 },
}

/// The counts of one function.
#[derive(Debug, Default)]
struct Counted {
    nested: u64,
    nested_most: u64,
    places: u64,
    calls: u64,
    indirect_calls: u64,
}

impl Counting {
    /// Reads the next part of the file.
    pub(crate) fn read(&mut self, payload: &Payload<'_>) -> Result<(), Refused> {
        match payload {
            Payload::CodeSectionEntry(body) => function(body),
            Payload::ElementSection(section) => {
                for element in section.clone() {
                    let count = match element?.items {
                        ElementItems::Functions(items) => items.count(),
                        ElementItems::Expressions(_, items) => items.count(),
                    };
                    self.elements = self.elements.saturating_add(count.into());
                }
                at_most(self.elements, ELEMENTS_MAX, "table entries")
            }
            _ => Ok(()),
        }
    }
}

fn function(body: &FunctionBody<'_>) -> Result<(), Refused> {
    let bytes = u64::try_from(body.range().len()).unwrap_or(u64::MAX);
    at_most(bytes, BODY_BYTES_MAX, "bytes in one function")?;
    let mut locals = 0_u64;
    for local in body.get_locals_reader()? {
        locals = locals.saturating_add(local?.0.into());
    }
    at_most(locals, VARIABLES_MAX, "variables in one function")?;
    if bytes < LOOKED_INTO_BYTES {
        return Ok(());
    }
    let mut counted = Counted::default();
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        counted.add(&operators.read()?);
        at_most(counted.nested_most, NESTED_MAX, "nested blocks")?;
        at_most(counted.calls, CALLS_MAX, "calls in one function")?;
        at_most(counted.indirect_calls, INDIRECT_CALLS_MAX, "indirect calls in one function")?;
    }
    at_most(counted.places.saturating_mul(locals), VALUES_MAX, "branch targets times variables in one function")
}

impl Counted {
    fn add(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                self.nested = self.nested.saturating_add(1);
                self.nested_most = self.nested_most.max(self.nested);
                self.places = self.places.saturating_add(1);
            }
            Operator::End => self.nested = self.nested.saturating_sub(1),
            Operator::Else | Operator::BrIf { .. } => self.places = self.places.saturating_add(1),
            Operator::BrTable { targets } => self.places = self.places.saturating_add(targets.len().into()),
            Operator::Call { .. } | Operator::ReturnCall { .. } => self.calls = self.calls.saturating_add(1),
            Operator::CallIndirect { .. } | Operator::ReturnCallIndirect { .. } => {
                self.indirect_calls = self.indirect_calls.saturating_add(1);
            }
            _ => {}
        }
    }
}

impl Refused {
    pub(crate) fn into_error(self, path: &Path) -> LoadError {
        match self {
            Self::Malformed(error) => invalid(path, error),
            Self::TooMuch { what, max } => {
                LoadError::TooMuch { path: path.to_owned(), found: format!("it has more than {max} {what}") }
            }
        }
    }
}

impl From<BinaryReaderError> for Refused {
    fn from(error: BinaryReaderError) -> Self {
        Self::Malformed(error)
    }
}

fn at_most(found: u64, max: u64, what: &'static str) -> Result<(), Refused> {
    if found > max { Err(Refused::TooMuch { what, max }) } else { Ok(()) }
}
