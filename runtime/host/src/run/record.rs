//! The journal's records about a run as a whole: its header and its end.

use std::sync::Arc;
use std::time::SystemTime;

use wasm_agent_journal::{End, Header, RunResult};
use wasm_agent_policy::Limits;

use super::{Run, RunReport, Usage};
use crate::error::{RunError, chain};
use crate::gate::{HeldBack, Ledger, Session, nanoseconds};
use crate::run::Outcome;

impl Run {
    pub(super) fn header(&self, limits: &Limits) -> Header {
        let policy = self.grants.policy();
        #[expect(clippy::disallowed_methods, reason = "says in the journal when the run began; no guest sees it")]
        let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Header {
            run_id: self.id,
            component_sha256: self.tool.sha256,
            component_name: self.tool.name.clone(),
            policy_text: policy.text().to_owned(),
            policy_digest: *policy.digest(),
            arguments: self.arguments.clone(),
            environment: self.environment(),
            invocation: self.invocation.to_record(),
            limits: recorded_limits(limits),
            engine: self.tool.engine_name(),
            started_ns: nanoseconds(started),
            parent: None,
            approver: self.approver.name(),
            signed_by: self.signer.as_ref().map(|signer| signer.public_key()),
            redaction: None,
        }
    }

    pub(super) fn finish(
        &self,
        session: &Session,
        ledger: Arc<Ledger>,
        HeldBack { denied, denials, limits_reached }: HeldBack,
        outcome: Result<Outcome, RunError>,
        used: &Usage,
    ) -> Result<RunReport, RunError> {
        let waited = session.clock.waited();
        let elapsed = session.clock.elapsed();
        let end = End {
            result: outcome
                .as_ref()
                .map_or_else(|error| RunResult::HostFailed { message: chain(error) }, Outcome::to_record),
            at_ns: nanoseconds(elapsed),
            fuel: used.fuel,
            calls: used.calls,
            waited_ns: nanoseconds(waited),
            memory_high_bytes: used.memory_high_bytes,
        };
        let writer = Arc::into_inner(ledger).map(Ledger::into_journal).ok_or(RunError::Unfinished)?;
        let journal = writer.finish(&end).map_err(|source| RunError::Journal { source });
        // If the journal failed earlier, that error is reported, and not that it can't be finished.
        let outcome = outcome?;
        Ok(RunReport {
            run: self.id,
            outcome,
            calls: used.calls,
            denied,
            limits_reached,
            denials,
            folders: used.folders,
            read_given_input: used.read_given_input,
            crossings: used.crossings,
            fuel: used.fuel,
            elapsed,
            waited,
            memory_high_bytes: used.memory_high_bytes,
            journal: journal?,
        })
    }
}

/// Limits by their names in a journal.
fn recorded_limits(limits: &Limits) -> Vec<(String, u64)> {
    let mut recorded = vec![
        ("memory-bytes".to_owned(), limits.memory_bytes),
        ("time-ns".to_owned(), nanoseconds(limits.time)),
        ("request-body-bytes".to_owned(), limits.request_body_bytes),
        ("response-body-bytes".to_owned(), limits.response_body_bytes),
        ("output-bytes".to_owned(), limits.output_bytes),
        ("journal-bytes".to_owned(), limits.journal_bytes),
        ("handles".to_owned(), limits.handles.into()),
        ("http-requests".to_owned(), limits.http_requests.into()),
        ("http-requests-total".to_owned(), limits.http_requests_total),
        ("files-bytes".to_owned(), limits.files_bytes),
        ("file-count".to_owned(), limits.file_count),
        ("denials".to_owned(), limits.denials),
    ];
    recorded.extend(limits.fuel.map(|fuel| ("fuel".to_owned(), fuel)));
    recorded
}
