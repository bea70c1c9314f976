//! Arguments of `wasm-agent journal export`.

use std::path::PathBuf;

use clap::builder::{EnumValueParser, TypedValueParser as _};
use clap::{Args, ValueEnum, ValueHint};

use super::common::FormatChoice;

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The journal
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) journal: PathBuf,

    /// The format to write
    #[arg(
        long,
        value_name = "FORMAT",
        value_parser = EnumValueParser::<ExportFormat>::new().map(FormatChoice::Export),
        default_value = "jsonl",
    )]
    pub(crate) format: FormatChoice,

    /// Writes to a new file instead of standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Sends OTLP to a collector, such as http://127.0.0.1:4318/v1/traces
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, conflicts_with = "output")]
    pub(crate) to: Option<String>,

    /// Writes a journal without these contents instead; `journal verify --original` proves that nothing else changed
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
    /// The tool's paths, and texts that may contain them
    Paths,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One record per line, as `journal show --format json` prints them
    Jsonl,
    /// OpenTelemetry spans as OTLP in JSON, one request per line
    Otlp,
    /// Trace events in JSON, for Perfetto
    ChromeTrace,
}
