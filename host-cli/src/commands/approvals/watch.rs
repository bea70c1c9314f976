//! Asks what waits, as it comes.

use std::collections::BTreeSet;
use std::io;

use wasm_agent_host::approval::ApproverError;
use wasm_agent_host::approval::queue::{Changes, Entry, Found, Queue};

use super::answer::{answer, ask_while_it_waits};
use super::list::object;
use super::open;
use crate::args::{Format, Waiting};
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::prompt::TerminalApprover;
use crate::report::Report;
use crate::show::units::count;

/// Asks each question as it comes.
pub(super) fn watch(waiting: &Waiting, report: &Report) -> Result<Exit, Failure> {
    let queue = open(waiting)?;
    let changes = Changes::of(&queue);
    match report.format {
        Format::Json => print(&queue, &changes, report),
        Format::Text => ask(&queue, &changes, report),
    }
}

fn ask(queue: &Queue, changes: &Changes, report: &Report) -> Result<Exit, Failure> {
    TerminalApprover::check().map_err(|error| {
        let failure = Failure::new(Exit::NothingRan, chain(&error));
        failure.hint("`--format json` prints what waits, one object a line")
    })?;
    let mut said_nothing = false;
    loop {
        let open = unanswered(queue)?;
        let Some(next) = open.first() else {
            if !said_nothing {
                report.success("nothing waits", "questions are asked here as they come, until Ctrl-C");
                said_nothing = true;
            }
            changes.wait().map_err(|error| failed(&error))?;
            continue;
        };
        said_nothing = false;
        if open.len() > 1 {
            report.success("waiting", &count(u64::try_from(open.len()).unwrap_or(u64::MAX), "question"));
        }
        match ask_while_it_waits(queue, &next.waiting) {
            // What is wrong with one answer, such as that somebody was faster, does not concern the next question.
            Ok(Some(reply)) => {
                if let Err(failure) = answer(queue, &next.waiting, &reply, report) {
                    report.failure(&failure);
                }
            }
            Ok(None) => return Ok(Exit::Finished),
            // Somebody else answered, or the run is gone.
            Err(ApproverError::Unavailable { .. })
                if !queue.find(&next.waiting.id).is_ok_and(|found| found.is_open()) => {}
            Err(error) => return Err(Failure::new(Exit::NothingRan, chain(&error))),
        }
    }
}

/// Prints each question once.
fn print(queue: &Queue, changes: &Changes, report: &Report) -> Result<Exit, Failure> {
    let mut known = BTreeSet::new();
    loop {
        let open = unanswered(queue)?;
        // What is gone can be forgotten: no question has a name twice.
        known.retain(|id| open.iter().any(|found| found.waiting.id == *id));
        for found in open {
            if known.insert(found.waiting.id.clone()) {
                report.object(&object(&Entry::Question(Box::new(found))))?;
            }
        }
        changes.wait().map_err(|error| failed(&error))?;
    }
}

/// The questions that can be answered, the oldest first.
fn unanswered(queue: &Queue) -> Result<Vec<Found>, Failure> {
    let entries = queue.entries()?.into_iter().filter_map(|entry| match entry {
        Entry::Question(found) if found.is_open() => Some(*found),
        Entry::Question(_) | Entry::Problem(_) => None,
    });
    Ok(entries.collect())
}

fn failed(error: &io::Error) -> Failure {
    Failure::new(Exit::HostFailed, format!("cannot watch the queue: {}", crate::failure::tidy(&error.to_string())))
}
