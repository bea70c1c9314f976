//! The only place that prints: data to standard output, reports and errors to standard error.
//!
//! Text from a tool, a journal or a file is escaped here, or before it gets here.

mod replay;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use wasm_agent_host::{Outcome, RunReport};

use crate::args::Format;
use crate::divergence::{self, Marks};
use crate::escape::{escape_json, escape_line};
use crate::exit::Exit;
use crate::failure::{Failure, Problem};
use crate::units::{bytes, count, duration, hex, shell_word};

pub(crate) use replay::Last;

/// Styles, by what they say.
pub(crate) mod style {
    use super::{AnsiColor, Style};

    pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
    pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default();
    pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
    pub(crate) const HINT: Style = AnsiColor::Cyan.on_default().bold();
    pub(crate) const FAINT: Style = Style::new().dimmed();
    pub(crate) const STRONG: Style = Style::new().bold();
    pub(crate) const DIFFERS: Style = AnsiColor::Red.on_default().bold().underline();
}

/// Shortest wait for answers that is reported. Whoever answers sooner is no person.
const WAIT_MIN: Duration = Duration::from_millis(1);

/// What a run was, besides its report.
pub(crate) struct Recorded<'a> {
    pub(crate) tool: &'a str,
    pub(crate) sha256: &'a str,
    pub(crate) journal: &'a Path,
    /// Fingerprint of the key that signed the journal.
    pub(crate) signed_by: Option<&'a str>,
    /// How often somebody was asked.
    pub(crate) asked: u64,
    /// Whether nobody was there to be asked, though nobody said so on the command line.
    pub(crate) alone: bool,
    /// Why the approver gave no answer, where it failed to.
    pub(crate) unanswered: Option<&'a str>,
}

/// Prints, as text or as JSON.
#[derive(Clone, Copy)]
pub(crate) struct Report {
    pub(crate) format: Format,
}

