//! Why a replay stopped, and the first difference between it and its journal, as a value: what each side has there, and
//! which part differs.

use std::fmt;
use std::sync::Arc;

use minicbor::Decoder;
use minicbor::data::Type;
use wasm_agent_journal::{Call, Encoded, End, Function, PayloadRef, RunResult};

use super::Bound;

/// Why a replay stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The tool does something other than what is recorded.
    #[error("{0}")]
    Diverged(Box<Divergence>),
    /// The observer ended the replay.
    #[error("the replay was ended after call {call}")]
    Halted {
        /// The last call that was answered.
        call: u64,
    },
    /// The recorded run was stopped here, from outside of the tool.
    #[error("the recorded run was stopped here")]
    Stopped,
    /// The tool goes on after the journal's end.
    #[error("the journal ends after call {calls}, where the run was killed")]
    Incomplete {
        /// The number of recorded calls.
        calls: u64,
    },
    /// The journal is a redaction. The original journal can be replayed.
    #[error("it is a redaction, without {} to answer the tool with", .taken_out.join(" and "))]
    Redacted {
        /// What was taken out, by the header. The redaction's author chose the text.
        taken_out: Vec<String>,
    },
    /// The replay reached a limit of its own, which the journal does not set. The tool may still agree with the record.
    #[error("the replay needs more than its own bound of {most} {what}")]
    Bound {
        /// The resource.
        what: Bound,
        /// The limit.
        most: u64,
    },
    /// The journal can't be read.
    #[error("the journal can't be read: {message}")]
    Journal {
        /// What the reader reports.
        message: String,
    },
}

/// The first difference between a replay and its journal. All calls before it are the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Divergence {
    /// The number of the call; if one side ends there, the number that the next call would have.
    pub call: u64,
    /// What differs.
    pub differs: Differs,
    /// What the journal has there.
    pub recorded: Step,
    /// What the tool does there.
    pub replayed: Step,
    /// The tool's reason at that point, in its own words.
    pub intent: Option<String>,
}

/// The part in which two steps differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Differs {
    /// One side makes a call, the other ends.
    Step,
    /// The functions differ.
    Function,
    /// The function is the same, its arguments differ.
    Arguments {
        /// The first parameter that differs, from 0.
        parameter: usize,
        /// The first byte that differs, from 0, if both are texts, or both are byte strings within the record.
        offset: Option<usize>,
    },
    /// The step is the same, but after more or less computing.
    Fuel,
    /// Both end, with different results.
    Result,
}

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// It calls a host function.
    Call {
        /// The function.
        function: Arc<Function>,
        /// One CBOR array with an item for each parameter. Long contents are in it by length and digest.
        arguments: Vec<u8>,
        /// Fuel used up to the call.
        fuel: u64,
    },
    /// It ends.
    End {
        /// Its result.
        result: RunResult,
        /// Fuel used in total.
        fuel: u64,
    },
}

impl Step {
    pub(super) fn recorded(call: Call) -> Self {
        Self::Call { function: call.function, arguments: call.arguments, fuel: call.fuel }
    }

    pub(super) fn asked(function: &crate::call::Function, arguments: &Encoded, fuel: u64) -> Self {
        let parameters = function.parameters.iter().map(|parameter| parameter.name.to_owned()).collect();
        let function = Arc::new(Function { name: function.key.to_owned(), parameters });
        Self::Call { function, arguments: arguments.to_record(), fuel }
    }

    pub(crate) fn ended(end: &End) -> Self {
        Self::End { result: end.result.clone(), fuel: end.fuel }
    }

    /// In which part a replayed step differs from this recorded one.
    pub(super) fn differs(&self, replayed: &Self) -> Differs {
        match (self, replayed) {
            (
                Self::Call { function, arguments, .. },
                Self::Call { function: other_function, arguments: other_arguments, .. },
            ) => {
                if function.name != other_function.name {
                    return Differs::Function;
                }
                differing_parameter(arguments, other_arguments).unwrap_or(Differs::Fuel)
            }
            (Self::End { result, .. }, Self::End { result: other, .. }) => {
                if same_end(result, other) {
                    Differs::Fuel
                } else {
                    Differs::Result
                }
            }
            (Self::Call { .. }, Self::End { .. }) | (Self::End { .. }, Self::Call { .. }) => Differs::Step,
        }
    }

    /// Describes the step, with its fuel only if that is what differs.
    fn describe(&self, differs: Differs) -> String {
        let what = match self {
            Self::Call { function, arguments, .. } => match differs {
                Differs::Arguments { .. } => format!("`{}` with {}", function.name, shortened(arguments)),
                Differs::Step | Differs::Function | Differs::Fuel | Differs::Result => format!("`{}`", function.name),
            },
            Self::End { result, .. } => describe_end(result),
        };
        let (Self::Call { fuel, .. } | Self::End { fuel, .. }) = self;
        if differs == Differs::Fuel { format!("{what} after {fuel} units of fuel") } else { what }
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, differs, recorded, replayed, .. } = self;
        let (recorded, replayed) = (recorded.describe(*differs), replayed.describe(*differs));
        write!(out, "diverged at call {call}: recorded {recorded}, replayed {replayed}")
    }
}

/// Whether two ends are the same. Engines may word the message of a trap differently.
pub(crate) fn same_end(recorded: &RunResult, replayed: &RunResult) -> bool {
    match (recorded, replayed) {
        (RunResult::Trapped { .. }, RunResult::Trapped { .. }) => true,
        (RunResult::Returned { wave: recorded, .. }, RunResult::Returned { wave: replayed, .. }) => {
            recorded == replayed
        }
        (recorded, replayed) => recorded == replayed,
    }
}

