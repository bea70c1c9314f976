//! The only module that prints: data to standard output, reports and errors to standard error.
//!
//! Text from a tool, a journal or a file is escaped here or before.

mod explained;
mod granted;
mod replay;
mod run;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use serde_json::{Value, json};
use wasm_agent_host::Stream;

use crate::args::Format;
use crate::divergence::{self, Marks};
use crate::exit::Exit;
use crate::failure::{Failure, Problem};
use crate::fresh_line;
use crate::show::escape::{block, escape_line};
use crate::show::json::json_line;
use crate::show::style;

pub(crate) use explained::{explained, explained_json};
pub(crate) use replay::LastCall;
pub(crate) use run::Recorded;

/// Prints, as text or as JSON.
#[derive(Clone, Copy)]
pub(crate) struct Report {
    pub(crate) format: Format,
}

impl Report {
    /// Writes data to standard output. If the reader has gone, that is not an error.
    ///
    /// # Errors
    ///
    /// When writing fails for another reason.
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

    /// Writes text to standard error. Errors are ignored: there is no other place to report them.
    fn say(&self, text: &str) {
        fresh_line::begin(Stream::Stderr);
        let mut err = AutoStream::auto(io::stderr().lock());
        let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// Reports why a command failed.
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

    /// Warns the operator.
    pub(crate) fn warning(&self, text: &str) {
        match self.format {
            Format::Text => {
                let warning = style::WARNING;
                self.say(&format!("{warning}warning{warning:#}: {}\n", block(text)));
            }
            Format::Json => self.say_object(&json!({ "event": "warning", "message": text })),
        }
    }

    /// Warns the operator, with a hint. Programs find both in the data.
    pub(crate) fn advice(&self, text: &str, advice: &str) {
        let (warning, hint) = (style::WARNING, style::HINT);
        let (text, advice) = (block(text), block(advice));
        self.say(&format!("{warning}warning{warning:#}: {text}\n{hint}hint{hint:#}: {advice}\n"));
    }

    /// Says what to do, in text only.
    pub(crate) fn hint(&self, advice: &str) {
        let hint = style::HINT;
        self.say(&format!("{hint}hint{hint:#}: {}\n", block(advice)));
    }

    /// Reports a successful check. Programs find it in the data.
    pub(crate) fn success(&self, what: &str, text: &str) {
        if self.format == Format::Text {
            let good = style::GOOD;
            self.say(&format!("{good}{what}{good:#}: {}\n", block(text)));
        }
    }

    /// Reports where the journal of a run is, after the host failed.
    pub(crate) fn partial(&self, journal: &Path) {
        if self.format == Format::Text {
            let faint = style::FAINT;
            self.say(&format!("{faint}journal:{faint:#} {} (what was recorded until then)\n", shown(journal)));
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

/// Columns of a stream's terminal; `None` for a file or pipe.
pub(crate) fn columns(stream: impl AsFd + IsTerminal) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let columns = rustix::termios::tcgetwinsize(&stream).map_or(0, |size| size.ws_col);
    Some(if columns == 0 { 80 } else { usize::from(columns) })
}

/// How differences are marked on standard error.
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

fn shown(path: &Path) -> String {
    escape_line(&path.display().to_string()).into_owned()
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
}
