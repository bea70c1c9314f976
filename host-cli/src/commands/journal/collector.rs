//! Sends spans to a collector, batch by batch.

use serde_json::Value;
use wasm_agent_audit::export::Batch;
use wasm_agent_egress::post::{PostError, Posted, Poster, Response};
use wasm_agent_host::policy::UrlError;

use super::destination::Destination;
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::show::units::count;

/// Longest text of a collector's answer that is shown, in characters.
const ANSWER_CHARS_MAX: usize = 200;

/// The hint where another attempt may fail too.
const FILE: &str = "`--output FILE` writes the same spans to a file";

/// The hint where the collector wants to know who sends.
const CREDENTIALS: &str = "`OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20TOKEN` sends a token with the spans";

/// A collector, and how many spans it accepted.
pub(super) struct Collector {
    poster: Poster,
    url: String,
    delivered: u64,
    rejected: u64,
    /// The collector's first message about rejected spans.
    complaint: Option<String>,
}

impl Collector {
    pub(super) fn new(to: &Destination) -> Result<Self, Failure> {
        let poster = Poster::new(&to.url, &to.headers, to.timeout).map_err(|error| unusable(to, &error))?;
        Ok(Self { poster, url: to.url.clone(), delivered: 0, rejected: 0, complaint: None })
    }

    /// Sends a batch. The first batch that is not accepted ends the export.
    pub(super) fn send(&mut self, batch: Batch) -> Result<(), Failure> {
        let posted = self.poster.post("application/json", batch.json.into_bytes());
        let Response { status, body } = match &posted.result {
            Ok(response) => response,
            Err(error) => {
                let failure = self.failure(&format!("cannot send: {}{}", chain(error), tries(&posted)));
                return Err(failure.hint(FILE));
            }
        };
        if !(200..300).contains(status) {
            let said: String = body.trim().chars().take(ANSWER_CHARS_MAX).collect();
            let said = if said.is_empty() { String::new() } else { format!(": `{said}`") };
            let failure = self.failure(&format!("it answered with status {status}{said}{}", tries(&posted)));
            return Err(if matches!(status, 401 | 403) { failure.hint(CREDENTIALS) } else { failure.hint(FILE) });
        }
        let rejected = self.partial(body.as_bytes()).min(batch.spans);
        self.rejected = self.rejected.saturating_add(rejected);
        self.delivered = self.delivered.saturating_add(batch.spans.saturating_sub(rejected));
        Ok(())
    }

    /// Returns how many spans were accepted.
    pub(super) fn finish(self) -> Result<u64, Failure> {
        if self.rejected == 0 {
            return Ok(self.delivered);
        }
        let said = self.complaint.as_deref().filter(|said| !said.is_empty());
        let said = said.map(|said| format!(": `{said}`")).unwrap_or_default();
        Err(self.failure(&format!("it rejected {}{said}", count(self.rejected, "span"))).hint(FILE))
    }

    fn failure(&self, what: &str) -> Failure {
        let url = &self.url;
        let message = format!("collector `{url}`: {what}; {} delivered", count(self.delivered, "span"));
        Failure::new(Exit::HostFailed, message)
    }

    /// How many spans a successful answer reports as rejected.
    fn partial(&mut self, body: &[u8]) -> u64 {
        let Ok(answer) = serde_json::from_slice::<Value>(body) else { return 0 };
        let Some(partial) = answer.get("partialSuccess") else { return 0 };
        // OTLP writes 64-bit integers as strings, but not every collector does.
        let rejected = match partial.get("rejectedSpans") {
            Some(Value::String(text)) => text.parse().unwrap_or(0),
            Some(number) => number.as_u64().unwrap_or(0),
            None => 0,
        };
        if rejected > 0 && self.complaint.is_none() {
            let said = partial.get("errorMessage").and_then(Value::as_str).unwrap_or_default();
            self.complaint = Some(said.chars().take(ANSWER_CHARS_MAX).collect());
        }
        rejected
    }
}

/// Why nothing can be sent to a collector.
fn unusable(to: &Destination, error: &PostError) -> Failure {
    let message = chain(error);
    let (exit, hint) = match error {
        PostError::Url { source: UrlError::UserInfo, .. } => {
            (Exit::NothingRan, "put credentials into a header: `OTEL_EXPORTER_OTLP_HEADERS=authorization=Basic%20...`")
        }
        PostError::Url { .. } => {
            (Exit::NothingRan, "collectors listen at addresses such as `http://127.0.0.1:4318/v1/traces`")
        }
        PostError::HeaderName { .. }
        | PostError::HeaderValue { .. }
        | PostError::OwnHeader { .. }
        | PostError::Headers { .. } => {
            (Exit::NothingRan, "headers are those of `OTEL_EXPORTER_OTLP_HEADERS`, then those of `--header`")
        }
        _ => return Failure::new(Exit::HostFailed, message),
    };
    let message = match (&to.variable, error) {
        (Some(variable), PostError::Url { .. }) => format!("`{variable}`: {message}"),
        _ => message,
    };
    Failure::new(exit, message).hint(hint)
}

/// How often a batch was sent, and how long the collector asks to wait before the next time.
fn tries(posted: &Posted) -> String {
    let attempts = if posted.attempts > 1 { format!(" ({} attempts)", posted.attempts) } else { String::new() };
    let asked = posted.asked_to_wait.map(|time| time.as_secs()).filter(|seconds| *seconds > 0);
    let asked = asked.map(|seconds| format!("; it asks to wait {seconds} s")).unwrap_or_default();
    format!("{attempts}{asked}")
}
