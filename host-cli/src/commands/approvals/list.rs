//! Shows what waits.

use std::io;

use serde_json::{Value, json};
use wasm_agent_host::approval::queue::{Entry, Found};

use super::open;
use crate::args::{Format, Question, Waiting};
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::prompt::about_question;
use crate::report::{Report, columns};
use crate::show::escape::escape_line;
use crate::show::table::{Align, Table};
use crate::show::units::{duration, shell_word, shortened};

/// Columns of output that is written to a file or pipe.
const COLUMNS: usize = 100;

/// Lists the questions, the oldest first.
pub(super) fn list(waiting: &Waiting, report: &Report) -> Result<Exit, Failure> {
    let queue = open(waiting)?;
    let entries = queue.entries()?;
    match report.format {
        Format::Json => {
            for entry in &entries {
                report.object(&object(entry))?;
            }
        }
        Format::Text => {
            let mut table = Table::new(&[
                ("QUESTION", Align::Left),
                ("WAITS", Align::Right),
                ("LEFT", Align::Right),
                ("TOOL", Align::Left),
                ("ACTION", Align::Left),
            ]);
            for entry in &entries {
                match entry {
                    Entry::Question(found) => table.row(row(found)),
                    Entry::Problem(problem) => report.warning(&chain(problem)),
                }
            }
            report.data(|out| table.write(out))?;
            if entries.is_empty() {
                report.success("nothing waits", &escape_line(&queue.path().display().to_string()));
            }
        }
    }
    Ok(Exit::Finished)
}

/// Shows one question.
pub(super) fn show(question: &Question, report: &Report) -> Result<Exit, Failure> {
    let queue = open(&question.waiting)?;
    let found = queue.find(&question.question)?;
    let waiting = &found.waiting;
    if report.format == Format::Json {
        report.object(&object(&Entry::Question(Box::new(found))))?;
        return Ok(Exit::Finished);
    }
    let coloured = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
    let width = columns(io::stdout()).unwrap_or(COLUMNS);
    let text = about_question(&waiting.request, width, coloured);
    let text = text.map_err(|error| Failure::new(Exit::NothingRan, chain(&error)))?;
    let (id, digest) = (shortened(&waiting.id), shortened(&waiting.shown));
    report.data(|out| {
        writeln!(out, "{text}\nquestion: {id}, {}", state(&found))?;
        writeln!(out, "digest: {digest}")
    })?;
    if found.is_open() {
        report.hint(&format!(
            "`wasm-agent approvals approve {id} --digest {digest}`, or `wasm-agent approvals refuse {id}`"
        ));
    } else if !found.is_awaited {
        report.hint(&format!("`rm {}`: nobody takes an answer", shell_word(&queue.path().join(waiting.file()))));
    }
    Ok(Exit::Finished)
}

fn row(found: &Found) -> [String; 5] {
    let waiting = &found.waiting;
    let left = match found {
        Found { is_awaited: false, .. } => "gone".to_owned(),
        Found { answered_by: Some(_), .. } => "answered".to_owned(),
        Found { .. } => duration(waiting.left()),
    };
    [
        shortened(&waiting.id),
        duration(waiting.age()),
        left,
        escape_line(&waiting.request.component.name).into_owned(),
        escape_line(&waiting.request.action.summary).into_owned(),
    ]
}

/// What has become of a question, in words.
fn state(found: &Found) -> String {
    let waiting = &found.waiting;
    match found {
        Found { is_awaited: false, .. } => "whose run is gone".to_owned(),
        Found { answered_by: Some(user), .. } => format!("answered by user {user}"),
        Found { .. } => format!("waiting for {}, for {} more", duration(waiting.age()), duration(waiting.left())),
    }
}

pub(super) fn object(entry: &Entry) -> Value {
    match entry {
        Entry::Problem(problem) => json!({ "event": "problem", "problem": chain(problem) }),
        Entry::Question(found) => json!({
            "event": "question",
            "id": found.waiting.id,
            "asked_ms": found.waiting.asked_ms,
            "shown": found.waiting.shown,
            "awaited": found.is_awaited,
            "answered_by": found.answered_by,
            "request": found.waiting.request,
        }),
    }
}
