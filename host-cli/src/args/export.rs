//! Arguments of `wasm-agent journal export`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{EnumValueParser, TypedValueParser as _};
use clap::{Args, ValueEnum, ValueHint};

use super::common::{FormatChoice, path};

/// Longest time for a batch. An export is not a service that waits for days.
pub(crate) const TIMEOUT_MAX: Duration = Duration::from_secs(3600);

#[derive(Debug, Args)]
#[command(after_help = "\
Without `--to` and `--output`, OTLP goes to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names, if it is set. \
OTEL_EXPORTER_OTLP_HEADERS (such as `authorization=Bearer%20TOKEN`) and OTEL_EXPORTER_OTLP_TIMEOUT (in milliseconds) \
hold for every collector. The same names with OTLP_TRACES_ win over these, and options over all. If the collector is \
busy (429, 502, 503, 504) or can't be reached, a batch is sent up to five times.")]
pub(crate) struct Export {
    /// The journal
    #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) journal: PathBuf,

    /// The format to write
    #[arg(
        long,
        value_name = "FORMAT",
        value_parser = EnumValueParser::<ExportFormat>::new().map(FormatChoice::Export),
        default_value = "jsonl",
    )]
    pub(crate) format: FormatChoice,

    /// Writes to a new file instead of standard output; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) output: Option<PathBuf>,

    /// Sends OTLP to a collector, such as http://127.0.0.1:4318/v1/traces
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, conflicts_with = "output")]
    pub(crate) to: Option<String>,

    /// Adds a header, such as `authorization=Bearer TOKEN`. Other users of this machine can see the arguments of a
    /// program, but not its variables
    #[arg(long, value_name = "NAME=VALUE", conflicts_with = "output")]
    pub(crate) header: Vec<String>,

    /// How long a batch may take, with all attempts [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_timeout, conflicts_with = "output")]
    pub(crate) timeout: Option<Duration>,

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

/// Reads a time such as `30s`.
fn parse_timeout(text: &str) -> Result<Duration, String> {
    let time = text.parse::<jiff::SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    time.filter(is_timeout).ok_or_else(|| "expected a time from `1ms` to `1h`, such as `30s`".to_owned())
}

/// Whether a batch may take this long.
pub(crate) fn is_timeout(time: &Duration) -> bool {
    (Duration::from_millis(1)..=TIMEOUT_MAX).contains(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_bounds() {
        assert_eq!(parse_timeout("1ms"), Ok(Duration::from_millis(1)));
        assert_eq!(parse_timeout("1h"), Ok(TIMEOUT_MAX));
        for text in ["", "10", "0s", "-1s", "61m", "1d", "soon"] {
            assert!(parse_timeout(text).is_err(), "{text}");
        }
    }
}
