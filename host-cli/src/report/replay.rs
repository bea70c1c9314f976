//! The report of a replay without a divergence.

use serde_json::json;
use wasm_agent_host::ReplayReport;
use wasm_agent_host::journal::{Event, Record, to_json};

use super::Report;
use super::run::{outcome_json, outcome_line};
use crate::args::Format;
use crate::exit::Exit;
use crate::show::escape::escape_line;
use crate::show::style;
use crate::show::units::count;
use crate::timeline::text;

/// What is said of a run whose end is not sealed.
const UNSEALED: &str = "the end of the record is not sealed: it may not be how the run ended";

/// The last call of a replay with `--until`.
pub(crate) struct LastCall {
    pub(crate) record: Record,
    /// The reason that the tool had declared.
    pub(crate) intent: Option<String>,
}

impl Report {
    /// Reports a replay that stopped at the wanted call, identical until then.
    pub(crate) fn until(&self, last: &LastCall) {
        let LastCall { record, intent } = last;
        let value = to_json(record);
        let field = |name: &str| value.get(name).cloned().unwrap_or_default();
        match self.format {
            Format::Text => {
                let (good, faint) = (style::GOOD, style::FAINT);
                let number = field("call").as_u64().unwrap_or_default();
                let calls = count(number.saturating_add(1), "call");
                let (call, outcome) = match &record.event {
                    Event::Call(call) => (text::call(call), text::returned(call)),
                    _ => (String::new(), String::new()),
                };
                let mut said = format!("{good}identical{good:#}: {calls}, up to call {number}\n");
                said.push_str(&format!("{faint}call:{faint:#}    {call}\n"));
                if !outcome.is_empty() {
                    said.push_str(&format!("{faint}answer:{faint:#}  {outcome}\n"));
                }
                if let Some(intent) = intent {
                    said.push_str(&format!("{faint}intent:{faint:#}  `{}`\n", escape_line(intent)));
                }
                self.say(&said);
            }
            Format::Json => self.say_object(&json!({
                "event": "replay",
                "identical": true,
                "until": {
                    "call": field("call"),
                    "function": field("function"),
                    "arguments": field("arguments"),
                    "outcome": field("outcome"),
                    "decision": field("decision"),
                    "intent": intent,
                },
                "exit": Exit::Finished.code(),
            })),
        }
    }

    /// Warns that a replay ended before the wanted call.
    pub(crate) fn not_reached(&self, call: u64, calls: u64) {
        if self.format == Format::Text {
            let warning = style::WARNING;
            self.say(&format!(
                "{warning}warning{warning:#}: there is no call {call}: the run has {}\n",
                count(calls, "call")
            ));
        }
    }

    /// Reports only why a replay does not end as the tool did, on one line.
    pub(crate) fn replay_stop(&self, report: &ReplayReport) {
        if report.complete { self.stop(&report.outcome, None) } else { self.warning(UNSEALED) }
    }

    /// Reports an identical replay.
    pub(crate) fn replay(&self, report: &ReplayReport) {
        let exit = if report.complete { Exit::from(&report.outcome) } else { Exit::Stopped };
        let compared =
            if report.fuel_compared { "calls, arguments, fuel and result" } else { "calls, arguments and result" };
        match self.format {
            Format::Text => {
                let good = style::GOOD;
                let mut text =
                    format!("{good}identical{good:#}: {}; compared {compared}\n", count(report.calls, "call"));
                // This is how the recorded run ended.
                let faint = style::FAINT;
                text.push_str(&format!("{faint}ended:{faint:#} {}", outcome_line(&report.outcome, None)));
                let warning = style::WARNING;
                if !report.same_component {
                    text.push_str(&format!("{warning}warning{warning:#}: the tool is not the recorded one\n"));
                }
                if !report.complete {
                    text.push_str(&format!("{warning}warning{warning:#}: {UNSEALED}\n"));
                }
                if !report.same_arguments {
                    text.push_str(&format!("{warning}warning{warning:#}: the arguments are not the recorded ones\n"));
                }
                self.say(&text);
            }
            Format::Json => self.say_object(&json!({
                "event": "replay",
                "identical": true,
                "outcome": outcome_json(&report.outcome),
                "calls": report.calls,
                "fuel": report.fuel,
                "fuel_compared": report.fuel_compared,
                "same_component": report.same_component,
                "same_arguments": report.same_arguments,
                "complete": report.complete,
                "exit": exit.code(),
            })),
        }
    }
}
