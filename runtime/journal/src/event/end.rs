//! The last record before the final seal: how the run ended, and what it used.

use minicbor::{Decoder, decode};
use wasm_agent_cbor as cbor;

use super::fields::{Map, optional_text};
use super::tables::Tables;
use crate::format::kind;

/// How a run ended, and what it used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// How it ended.
    pub result: RunResult,
    /// Time since the start of the run, in nanoseconds.
    pub at_ns: u64,
    /// Fuel used in all.
    pub fuel: u64,
    /// Host calls made in all.
    pub calls: u64,
    /// Time spent waiting for approvals, in nanoseconds.
    pub waited_ns: u64,
    /// Largest size of the tool's memory, in bytes.
    pub memory_high_bytes: u64,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunResult {
    /// A command ended with this exit status.
    Exited {
        /// The status.
        code: u32,
    },
    /// A typed export returned.
    Returned {
        /// The value in WAVE syntax.
        wave: String,
        /// The value as JSON, where it has such a form.
        json: Option<String>,
    },
    /// The tool trapped.
    Trapped {
        /// The trap, for people.
        message: String,
    },
    /// A limit stopped it.
    Limit {
        /// Name of the limit, as in the header.
        which: String,
    },
    /// Somebody stopped it: see [`Stop`].
    Stopped {
        /// Who and why.
        message: String,
    },
    /// The host could not go on.
    HostFailed {
        /// What failed.
        message: String,
    },
}

/// Why a run was stopped: what the text of [`RunResult::Stopped`] says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop<'a> {
    /// An approver refused this action and stopped the run.
    Refused(&'a str),
    /// The program that ran the tool stopped the run, for this reason.
    Cancelled(&'a str),
}

impl<'a> Stop<'a> {
    /// Begins the text of a cancellation. No action begins so.
    const CANCELLED: &'static str = "cancelled: ";

    /// Reads the text of a result.
    #[must_use]
    pub fn parse(message: &'a str) -> Self {
        message.strip_prefix(Self::CANCELLED).map_or(Self::Refused(message), Self::Cancelled)
    }
}

impl From<Stop<'_>> for RunResult {
    fn from(stop: Stop<'_>) -> Self {
        let message = match stop {
            Stop::Refused(action) => action.to_owned(),
            Stop::Cancelled(reason) => format!("{}{reason}", Stop::CANCELLED),
        };
        Self::Stopped { message }
    }
}

impl RunResult {
    /// The result's stable name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Exited { .. } => "exited",
            Self::Returned { .. } => "returned",
            Self::Trapped { .. } => "trapped",
            Self::Limit { .. } => "limit",
            Self::Stopped { .. } => "stopped",
            Self::HostFailed { .. } => "host-failed",
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        cbor::array(out, 2 + usize::from(matches!(self, Self::Returned { .. })));
        cbor::text(out, self.name());
        match self {
            Self::Exited { code } => cbor::uint(out, (*code).into()),
            Self::Returned { wave, json } => {
                cbor::text(out, wave);
                match json {
                    Some(json) => cbor::text(out, json),
                    None => cbor::null(out),
                }
            }
            Self::Limit { which } => cbor::text(out, which),
            Self::Trapped { message } | Self::Stopped { message } | Self::HostFailed { message } => {
                cbor::text(out, message);
            }
        }
    }

    fn read(decoder: &mut Decoder<'_>) -> Result<Self, decode::Error> {
        let position = decoder.position();
        let fields = decoder.array()?;
        let name = decoder.str()?;
        match (name, fields) {
            ("exited", Some(2)) => decoder.u32().map(|code| Self::Exited { code }),
            ("returned", Some(3)) => {
                Ok(Self::Returned { wave: decoder.str()?.to_owned(), json: optional_text(decoder)? })
            }
            ("trapped", Some(2)) => decoder.str().map(|message| Self::Trapped { message: message.to_owned() }),
            ("limit", Some(2)) => decoder.str().map(|which| Self::Limit { which: which.to_owned() }),
            ("stopped", Some(2)) => decoder.str().map(|message| Self::Stopped { message: message.to_owned() }),
            ("host-failed", Some(2)) => decoder.str().map(|message| Self::HostFailed { message: message.to_owned() }),
            _ => Err(decode::Error::message("no such result").at(position)),
        }
    }
}

impl End {
    pub(crate) fn write(&self, out: &mut Vec<u8>, time: i64) {
        cbor::array(out, 3);
        cbor::uint(out, kind::END.into());
        cbor::int(out, time);
        cbor::map(out, 5);
        cbor::text(out, "fuel");
        cbor::uint(out, self.fuel);
        cbor::text(out, "calls");
        cbor::uint(out, self.calls);
        cbor::text(out, "memory");
        cbor::uint(out, self.memory_high_bytes);
        cbor::text(out, "result");
        self.result.write(out);
        cbor::text(out, "waited");
        cbor::uint(out, self.waited_ns);
    }

    pub(super) fn read(decoder: &mut Decoder<'_>, tables: &mut Tables) -> Result<Self, decode::Error> {
        let at_ns = tables.time(decoder)?;
        let mut map = Map::read(decoder)?;
        Ok(Self {
            result: map.required("result", RunResult::read)?,
            at_ns,
            fuel: map.uint("fuel")?,
            calls: map.uint("calls")?,
            waited_ns: map.uint("waited")?,
            memory_high_bytes: map.uint("memory")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_says_who_stopped_the_run() {
        for stop in [Stop::Refused("file.delete /cancelled: x"), Stop::Cancelled(""), Stop::Cancelled("cancelled: x")] {
            let RunResult::Stopped { message } = RunResult::from(stop) else { panic!("{stop:?}") };
            assert_eq!(Stop::parse(&message), stop);
        }
    }
}
