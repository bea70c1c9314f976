//! The collector that spans are sent to: options of the command, and the variables that OpenTelemetry specifies for
//! exporters ("OpenTelemetry Protocol Exporter").

use std::ffi::OsString;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::args::{Export, ExportFormat, TIMEOUT_MAX, is_timeout};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::show::units::shell_word;

/// How long one batch may take with all attempts, where nothing says it: the specification's default.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What follows `OTEL_EXPORTER_OTLP_TRACES_` or `OTEL_EXPORTER_OTLP_`. The first wins.
const PREFIXES: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_", "OTEL_EXPORTER_OTLP_"];

/// A collector, and how it is spoken to.
#[derive(PartialEq, Eq)]
pub(super) struct Destination {
    pub(super) url: String,
    /// The variable that the URL is from, unless it is from an option.
    pub(super) variable: Option<String>,
    /// Names and values. The values are secrets.
    pub(super) headers: Vec<(String, String)>,
    /// How long one batch may take.
    pub(super) timeout: Duration,
}

/// A variable that is set and not empty.
struct Variable {
    name: String,
    value: String,
}

/// Where an export in this format goes; `None` if not to a collector.
///
/// Options win over variables, and variables for traces over those for everything.
pub(super) fn destination(
    arguments: &Export,
    format: ExportFormat,
    environment: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<Destination>, Failure> {
    let is_sent = format == ExportFormat::Otlp && arguments.output.is_none();
    let found = match &arguments.to {
        Some(url) => Some((url.clone(), None)),
        None if is_sent => endpoint(environment)?.map(|(url, variable)| (url, Some(variable))),
        None => None,
    };
    let Some((url, variable)) = found else {
        let option = if !arguments.header.is_empty() { "--header" } else { "--timeout" };
        if arguments.header.is_empty() && arguments.timeout.is_none() {
            return Ok(None);
        }
        let message = format!("`{option}` is for a collector, and none is named");
        let journal = shell_word(&arguments.journal);
        let hint = format!("`wasm-agent journal export --format otlp --to http://127.0.0.1:4318/v1/traces {journal}`");
        return Err(Failure::new(Exit::NothingRan, message).hint(hint));
    };
    let mut headers = match first(environment, "HEADERS")? {
        Some(variable) => list(&variable)?,
        None => Vec::new(),
    };
    for (index, header) in arguments.header.iter().enumerate() {
        headers.push(option(index, header)?);
    }
    Ok(Some(Destination { url, variable, headers, timeout: timeout(arguments, environment)? }))
}

/// The URL of a variable, and the variable's name.
fn endpoint(environment: &dyn Fn(&str) -> Option<OsString>) -> Result<Option<(String, String)>, Failure> {
    let Some(Variable { name, value }) = first(environment, "ENDPOINT")? else { return Ok(None) };
    if let Some(protocol) = first(environment, "PROTOCOL")?.filter(|protocol| protocol.value.trim() == "grpc") {
        let message =
            format!("`{name}` is for gRPC, as `{}` says: spans are sent as OTLP over HTTP only", protocol.name);
        let hint = "name the collector's HTTP port: `--to http://127.0.0.1:4318/v1/traces`";
        return Err(Failure::new(Exit::NothingRan, message).hint(hint));
    }
    let is_for_traces = PREFIXES.first().is_some_and(|prefix| name.starts_with(prefix));
    Ok(Some((if is_for_traces { value } else { for_traces(&value) }, name)))
}

/// A URL for every signal, with the path for traces.
fn for_traces(url: &str) -> String {
    let (base, query) = match url.split_once('?') {
        Some((base, query)) => (base, format!("?{query}")),
        None => (url, String::new()),
    };
    format!("{}/v1/traces{query}", base.strip_suffix('/').unwrap_or(base))
}

/// The first of the two variables that is set. An empty one counts as not set.
fn first(environment: &dyn Fn(&str) -> Option<OsString>, end: &str) -> Result<Option<Variable>, Failure> {
    for prefix in PREFIXES {
        let name = format!("{prefix}{end}");
        let Some(value) = environment(&name).filter(|value| !value.is_empty()) else { continue };
        let Ok(value) = value.into_string() else {
            return Err(Failure::new(Exit::NothingRan, format!("`{name}` is not UTF-8")));
        };
        return Ok(Some(Variable { name, value }));
    }
    Ok(None)
}

/// The headers of a variable: `name=value`, separated by commas, with percent-encoded values (W3C Baggage, without
/// properties).
fn list(variable: &Variable) -> Result<Vec<(String, String)>, Failure> {
    let name = &variable.name;
    let mut headers = Vec::new();
    for (index, entry) in variable.value.split(',').enumerate() {
        if entry.trim().is_empty() {
            continue;
        }
        let decoded = entry.split_once('=').and_then(|(name, value)| {
            let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
            Some((name.trim().to_owned(), value.into_owned()))
        });
        headers.push(decoded.ok_or_else(|| {
            let message = format!("entry {} of `{name}` is not a header", index.saturating_add(1));
            let hint = "write `name=value`, and `%2C` for a comma in a value";
            Failure::new(Exit::NothingRan, message).hint(hint)
        })?);
    }
    Ok(headers)
}

/// The header of an option.
fn option(index: usize, header: &str) -> Result<(String, String), Failure> {
    let parts = header.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    parts.ok_or_else(|| {
        let message = format!("`--header` number {} is not a header", index.saturating_add(1));
        Failure::new(Exit::NothingRan, message).hint("write `--header NAME=VALUE`")
    })
}

fn timeout(arguments: &Export, environment: &dyn Fn(&str) -> Option<OsString>) -> Result<Duration, Failure> {
    if let Some(timeout) = arguments.timeout {
        return Ok(timeout);
    }
    let Some(Variable { name, value }) = first(environment, "TIMEOUT")? else { return Ok(TIMEOUT) };
    let millis = value.trim().parse().ok().map(Duration::from_millis);
    millis.filter(is_timeout).ok_or_else(|| {
        let most = TIMEOUT_MAX.as_millis();
        let message = format!("`{name}={value}` is not a time: expected milliseconds, from 1 to {most}");
        Failure::new(Exit::NothingRan, message).hint("`--timeout 30s` wins over the variable")
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Arguments, Command, Journal};

    fn export(options: &[&str]) -> Export {
        let start = ["wasm-agent", "journal", "export", "a.journal"];
        let arguments = Arguments::try_parse_from(start.iter().chain(options)).unwrap();
        let Command::Journal(Journal::Export(export)) = arguments.command else { panic!("not an export") };
        export
    }

    /// Where OTLP goes with these options and variables, of which only the ends are given.
    fn found(options: &[&str], variables: &[(&str, &str)]) -> Result<Option<Destination>, Failure> {
        let environment = |name: &str| {
            let end = name.strip_prefix("OTEL_EXPORTER_OTLP_")?;
            variables.iter().find(|(found, _)| *found == end).map(|(_, value)| OsString::from(value))
        };
        destination(&export(options), ExportFormat::Otlp, &environment)
    }

    fn collector(options: &[&str], variables: &[(&str, &str)]) -> Destination {
        found(options, variables).unwrap().unwrap()
    }

    fn problem(options: &[&str], variables: &[(&str, &str)]) -> String {
        let failure = found(options, variables).err().unwrap();
        assert_eq!(failure.exit, Exit::NothingRan);
        assert!(!format!("{failure:?}").contains("tok-"), "{failure:?}");
        failure.problems[0].message.clone()
    }

    #[test]
    fn an_endpoint_for_every_signal_gets_the_path_for_traces() {
        for (endpoint, url) in [
            ("http://c:4318", "http://c:4318/v1/traces"),
            ("http://c:4318/", "http://c:4318/v1/traces"),
            ("https://c/otlp", "https://c/otlp/v1/traces"),
            ("https://c/otlp/?a=b/", "https://c/otlp/v1/traces?a=b/"),
        ] {
            let found = collector(&[], &[("ENDPOINT", endpoint)]);
            assert_eq!((found.url.as_str(), found.variable.as_deref()), (url, Some("OTEL_EXPORTER_OTLP_ENDPOINT")));
        }
        let traces = ("TRACES_ENDPOINT", "http://t:4318/");
        assert_eq!(collector(&[], &[("ENDPOINT", "http://c"), traces]).url, "http://t:4318/");
    }

    #[test]
    fn options_win_over_variables_and_those_for_traces_over_the_others() {
        let variables = [
            ("ENDPOINT", "http://c"),
            ("TIMEOUT", "100"),
            ("TRACES_TIMEOUT", "200"),
            ("HEADERS", "a=1,b=2"),
            ("TRACES_HEADERS", "c=3"),
        ];
        let found = collector(&[], &variables);
        assert_eq!(found.timeout, Duration::from_millis(200));
        assert_eq!(found.headers, [("c".to_owned(), "3".to_owned())]);
        let options = ["--to", "http://o/x", "--timeout", "3s", "--header", "c= 4=%41 ", "--header", "d="];
        let found = collector(&options, &variables);
        assert_eq!((found.url.as_str(), found.variable, found.timeout), ("http://o/x", None, Duration::from_secs(3)));
        // Of two headers with a name, the last one is sent.
        assert_eq!(found.headers, [("c", "3"), ("c", "4=%41"), ("d", "")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    }

    #[test]
    fn headers_are_separated_by_commas_and_decoded() {
        for (text, expected) in [
            ("authorization=Bearer%20tok-1", &[("authorization", "Bearer tok-1")][..]),
            (" a = 1 , b=x==;y ,, ", &[("a", "1"), ("b", "x==;y")]),
            ("a=1%2C2,b=100%,c=Basic dG9r", &[("a", "1,2"), ("b", "100%"), ("c", "Basic dG9r")]),
        ] {
            let found = collector(&["--to", "http://c"], &[("HEADERS", text)]).headers;
            let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(found, expected, "{text}");
        }
        for text in ["a=1,tok-2", "a=1,b=tok-%FF"] {
            assert_eq!(
                problem(&["--to", "http://c"], &[("HEADERS", text)]),
                "entry 2 of `OTEL_EXPORTER_OTLP_HEADERS` is not a header"
            );
        }
        let options = ["--to", "http://c", "--header", "a=b", "--header", "authorization: tok-2"];
        assert_eq!(problem(&options, &[]), "`--header` number 2 is not a header");
    }

    #[test]
    fn without_an_endpoint_or_with_a_file_nothing_is_sent() {
        let headers = ("HEADERS", "a=1");
        let endpoint = ("ENDPOINT", "http://c");
        for (options, variables) in [
            (&[][..], &[headers][..]),
            (&[], &[("ENDPOINT", "")]),
            (&["--output", "spans"], &[endpoint]),
            (&["--output", "-"], &[endpoint]),
        ] {
            assert!(found(options, variables).unwrap().is_none(), "{options:?}");
        }
        for format in [ExportFormat::Jsonl, ExportFormat::ChromeTrace] {
            assert!(destination(&export(&[]), format, &|_| Some("http://c".into())).unwrap().is_none());
        }
        assert_eq!(problem(&["--header", "a=tok-1"], &[]), "`--header` is for a collector, and none is named");
        assert_eq!(problem(&["--timeout", "1s"], &[]), "`--timeout` is for a collector, and none is named");
    }

    #[test]
    fn an_endpoint_for_grpc_is_refused() {
        let grpc = |name| problem(&[], &[("ENDPOINT", "http://c:4317"), (name, "grpc")]);
        assert!(
            grpc("PROTOCOL").contains("`OTEL_EXPORTER_OTLP_ENDPOINT` is for gRPC, as `OTEL_EXPORTER_OTLP_PROTOCOL`")
        );
        assert!(grpc("TRACES_PROTOCOL").contains("as `OTEL_EXPORTER_OTLP_TRACES_PROTOCOL`"));
        let protobuf = [("ENDPOINT", "http://c"), ("PROTOCOL", "grpc"), ("TRACES_PROTOCOL", "http/protobuf")];
        assert_eq!(collector(&[], &protobuf).url, "http://c/v1/traces");
        assert_eq!(collector(&["--to", "http://o"], &[("PROTOCOL", "grpc")]).url, "http://o");
    }

    #[test]
    fn times_have_bounds() {
        for text in ["0", "-1", "1.5", "10s", "3600001", "99999999999999999999"] {
            let message = problem(&["--to", "http://c"], &[("TIMEOUT", text)]);
            assert!(message.starts_with(&format!("`OTEL_EXPORTER_OTLP_TIMEOUT={text}` is not a time")), "{message}");
        }
        assert_eq!(collector(&["--to", "http://c"], &[("TIMEOUT", "3600000")]).timeout, TIMEOUT_MAX);
    }
}
