//! Arguments of `wasm-agent journal export`.

use std::path::PathBuf;

use clap::builder::{EnumValueParser, TypedValueParser as _};
use clap::{Args, ValueEnum, ValueHint};

use super::Written;

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The journal
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) journal: PathBuf,

    /// As what it is written
    #[arg(
        long,
        value_name = "FORMAT",
        value_parser = EnumValueParser::<Exported>::new().map(Written::Export),
        default_value = "jsonl",
    )]
    pub(crate) format: Written,

    /// Writes to a new file instead of standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Sends OTLP to a collector, such as http://127.0.0.1:4318/v1/traces
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, conflicts_with = "output")]
    pub(crate) to: Option<String>,

    /// Writes a journal with these contents taken out instead: digests stay, `journal verify --original` proves it
    #[arg(
        long,
        value_name = "WHAT",
        value_enum,
        value_delimiter = ',',
        requires = "output",
        conflicts_with = "format"
    )]
    pub(crate) redact: Vec<Redact>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Redact {
    /// Contents of files, bodies of requests and responses, output
    Bodies,
    /// The tool's paths, and texts that may have some
    Paths,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Exported {
    /// One record a line, as `journal show --format json` prints them
    Jsonl,
    /// Spans of OpenTelemetry as OTLP in JSON, one request a line
    Otlp,
    /// Trace events in JSON, which Perfetto opens
    ChromeTrace,
}