fn describe_end(result: &RunResult) -> String {
    match result {
        RunResult::Exited { code } => format!("an end with status {code}"),
        RunResult::Returned { wave, .. } => format!("the result `{wave}`"),
        RunResult::Trapped { message } => format!("a trap: {message}"),
        RunResult::Limit { which } => format!("the limit `{which}`"),
        RunResult::Stopped { message } => format!("a stop at `{message}`"),
        RunResult::HostFailed { message } => format!("a failure of the host: {message}"),
    }
}

/// The first argument that differs, and where in it.
fn differing_parameter(recorded: &[u8], replayed: &[u8]) -> Option<Differs> {
    let (mut recorded, mut replayed) = (Items::new(recorded), Items::new(replayed));
    for parameter in 0.. {
        let (recorded, replayed) = match (recorded.next(), replayed.next()) {
            (None, None) => return None,
            (Some(recorded), Some(replayed)) => (recorded, replayed),
            (Some(_), None) | (None, Some(_)) => return Some(Differs::Arguments { parameter, offset: None }),
        };
        if !same_item(recorded, replayed) {
            return Some(Differs::Arguments { parameter, offset: first_difference(recorded, replayed) });
        }
    }
    None
}

/// The items of one CBOR array, in their encoding.
struct Items<'a> {
    decoder: Decoder<'a>,
    left: u64,
}

impl<'a> Items<'a> {
    fn new(array: &'a [u8]) -> Self {
        let mut decoder = Decoder::new(array);
        let left = decoder.array().ok().flatten().unwrap_or_default();
        Self { decoder, left }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let from = self.decoder.position();
        self.decoder.skip().ok()?;
        self.decoder.input().get(from..self.decoder.position())
    }
}

/// Whether two items are the same, even if the contents of byte strings are stored in different places.
fn same_item(recorded: &[u8], replayed: &[u8]) -> bool {
    recorded == replayed
        || match (payload(recorded), payload(replayed)) {
            (Some(recorded), Some(replayed)) => {
                recorded.length() == replayed.length() && recorded.digest() == replayed.digest()
            }
            _ => false,
        }
}

/// Where two texts differ, or two byte strings within the record.
fn first_difference(recorded: &[u8], replayed: &[u8]) -> Option<usize> {
    let common = |one: &[u8], other: &[u8]| one.iter().zip(other).take_while(|(one, other)| one == other).count();
    if let (Some(one), Some(other)) = (text(recorded), text(replayed)) {
        let common = common(one.as_bytes(), other.as_bytes());
        return (0..=common).rev().find(|at| one.is_char_boundary(*at));
    }
    match (payload(recorded)?, payload(replayed)?) {
        (PayloadRef::Inline(one), PayloadRef::Inline(other)) => Some(common(one, other)),
        _ => None,
    }
}

fn text(item: &[u8]) -> Option<&str> {
    Decoder::new(item).str().ok()
}

fn payload(item: &[u8]) -> Option<PayloadRef<'_>> {
    let mut decoder = Decoder::new(item);
    matches!(decoder.datatype(), Ok(Type::Bytes | Type::Tag)).then(|| decoder.decode().ok())?
}

/// Recorded CBOR in diagnostic notation, cut to one line.
fn shortened(bytes: &[u8]) -> String {
    const CHARS_MAX: usize = 400;
    let text = minicbor::display(bytes).to_string();
    match text.char_indices().nth(CHARS_MAX) {
        None => text,
        Some((cut, _)) => format!("{}… ({} more bytes)", text.get(..cut).unwrap_or_default(), text.len() - cut),
    }
}

#[cfg(test)]
mod tests {
    use wasm_agent_journal::Keep;

    use super::*;

    /// Arguments with a handle, a text and contents.
    fn arguments(handle: u64, path: &str, contents: &[u8]) -> Vec<u8> {
        let mut arguments = Encoded::new();
        arguments.array(3).u64(handle).str(path).payload(contents.to_vec(), Keep::DigestOnly);
        arguments.to_record()
    }

    fn differs(parameter: usize, offset: Option<usize>) -> Option<Differs> {
        Some(Differs::Arguments { parameter, offset })
    }

    #[test]
    fn names_the_parameter_and_the_place_where_texts_part() {
        let recorded = arguments(1, "notes/täg.md", b"abc");
        for (replayed, expected) in [
            (arguments(1, "notes/täg.md", b"abc"), None),
            (arguments(2, "notes/täg.md", b"abc"), differs(0, None)),
            (arguments(1, "notes/täx.md", b"abc"), differs(1, Some(9))),
            (arguments(1, "notes/tög.md", b"abc"), differs(1, Some(7))),
            (arguments(1, "notes/täg.md.old", b"abc"), differs(1, Some(13))),
            (arguments(1, "notes/täg.md", b"abd"), differs(2, Some(2))),
            (arguments(1, "notes/täg.md", &[b'a'; 300]), differs(2, None)),
            (Encoded::nothing().to_record(), differs(0, None)),
        ] {
            assert_eq!(differing_parameter(&recorded, &replayed), expected);
        }
    }

    #[test]
    fn contents_are_the_same_wherever_they_are_stored() {
        let long = arguments(1, "a", &[7; 300]);
        let mut inline = Encoded::new();
        inline.array(3).u64(1).str("a").bytes_inline(&[7; 300]);
        assert_eq!(differing_parameter(&long, &inline.to_record()), None);
        assert_eq!(differing_parameter(&long, &arguments(1, "a", &[8; 300])), differs(2, None));
    }

    #[test]
    fn survives_invalid_arguments() {
        for recorded in [&b""[..], b"\xff", b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x00", b"\x83\x01"] {
            let _ = differing_parameter(recorded, &arguments(1, "a", b"b"));
            assert_eq!(differing_parameter(recorded, recorded), None);
        }
    }
}
