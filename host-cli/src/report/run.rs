//! The report of a run.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use wasm_agent_host::ids::ToolDigest;
use wasm_agent_host::journal::Stop;
use wasm_agent_host::policy::Policy;
use wasm_agent_host::{Outcome, RunReport, Stream};

use super::explained::has_grant;
use super::granted::{granted, granted_json};
use super::{Report, explained, explained_json, shown};
use crate::args::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::fresh_line;
use crate::host_names::HostName;
use crate::show::escape::{block, escape_json, escape_line};
use crate::show::style;
use crate::show::units::{bytes, count, duration, hex, shell_word};
use crate::signals::STOPPED_BY;
use crate::timeline::text::stopped;

/// Shortest wait for answers that is reported. A faster answer comes from a program.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// The facts of a run that its report does not have.
pub(crate) struct Recorded<'a> {
    pub(crate) tool: &'a str,
    pub(crate) sha256: ToolDigest,
    pub(crate) journal: &'a Path,
    /// Fingerprint of the key that signed the journal.
    pub(crate) signed_by: Option<&'a str>,
    /// How many questions were asked.
    pub(crate) asked: u64,
    /// No approver was named, and there is no terminal to ask at.
    pub(crate) alone: bool,
    pub(crate) policy: &'a Policy,
    /// Whether the operator named a policy.
    pub(crate) has_policy: bool,
    /// The tool's arguments that name granted files as this machine does.
    pub(crate) host_names: &'a [HostName],
    /// Why the approver ended the run, in its words.
    pub(crate) reason: Option<&'a str>,
    /// Why the approver gave no answer, if it failed.
    pub(crate) unanswered: Option<&'a str>,
}

impl Report {
    /// Reports a run.
    pub(crate) fn run(&self, report: &RunReport, recorded: &Recorded<'_>) {
        match self.format {
            Format::Text => self.say(&run_text(report, recorded)),
            Format::Json => self.say_object(&run_json(report, recorded)),
        }
    }

    /// Reports only that a run was stopped, or that its host failed, on one line. Other ends show in the status and in
    /// what the tool said.
    pub(crate) fn stop(&self, outcome: &Outcome, reason: Option<&str>) {
        let exit = Exit::from(outcome);
        if !matches!(exit, Exit::Stopped | Exit::HostFailed) {
            return;
        }
        match self.format {
            Format::Text => self.say(&outcome_line(outcome, reason)),
            Format::Json => self.say_object(&json!({
                "event": "stopped",
                "outcome": outcome_json(outcome),
                "reason": reason,
                "exit": exit.code(),
            })),
        }
    }

    /// Reports that the approver gave no answer, which the tool only sees as a refusal.
    pub(crate) fn unanswered(&self, why: &str) {
        self.warning(&unanswered(why));
    }

    /// Prints what a typed export returned; nothing for a command.
    ///
    /// # Errors
    ///
    /// As [`Report::data`].
    pub(crate) fn result(&self, outcome: &Outcome, as_json: bool) -> Result<(), Failure> {
        let Outcome::Returned { wave, json, .. } = outcome else { return Ok(()) };
        fresh_line::begin(Stream::Stdout);
        if as_json {
            let text = escape_json(json.as_deref().unwrap_or("null"));
            return self.data(|out| writeln!(out, "{text}"));
        }
        if wave.is_empty() {
            return Ok(());
        }
        // WAVE escapes what ends a line, not all that a terminal acts on.
        let shown = if io::stdout().is_terminal() { escape_line(wave) } else { wave.into() };
        self.data(|out| writeln!(out, "{shown}"))
    }
}

fn unanswered(why: &str) -> String {
    format!("no answer, which refuses: {why}")
}

fn run_text(report: &RunReport, recorded: &Recorded<'_>) -> String {
    let (faint, hint) = (style::FAINT, style::HINT);
    let mut text = outcome_line(&report.outcome, recorded.reason);
    if let Some(why) = recorded.unanswered {
        let warning = style::WARNING;
        text.push_str(&format!("{warning}warning{warning:#}: {}\n", block(&unanswered(why))));
    }
    text.push_str(&denials(report, recorded));
    let mut facts = vec![count(report.calls, "call")];
    if report.denied > 0 {
        facts.push(format!("{} denied", report.denied));
    }
    if recorded.asked > 0 {
        facts.push(format!("{} asked", recorded.asked));
    }
    facts.push(duration(report.elapsed));
    if report.waited >= WAIT_MIN {
        facts.push(format!("{} of it waiting", duration(report.waited)));
    }
    facts.push(bytes(report.memory_high_bytes) + " of memory");
    text.push_str(&format!("{faint}run:{faint:#} {}\n", facts.join(", ")));
    for limit in &report.limits_reached {
        let warning = style::WARNING;
        text.push_str(&format!(
            "{warning}limit{warning:#}: {}; `{}` under `[limits]` in the policy sets it\n",
            escape_line(&limit.text),
            limit.name
        ));
    }
    text.push_str(&granted(report.folders, recorded.policy, recorded.has_policy, recorded.host_names));
    // With `--stdin`, nothing is given in advance.
    if report.read_given_input {
        text.push_str(&format!("{hint}hint{hint:#}: the tool read standard input, which is empty without `--stdin`\n"));
    }
    text.push_str(&format!("{faint}journal:{faint:#} {}\n", shown(recorded.journal)));
    if let Some(fingerprint) = recorded.signed_by {
        text.push_str(&format!("{faint}signed by:{faint:#} {fingerprint}\n"));
    }
    let command = format!("wasm-agent journal show {}", shell_word(recorded.journal));
    text.push_str(&format!("{hint}hint{hint:#}: see what it did with `{}`\n", escape_line(&command)));
    if recorded.alone && recorded.asked > 0 {
        text.push_str(&format!(
            "{hint}hint{hint:#}: without a terminal to ask at, everything was refused; `--approve exec:PROGRAM` asks a \
             program\n"
        ));
    }
    if let Outcome::Limit { which } = &report.outcome {
        text.push_str(&format!(
            "{hint}hint{hint:#}: `{}` under `[limits]` in the policy sets it\n",
            escape_line(which)
        ));
    }
    text
}