impl Report {
    /// Writes asked-for data to standard output. Nobody who stopped reading is told about it.
    ///
    /// # Errors
    ///
    /// When it can't be written for another reason.
    pub(crate) fn data(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let mut out = BufWriter::new(AutoStream::auto(io::stdout().lock()));
        match write(&mut out).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::output(&error)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes one object to standard output.
    ///
    /// # Errors
    ///
    /// As [`Report::data`].
    pub(crate) fn object(&self, value: &Value) -> Result<(), Failure> {
        self.data(|out| writeln!(out, "{}", json_line(value)))
    }

    /// Writes lines to standard error. That they can't be written changes nothing: there is no other place to say so.
    fn say(&self, text: &str) {
        let mut err = AutoStream::auto(io::stderr().lock());
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// Reports why a command did not do what it was asked to.
    pub(crate) fn failure(&self, failure: &Failure) {
        match self.format {
            Format::Text => self.say(&failure_text(failure, marks())),
            Format::Json => {
                let errors: Vec<Value> = failure
                    .problems
                    .iter()
                    .map(|Problem { message, hint }| match hint {
                        Some(hint) => json!({ "message": message, "hint": hint }),
                        None => json!({ "message": message }),
                    })
                    .collect();
                let mut object = json!({ "event": "error", "errors": errors, "exit": failure.exit.code() });
                if let (Value::Object(fields), Some(divergence)) = (&mut object, &failure.divergence) {
                    fields.insert("divergence".to_owned(), divergence::to_value(divergence));
                }
                if let (Value::Object(fields), Some(around)) = (&mut object, &failure.around) {
                    fields.insert("around".to_owned(), around.calls.clone().into());
                }
                self.say_object(&object);
            }
        }
    }

    /// Reports something that the operator should know, besides what was asked for.
    pub(crate) fn warning(&self, text: &str) {
        match self.format {
            Format::Text => {
                let warning = style::WARNING;
                self.say(&format!("{warning}warning{warning:#}: {}\n", block(text)));
            }
            Format::Json => self.say_object(&json!({ "event": "warning", "message": text })),
        }
    }

    /// Reports something that the operator should know, and what to do about it. A program has it in the data.
    pub(crate) fn advice(&self, text: &str, advice: &str) {
        let (warning, hint) = (style::WARNING, style::HINT);
        let (text, advice) = (block(text), block(advice));
        self.say(&format!("{warning}warning{warning:#}: {text}\n{hint}hint{hint:#}: {advice}\n"));
    }

    /// Reports that something was found to be as it should be. A program has it in the data.
    pub(crate) fn found(&self, what: &str, text: &str) {
        if self.format == Format::Text {
            let good = style::GOOD;
            self.say(&format!("{good}{what}{good:#}: {}\n", block(text)));
        }
    }

    /// Reports where the record of a run is whose host failed.
    pub(crate) fn partial(&self, journal: &Path) {
        if self.format == Format::Text {
            let faint = style::FAINT;
            self.say(&format!("{faint}journal:{faint:#} {} (what was recorded until then)\n", shown(journal)));
        }
    }

    /// Reports a run.
    pub(crate) fn run(&self, report: &RunReport, recorded: &Recorded<'_>) {
        match self.format {
            Format::Text => self.say(&run_text(report, recorded)),
            Format::Json => self.say_object(&run_json(report, recorded)),
        }
    }

    fn say_object(&self, value: &Value) {
        self.say(&format!("{}\n", json_line(value)));
    }
}

impl Failure {
    fn output(error: &io::Error) -> Self {
        Self::new(Exit::HostFailed, format!("cannot write to standard output: {error}"))
    }
}

/// Columns of the terminal that a stream goes to; nothing for a file or a pipe.
pub(crate) fn columns(stream: impl AsFd + IsTerminal) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let columns = rustix::termios::tcgetwinsize(&stream).map_or(0, |size| size.ws_col);
    Some(if columns == 0 { 80 } else { usize::from(columns) })
}

/// An object on one line, whose text does nothing but be seen: what a pipe carries ends on a terminal as often as not.
pub(crate) fn json_line(value: &Value) -> String {
    escape_json(&value.to_string()).into_owned()
}

/// How a difference is marked on standard error.
fn marks() -> Marks {
    if AutoStream::choice(&io::stderr()) == ColorChoice::Never { Marks::Below } else { Marks::Style }
}

fn failure_text(failure: &Failure, marks: Marks) -> String {
    let mut text = problems(&failure.problems);
    if let Some(divergence) = &failure.divergence {
        text.push_str(&divergence::sides(divergence, marks));
    }
    if let Some(around) = &failure.around {
        text.push_str(&format!("\n{}", around.rows));
    }
    text
}

fn problems(problems: &[Problem]) -> String {
    let (bad, hint) = (style::BAD, style::HINT);
    let mut text = String::new();
    for problem in problems {
        text.push_str(&format!("{bad}error{bad:#}: {}\n", block(&problem.message)));
        if let Some(advice) = &problem.hint {
            text.push_str(&format!("{hint}hint{hint:#}: {}\n", block(advice)));
        }
    }
    text
}

/// Lines after the first are indented, so that none can pass for another error or hint.
pub(crate) fn block(text: &str) -> String {
    text.lines().map(|line| escape_line(line).into_owned()).collect::<Vec<_>>().join("\n  ")
}

fn shown(path: &Path) -> String {
    escape_line(&path.display().to_string()).into_owned()
}

fn run_text(report: &RunReport, recorded: &Recorded<'_>) -> String {
    let (faint, hint) = (style::FAINT, style::HINT);
    let mut text = outcome_line(&report.outcome);
    if let Some(why) = recorded.unanswered {
        let warning = style::WARNING;
        text.push_str(&format!("{warning}warning{warning:#}: no answer, which refuses: {}\n", block(why)));
    }
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
    text.push_str(&format!("{faint}journal:{faint:#} {}\n", shown(recorded.journal)));
    if let Some(fingerprint) = recorded.signed_by {
        text.push_str(&format!("{faint}signed by:{faint:#} {fingerprint}\n"));
    }
    let command = format!("wasm-agent journal show {}", shell_word(recorded.journal));
    text.push_str(&format!("{hint}hint{hint:#}: see what it did with `{}`\n", escape_line(&command)));
    if recorded.alone && recorded.asked > 0 {
        text.push_str(&format!(
            "{hint}hint{hint:#}: there is no terminal to ask at, so all was refused; `--approve exec:PROGRAM` asks a program\n"
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

/// How the tool ended, in a line.
fn outcome_line(outcome: &Outcome) -> String {
    let (style, word, rest) = match outcome {
        Outcome::Exited(0) | Outcome::Returned { failed: false, .. } => (style::GOOD, "finished", String::new()),
        Outcome::Exited(status) => (style::BAD, "failed", format!(": the tool ended with status {status}")),
        Outcome::Returned { .. } => (style::BAD, "failed", ": the tool returned an error".to_owned()),
        Outcome::Trapped { message } => (style::BAD, "stopped", format!(": the tool trapped: {}", block(message))),
        Outcome::Limit { which } => (style::BAD, "stopped", format!(": the limit `{}` is used up", escape_line(which))),
        Outcome::Stopped { action } => {
            (style::BAD, "stopped", format!(": `{}` was refused, and the run with it", escape_line(action)))
        }
        other => (style::BAD, "stopped", format!(": {}", block(&format!("{other:?}")))),
    };
    format!("{style}{word}{style:#}{rest}\n")
}

fn outcome_json(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Exited(status) => json!({ "kind": "exited", "status": status }),
        Outcome::Returned { wave, json, failed } => {
            json!({ "kind": "returned", "wave": wave, "json": json, "failed": failed })
        }
        Outcome::Trapped { message } => json!({ "kind": "trapped", "message": message }),
        Outcome::Limit { which } => json!({ "kind": "limit", "which": which }),
        Outcome::Stopped { action } => json!({ "kind": "stopped", "action": action }),
        other => json!({ "kind": "other", "message": format!("{other:?}") }),
    }
}

fn run_json(report: &RunReport, recorded: &Recorded<'_>) -> Value {
    json!({
        "event": "run",
        "run": report.run,
        "tool": { "name": recorded.tool, "sha256": recorded.sha256 },
        "outcome": outcome_json(&report.outcome),
        "calls": report.calls,
        "denied": report.denied,
        "asked": recorded.asked,
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

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn no_line_of_a_message_passes_for_another_message() {
        let failure = Failure::new(Exit::NothingRan, "`a\u{1b}[2J` imports:\nerror: x\r").hint("do\nthis");
        let expected = "error: `a\\u{1b}[2J` imports:\n  error: x\\r\nhint: do\n  this\n";
        assert_eq!(plain(&problems(&failure.problems)), expected);
    }

    #[test]
    fn a_tool_can_not_word_its_own_end() {
        let trap = Outcome::Trapped { message: "x\nfinished\u{1b}[1A".to_owned() };
        assert_eq!(plain(&outcome_line(&trap)), "stopped: the tool trapped: x\n  finished\\u{1b}[1A\n");
    }

    #[test]
    fn json_moves_no_cursor_and_stays_json() {
        let value = json!({ "a\u{7f}": "\u{9b}2J\u{202e}\u{e0041}" });
        let line = json_line(&value);
        assert_eq!(line, r#"{"a\u007f":"\u009b2J\u202e\udb40\udc41"}"#);
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), value);
    }
}
