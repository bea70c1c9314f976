//! Answers: their files, and what makes one hold.

use rustix::process::geteuid;
use serde::{Deserialize, Serialize};

use super::directory::Queue;
use super::error::QueueError;
use super::question::Waiting;
use crate::program::ANSWER_BYTES_MAX;
use crate::{Answer, AnswerError, Remember, Settled};

/// What the names of answers end with.
const ENDING: &str = ".answer";

pub(super) fn answer_name(id: &str) -> String {
    format!("{id}{ENDING}")
}

/// An answer to a question of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The decision.
    pub answer: Answer,
    /// Why, in the words of whoever answers.
    pub reason: Option<String>,
}

/// What an answer names, beside the decision in the form of `schema/approval-answer.v1.json`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Bound {
    question: String,
    run: String,
    action: String,
    shown: String,
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(flatten)]
    bound: Bound,
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remember: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl Bound {
    fn to(waiting: &Waiting) -> Self {
        Self {
            question: waiting.id.clone(),
            run: waiting.request.run.clone(),
            action: waiting.request.action.digest.clone(),
            shown: waiting.shown.clone(),
        }
    }
}

impl Queue {
    /// Answers a question. Of several answers, the first one counts.
    ///
    /// # Errors
    ///
    /// When this user may not answer here, somebody answered before, the run does not wait any more, or the answer
    /// can't be written.
    pub fn answer(&self, waiting: &Waiting, reply: &Reply) -> Result<(), QueueError> {
        let user = geteuid().as_raw();
        if !self.may_answer(user) {
            return Err(QueueError::Stranger { path: self.path().to_owned(), owner: self.owner(), user });
        }
        let gone = || QueueError::Gone { id: waiting.id.clone() };
        let name = answer_name(&waiting.id);
        let bytes = reply.to_json(waiting).map_err(|source| QueueError::Io {
            doing: "write",
            path: self.path().join(&name),
            source: source.into(),
        })?;
        if !self.find(&waiting.id)?.is_awaited {
            return Err(gone());
        }
        if self.put(&name, &bytes, |_| Ok(()))?.is_none() {
            let by = self.owner_of(&name).ok_or_else(gone)?;
            return Err(QueueError::Answered { id: waiting.id.clone(), by });
        }
        // The run may have ended in between, and then nobody takes the answer away.
        match self.find(&waiting.id) {
            Ok(found) if !found.is_awaited => {
                self.remove(&name);
                Err(gone())
            }
            // Without the question, the answer has been taken, or it came too late: the run's journal says which.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// The answer to a question, once there is one.
    pub(super) fn answered(&self, waiting: &Waiting) -> Result<Option<Settled>, NoAnswer> {
        let most = u64::try_from(ANSWER_BYTES_MAX).unwrap_or(u64::MAX);
        let Some(content) = self.read(&answer_name(&waiting.id), most).map_err(NoAnswer::Unreadable)? else {
            return Ok(None);
        };
        if !self.may_answer(content.owner) {
            return Err(NoAnswer::Stranger { user: content.owner });
        }
        let bound: Bound = serde_json::from_slice(&content.bytes).map_err(|error| NoAnswer::Form(error.into()))?;
        if bound != Bound::to(waiting) {
            return Err(NoAnswer::Other);
        }
        // Who owns the file answered, whatever name is in it.
        let approver = format!("queue, user {}", content.owner);
        let settled = Settled::from_json(&content.bytes, &approver).map_err(NoAnswer::Form)?;
        Ok(Some(Settled { approver, ..settled }))
    }

    /// Removes a question and its answer.
    pub(super) fn end(&self, waiting: &Waiting) {
        self.remove(&waiting.file());
        self.remove(&answer_name(&waiting.id));
    }
}

/// Why a file is not an answer to the question.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("the answer can't be read")]
    Unreadable(#[source] QueueError),
    #[error("the answer is from user {user}, who may not answer here")]
    Stranger { user: u32 },
    #[error("the answer is not in the form of one")]
    Form(#[source] AnswerError),
    #[error("the answer is to another question, or to something else than was shown")]
    Other,
}

impl Reply {
    fn to_json(&self, waiting: &Waiting) -> serde_json::Result<Vec<u8>> {
        let (decision, remember, stop) = match self.answer {
            Answer::Approve { remember: Remember::Once } => ("approve", Some("once"), None),
            Answer::Approve { remember: Remember::Run } => ("approve", Some("run"), None),
            Answer::Refuse { stop } => ("refuse", None, Some(stop)),
        };
        let reason = self.reason.as_deref();
        serde_json::to_vec(&Written { bound: Bound::to(waiting), decision, remember, stop, reason })
    }
}