/// The first denials, and what to do with the grants that they come with.
fn denials(report: &RunReport, recorded: &Recorded<'_>) -> String {
    let denials: Vec<_> = report.denials.iter().map(|denied| recorded.policy.explain_denied(denied)).collect();
    let mut text: String = denials.iter().map(explained).collect();
    let more = report.denied.saturating_sub(u64::try_from(denials.len()).unwrap_or(u64::MAX));
    if more > 0 && !denials.is_empty() {
        text.push_str(&format!("and {more} more\n"));
    }
    if !recorded.has_policy && denials.iter().any(has_grant) {
        let hint = style::HINT;
        text.push_str(&format!(
            "{hint}hint{hint:#}: the grants go into a policy: a file that begins with `version = 1`, given with \
             `--policy FILE`\n"
        ));
    }
    text
}

/// How the tool ended, on one line. `reason` says why an approver ended the run.
pub(super) fn outcome_line(outcome: &Outcome, reason: Option<&str>) -> String {
    let (style, word, rest) = match outcome {
        Outcome::Exited(0) | Outcome::Returned { failed: false, .. } => (style::GOOD, "finished", String::new()),
        Outcome::Exited(status) => (style::BAD, "failed", format!(": the tool ended with status {status}")),
        Outcome::Returned { .. } => (style::BAD, "failed", ": the tool returned an error".to_owned()),
        Outcome::Trapped { message } => (style::BAD, "stopped", format!(": the tool trapped: {}", block(message))),
        Outcome::Limit { which } => (style::BAD, "stopped", format!(": the limit `{}` is used up", escape_line(which))),
        Outcome::Stopped { action } => {
            let reason = reason.map(|reason| format!(": {}", escape_line(reason))).unwrap_or_default();
            (style::BAD, "stopped", format!(": {}{reason}", stopped(Stop::Refused(action))))
        }
        Outcome::Cancelled { reason } => (style::BAD, "stopped", cancelled(reason)),
        Outcome::HostFailed { message } => (style::BAD, "stopped", format!(": the host failed: {}", block(message))),
        other => (style::BAD, "stopped", format!(": {}", block(&format!("{other:?}")))),
    };
    format!("{style}{word}{style:#}{rest}\n")
}

/// Why a run was cancelled, after the word "stopped".
fn cancelled(reason: &str) -> String {
    match reason.strip_prefix(STOPPED_BY) {
        Some(signal) => format!(" by signal {}", escape_line(signal)),
        None => format!(": {}", stopped(Stop::Cancelled(reason))),
    }
}

pub(super) fn outcome_json(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Exited(status) => json!({ "kind": "exited", "status": status }),
        Outcome::Returned { wave, json, failed } => {
            let json: Option<Value> = json.as_deref().and_then(|text| serde_json::from_str(text).ok());
            json!({ "kind": "returned", "wave": wave, "json": json, "failed": failed })
        }
        Outcome::Trapped { message } => json!({ "kind": "trapped", "message": message }),
        Outcome::Limit { which } => json!({ "kind": "limit", "which": which }),
        Outcome::Stopped { action } => json!({ "kind": "stopped", "action": action }),
        Outcome::Cancelled { reason } => json!({ "kind": "cancelled", "reason": reason }),
        Outcome::HostFailed { message } => json!({ "kind": "host-failed", "message": message }),
        other => json!({ "kind": "other", "message": format!("{other:?}") }),
    }
}

fn run_json(report: &RunReport, recorded: &Recorded<'_>) -> Value {
    let denials = report.denials.iter().map(|denied| explained_json(&recorded.policy.explain_denied(denied)));
    json!({
        "event": "run",
        "run": report.run.to_string(),
        "tool": { "name": recorded.tool, "sha256": recorded.sha256.to_string() },
        "outcome": outcome_json(&report.outcome),
        "reason": recorded.reason,
        "calls": report.calls,
        "denied": report.denied,
        "denials": denials.collect::<Vec<_>>(),
        "folders": granted_json(report.folders, recorded.policy),
        "asked": recorded.asked,
        "limits_reached": report
            .limits_reached
            .iter()
            .map(|limit| json!({ "name": limit.name, "text": limit.text }))
            .collect::<Vec<_>>(),
        "unanswered": recorded.unanswered,
        "fuel": report.fuel,
        "elapsed_ns": nanoseconds(report.elapsed),
        "waited_ns": nanoseconds(report.waited),
        "memory_high_bytes": report.memory_high_bytes,
        "journal": {
            "path": recorded.journal.display().to_string(),
            "records": report.journal.records,
            "bytes": report.journal.bytes,
            "seal": hex(&report.journal.seal),
            "signed_by": recorded.signed_by,
        },
        "exit": Exit::from(&report.outcome).code(),
    })
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_can_not_word_its_own_end() {
        let trap = Outcome::Trapped { message: "x\nfinished\u{1b}[1A".to_owned() };
        assert_eq!(
            anstream::adapter::strip_str(&outcome_line(&trap, None)).to_string(),
            "stopped: the tool trapped: x\n  finished\\u{1b}[1A\n"
        );
    }
}
