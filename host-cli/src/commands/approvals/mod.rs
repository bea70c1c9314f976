//! `wasm-agent approvals`.

mod answer;
mod list;
mod watch;

use std::path::{Path, PathBuf};

use wasm_agent_host::approval::queue::{Queue, QueueError};

use crate::args::{Approvals, Approve, State, Waiting};
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::report::Report;
use crate::state;

/// The default queue, in the state directory.
const DEFAULT: &str = "queue";

/// Runs a sub-command.
pub(crate) fn approvals(command: &Approvals, report: &Report) -> Result<Exit, Failure> {
    match command {
        Approvals::List(waiting) => list::list(waiting, report),
        Approvals::Show(question) => list::show(question, report),
        Approvals::Approve(approval) => answer::approve(approval, report),
        Approvals::Refuse(refusal) => answer::refuse(refusal, report),
        Approvals::Watch(waiting) => watch::watch(waiting, report),
    }
}

/// Where a run asks, if it asks in a queue. Makes the state directory if the queue is there.
pub(crate) fn queue_directory(
    named: Option<&Path>,
    state: &State,
    approve: Option<&Approve>,
) -> Result<Option<PathBuf>, Failure> {
    let asks = approve.is_some_and(Approve::asks_in_queue);
    match named {
        None if !asks => Ok(None),
        None => Ok(Some(state::open(state)?.root().join(DEFAULT))),
        Some(directory) if asks => Ok(Some(directory.to_owned())),
        Some(_) => Err(Failure::new(Exit::NothingRan, "`--queue` is for `--approve queue`")),
    }
}

/// Opens the queue to answer in.
fn open(waiting: &Waiting) -> Result<Queue, Failure> {
    let default = || state::root(&waiting.state).map(|root| root.join(DEFAULT));
    let Some(path) = waiting.queue.clone().or_else(default) else {
        let failure = Failure::new(Exit::NothingRan, "no queue: `HOME` is not set");
        return Err(failure.hint("name one with `--queue DIR`"));
    };
    Ok(Queue::to_answer(&path)?)
}

impl From<QueueError> for Failure {
    fn from(error: QueueError) -> Self {
        let failure = Self::new(Exit::NothingRan, chain(&error));
        match &error {
            QueueError::NotPrivate { path, .. } => {
                let path = crate::show::units::shell_word(path);
                failure.hint(format!("`chmod 700 {path}`, or for one group `chgrp GROUP {path} && chmod 3770 {path}`"))
            }
            QueueError::OtherOwner { .. } => failure.hint("name one of your own with `--queue DIR`"),
            QueueError::Io { doing: "open the queue", source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                failure.hint("`wasm-agent run --approve queue` makes one; `--queue DIR` names another")
            }
            QueueError::NoQuestion { .. } | QueueError::Ambiguous { .. } | QueueError::Gone { .. } => {
                failure.hint("`wasm-agent approvals list`")
            }
            _ => failure,
        }
    }
}
