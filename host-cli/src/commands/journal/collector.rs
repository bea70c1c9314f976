//! Sends spans to a collector, batch by batch.

use serde_json::Value;
use wasm_agent_audit::export::Batch;
use wasm_agent_egress::post::{PostError, Posted, Poster};

use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::show::units::count;

/// Longest text of a collector's answer that is shown, in characters.
const ANSWER_CHARS_MAX: usize = 200;

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
    pub(super) fn new(url: &str) -> Result<Self, Failure> {
        let poster = Poster::new(url).map_err(|error| {
            let (exit, message) = match &error {
                PostError::Url { .. } => (Exit::NothingRan, chain(&error)),
                _ => (Exit::HostFailed, chain(&error)),
            };
            Failure::new(exit, message).hint("collectors listen at addresses such as `http://127.0.0.1:4318/v1/traces`")
        })?;
        Ok(Self { poster, url: url.to_owned(), delivered: 0, rejected: 0, complaint: None })
    }

    /// Sends a batch. The first batch that is not accepted ends the export.
    pub(super) fn send(&mut self, batch: Batch) -> Result<(), Failure> {
        let posted = self.poster.post("application/json", batch.json.into_bytes());
        let Posted { status, body } =
            posted.map_err(|error| self.failure(&format!("cannot send: {}", chain(&error))))?;
        if !(200..300).contains(&status) {
            let said = String::from_utf8_lossy(&body);
            let said: String = said.trim().chars().take(ANSWER_CHARS_MAX).collect();
            let said = if said.is_empty() { String::new() } else { format!(": `{said}`") };
            return Err(self.failure(&format!("it answered with status {status}{said}")));
        }
        let rejected = self.partial(&body).min(batch.spans);
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
        Err(self.failure(&format!("it rejected {}{said}", count(self.rejected, "span"))))
    }

    fn failure(&self, what: &str) -> Failure {
        let url = &self.url;
        let message = format!("collector `{url}`: {what}; {} delivered", count(self.delivered, "span"));
        Failure::new(Exit::HostFailed, message).hint("`--output FILE` writes the same spans to a file")
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
