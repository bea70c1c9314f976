//! Answers a question.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use wasm_agent_host::approval::queue::{Changes, Queue, Reply, Waiting};
use wasm_agent_host::approval::{Answer, ApproverError, REASON_CHARS_MAX, Remember, Settled};

use super::open;
use crate::args::{Approval, Format, Refusal};
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::prompt::ask_here;
use crate::report::Report;
use crate::show::escape::escape_line;

/// Approves what has this digest; without one, shows the question and asks.
pub(super) fn approve(approval: &Approval, report: &Report) -> Result<Exit, Failure> {
    let queue = open(&approval.question.waiting)?;
    let waiting = queue.find(&approval.question.question)?.waiting;
    let reply = match &approval.digest {
        Some(digest) if waiting.shown.starts_with(digest) => {
            let remember = if approval.for_run { Remember::Run } else { Remember::Once };
            Reply { answer: Answer::Approve { remember }, reason: reason(approval.reason.as_deref())? }
        }
        Some(digest) => {
            let (id, shown) = (&waiting.id, &waiting.shown);
            let message = format!("question `{id}` shows something else: its digest is {shown}, expected {digest}");
            let hint = format!("look at it again: `wasm-agent approvals show {id}`");
            return Err(Failure::new(Exit::NothingRan, message).hint(hint));
        }
        None => ask(&queue, &waiting)?,
    };
    answer(&queue, &waiting, &reply, report)
}

/// Refuses. That needs nobody to have looked.
pub(super) fn refuse(refusal: &Refusal, report: &Report) -> Result<Exit, Failure> {
    let queue = open(&refusal.question.waiting)?;
    let waiting = queue.find(&refusal.question.question)?.waiting;
    let answered = Answer::Refuse { stop: refusal.stop };
    let reply = Reply { answer: answered, reason: reason(refusal.reason.as_deref())? };
    answer(&queue, &waiting, &reply, report)
}

/// Asks the person at the terminal.
fn ask(queue: &Queue, waiting: &Waiting) -> Result<Reply, Failure> {
    let asked = ask_while_it_waits(queue, waiting).map_err(|error| {
        Failure::new(Exit::NothingRan, chain(&error)).hint(format!(
            "`wasm-agent approvals show {0}` shows it, and `approve {0} --digest HEX` approves what was shown",
            waiting.id
        ))
    })?;
    asked.ok_or_else(|| Failure::new(Exit::NothingRan, "not answered: the terminal's input ended"))
}

/// Asks at the terminal, until somebody else has answered or the run is gone. `None` if the input ended.
pub(super) fn ask_while_it_waits(queue: &Queue, waiting: &Waiting) -> Result<Option<Reply>, ApproverError> {
    let failed = |doing| move |source| ApproverError::Io { doing, source };
    let (cancelled, cancel) = io::pipe().map_err(failed("prepare to ask at the terminal"))?;
    let over = Arc::new(AtomicBool::new(false));
    let watching =
        Queue::to_answer(queue.path()).map_err(|error| failed("watch the queue")(io::Error::other(error)))?;
    let changes = Changes::of(&watching);
    let (is_over, id) = (Arc::clone(&over), waiting.id.clone());
    // It ends soon after the answer, and nobody waits for it.
    let watcher = std::thread::Builder::new().name("watch the question".to_owned()).spawn(move || {
        while !is_over.load(Ordering::Relaxed) && watching.find(&id).is_ok_and(|found| found.is_open()) {
            if changes.wait().is_err() {
                break;
            }
        }
        drop(cancel);
    });
    watcher.map_err(failed("watch the queue"))?;
    let coloured = anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never;
    let asked = ask_here(&waiting.request, coloured, cancelled);
    over.store(true, Ordering::Relaxed);
    Ok(asked?.map(|Settled { answer, reason, .. }| Reply { answer, reason }))
}

pub(super) fn answer(queue: &Queue, waiting: &Waiting, reply: &Reply, report: &Report) -> Result<Exit, Failure> {
    queue.answer(waiting, reply)?;
    let word = match reply.answer {
        Answer::Approve { remember: Remember::Once } => "approved",
        Answer::Approve { remember: Remember::Run } => "approved for the run",
        Answer::Refuse { stop: false } => "refused",
        Answer::Refuse { stop: true } => "refused, and the run stops",
    };
    match report.format {
        Format::Text => report.success(word, &escape_line(&waiting.request.action.summary)),
        Format::Json => report.object(&json!({ "event": "answered", "id": waiting.id, "answer": word }))?,
    }
    Ok(Exit::Finished)
}

/// A reason that is no longer than the journal keeps.
fn reason(given: Option<&str>) -> Result<Option<String>, Failure> {
    match given {
        Some(reason) if reason.chars().count() > REASON_CHARS_MAX => {
            let message = format!("`--reason` has more than {REASON_CHARS_MAX} characters");
            Err(Failure::new(Exit::NothingRan, message))
        }
        _ => Ok(given.map(str::to_owned)),
    }
}
