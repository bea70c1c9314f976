//! The result of comparing two runs.

use wasm_agent_audit::diff::{Diff, HeaderDifference, Summary, header_differences};
use wasm_agent_host::journal::{End, Header, RunResult, Stop};

use crate::commands::progress::Progress;
use crate::show::escape::escape_line;

/// The result besides the listed changes.
pub(super) struct Comparison {
    pub(super) headers: Vec<HeaderDifference>,
    pub(super) summary: Summary,
    /// How the runs ended, if that differs.
    pub(super) ends: Option<(String, String)>,
}

impl Comparison {
    pub(super) fn new(diff: &Diff<Progress, Progress>, headers: &[Header; 2]) -> Self {
        let headers = differences(headers);
        let (first, second) = diff.ends();
        let word = |end: Option<&End>| end.map_or_else(|| "without an end".to_owned(), |end| ended(&end.result));
        let ends = Some((word(first), word(second))).filter(|(first, second)| first != second);
        Self { headers, summary: diff.summary(), ends }
    }

    pub(super) fn is_identical(&self) -> bool {
        let Summary { outcomes, first, second, effects, .. } = self.summary;
        self.headers.is_empty() && self.ends.is_none() && [outcomes, first, second, effects] == [0; 4]
    }
}

pub(super) fn differences(headers: &[Header; 2]) -> Vec<HeaderDifference> {
    let [first, second] = headers;
    header_differences(first, second)
}

/// How a run ended, in words, escaped.
fn ended(result: &RunResult) -> String {
    let text = match result {
        RunResult::Exited { code } => format!("with status {code}"),
        RunResult::Returned { wave, .. } => format!("returned {wave}"),
        RunResult::Trapped { message } => format!("trapped: {message}"),
        RunResult::Limit { which } => format!("the limit `{which}` was used up"),
        RunResult::Stopped { message } => match Stop::parse(message) {
            Stop::Refused(action) => format!("stopped when `{action}` was refused"),
            Stop::Cancelled(reason) => format!("cancelled: {reason}"),
        },
        RunResult::HostFailed { message } => format!("the host failed: {message}"),
    };
    escape_line(&text).into_owned()
}
