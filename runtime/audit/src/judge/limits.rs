//! A run's use of resources, compared with the limits of another policy.
//!
//! Only what the journal proves counts: the numbers in the end record, requests that were sent, and bodies that their
//! action describes.

use wasm_agent_journal::{End, Header, Intent, RunResult};
use wasm_agent_policy::{Action, Limits};

/// A limit that changes how the run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitChange {
    /// Its name under `[limits]`.
    pub name: &'static str,
    /// Its unit: `bytes`, `ns`, or empty for a count.
    pub unit: &'static str,
    /// The run's limit, if it had one.
    pub was: Option<u64>,
    /// The other policy's limit, if it has one.
    pub now: Option<u64>,
    /// How much the run used. If `stopped` is set, it needed at least this much.
    pub used: Option<u64>,
    /// This limit stopped the run. Under the other policy the run continues; the journal does not say how.
    pub stopped: bool,
}

/// What a run used.
#[derive(Debug, Default)]
pub(super) struct Usage {
    limits: Vec<(String, u64)>,
    end: Option<End>,
    requests: u64,
    request_body_max: u64,
}

impl Usage {
    pub(super) fn new(header: &Header) -> Self {
        Self { limits: header.limits.clone(), ..Self::default() }
    }

    pub(super) fn end(&mut self, end: &End) {
        self.end = Some(end.clone());
    }

    pub(super) fn intent(&mut self, intent: &Intent) {
        let Ok(Action::HttpRequest(request)) = Action::decode(&intent.action) else { return };
        self.request_body_max = self.request_body_max.max(request.body.map_or(0, |body| body.len));
        self.requests = self.requests.saturating_add(1);
    }

    /// The limits of a policy that change how the run ends.
    pub(super) fn changes(&self, now: &Limits) -> Vec<LimitChange> {
        let recorded = |name: &str| self.limits.iter().find(|(known, _)| known == name).map(|(_, limit)| *limit);
        let end = |used: fn(&End) -> u64| self.end.as_ref().map(used);
        let ran = |end: &End| end.at_ns.saturating_sub(end.waited_ns);
        let time = u64::try_from(now.time.as_nanos()).unwrap_or(u64::MAX);
        let all = [
            ("memory", "bytes", recorded("memory-bytes"), Some(now.memory_bytes), end(|end| end.memory_high_bytes)),
            ("time", "ns", recorded("time-ns"), Some(time), end(ran)),
            ("fuel", "", recorded("fuel"), now.fuel, end(|end| end.fuel)),
            (
                "request-body",
                "bytes",
                recorded("request-body-bytes"),
                Some(now.request_body_bytes),
                Some(self.request_body_max),
            ),
            ("response-body", "bytes", recorded("response-body-bytes"), Some(now.response_body_bytes), None),
            ("output", "bytes", recorded("output-bytes"), Some(now.output_bytes), None),
            ("journal", "bytes", recorded("journal-bytes"), Some(now.journal_bytes), None),
            ("handles", "", recorded("handles"), Some(u64::from(now.handles)), None),
            // Under another policy, other actions are denied.
            ("denials", "", recorded("denials"), Some(now.denials), None),
            // Requests above `http-requests` wait: it stops no run.
            (
                "http-requests-total",
                "",
                recorded("http-requests-total"),
                Some(now.http_requests_total),
                Some(self.requests),
            ),
        ];
        let ended_by = self.end.as_ref().and_then(|end| match &end.result {
            RunResult::Limit { which } => Some(which.as_str()),
            _ => None,
        });
        let changes = all.into_iter().map(|(name, unit, was, now, used)| {
            let stopped = ended_by == Some(name);
            LimitChange { name, unit, was, now, used, stopped }
        });
        changes.filter(LimitChange::matters).collect()
    }
}

impl LimitChange {
    /// Whether the limit now stops the run and did not before, or the other way around.
    fn matters(&self) -> bool {
        // An unchanged limit changes nothing, whatever was counted.
        if self.was == self.now {
            return false;
        }
        let goes_on = self.stopped && self.now.is_none_or(|now| self.was.is_none_or(|was| now > was));
        let stops = self.now.is_some_and(|now| self.used.is_some_and(|used| used > now));
        goes_on || (stops && !self.stopped)
    }
}
