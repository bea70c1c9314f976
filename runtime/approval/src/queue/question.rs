//! Questions: their files, and what waits.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use wasm_agent_ids::Hex;

use super::answer::answer_name;
use super::directory::{Content, Queue};
use super::error::QueueError;
use crate::ApprovalRequest;

/// Longest file of a question, in bytes: room for every header that a request may have, escaped.
pub const QUESTION_BYTES_MAX: u64 = 1 << 20;

/// What the names of questions end with.
const ENDING: &str = ".question";

/// Characters of a question's name: 16 random bytes, in hexadecimal.
pub(super) const ID_CHARS: usize = 32;

/// A question as it stands in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Its name: 32 hexadecimal digits, made anew for each question.
    pub id: String,
    /// Wall time of the question, in milliseconds since 1970. Only to be shown: the run has a clock of its own.
    pub asked_ms: u64,
    /// BLAKE3 of the request as it is shown, in hexadecimal. An answer holds for this only.
    pub shown: String,
    /// The question itself.
    pub request: ApprovalRequest,
}

/// A question that was found.
#[derive(Debug)]
pub struct Found {
    /// The question.
    pub waiting: Waiting,
    /// Whether the run still waits for the answer.
    pub is_awaited: bool,
    /// The user who answered, if somebody did.
    pub answered_by: Option<u32>,
}

impl Found {
    /// Whether an answer would be taken: the run waits, and nobody has answered.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.is_awaited && self.answered_by.is_none()
    }
}

/// A file under the name of a question: the question, or what is wrong with it.
#[derive(Debug)]
pub enum Entry {
    /// A question.
    Question(Box<Found>),
    /// Something else under the name of one.
    Problem(QueueError),
}

impl Waiting {
    /// A new question.
    ///
    /// # Errors
    ///
    /// When the system has no random numbers, or the request can't be written as JSON.
    pub(super) fn new(request: &ApprovalRequest) -> std::io::Result<Self> {
        let mut id = [0; ID_CHARS / 2];
        #[expect(clippy::disallowed_methods, reason = "names a file of the host; no guest sees it")]
        getrandom::fill(&mut id)?;
        Ok(Self { id: Hex(&id).to_string(), asked_ms: now_ms(), shown: shown(request)?, request: request.clone() })
    }

    /// How long it has waited, by the wall clock.
    #[must_use]
    pub fn age(&self) -> Duration {
        Duration::from_millis(now_ms().saturating_sub(self.asked_ms))
    }

    /// Time left to answer, by the wall clock.
    #[must_use]
    pub fn left(&self) -> Duration {
        Duration::from_millis(self.request.expires_in_ms).saturating_sub(self.age())
    }

    /// The name of its file in the queue.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}{ENDING}", self.id)
    }
}

impl Queue {
    /// Everything that waits, and what else is there under the name of a question. Answered questions too, until their
    /// run has taken the answer.
    ///
    /// # Errors
    ///
    /// When the directory can't be listed.
    pub fn entries(&self) -> Result<Vec<Entry>, QueueError> {
        let mut entries = Vec::new();
        for name in self.names(ENDING)? {
            match self.question(&name) {
                Ok(Some(found)) => entries.push(Entry::Question(Box::new(found))),
                // It was answered meanwhile.
                Ok(None) => {}
                Err(problem) => entries.push(Entry::Problem(problem)),
            }
        }
        let asked = |entry: &Entry| match entry {
            Entry::Question(found) => found.waiting.asked_ms,
            Entry::Problem(_) => u64::MAX,
        };
        entries.sort_by_key(asked);
        Ok(entries)
    }

    /// The question whose name begins like this.
    ///
    /// # Errors
    ///
    /// When there is none, or more than one.
    pub fn find(&self, beginning: &str) -> Result<Found, QueueError> {
        let is_name = !beginning.is_empty() && beginning.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut names = self.names(ENDING)?;
        names.retain(|name| is_name && name.starts_with(beginning));
        let no_question = || QueueError::NoQuestion { name: beginning.to_owned() };
        match names.as_slice() {
            [name] => self.question(name)?.ok_or_else(no_question),
            [] => Err(no_question()),
            several => Err(QueueError::Ambiguous { name: beginning.to_owned(), count: several.len() }),
        }
    }

    fn question(&self, name: &str) -> Result<Option<Found>, QueueError> {
        let Some(content) = self.read(name, QUESTION_BYTES_MAX)? else { return Ok(None) };
        let waiting = self.parse(name, &content).map_err(|problem| {
            let path = self.path().join(name);
            QueueError::NotAQuestion { path, problem }
        })?;
        // The run holds the lock as long as it waits.
        let is_awaited = flock(&content.file, FlockOperation::NonBlockingLockShared).is_err();
        let answered_by = self.owner_of(&answer_name(&waiting.id));
        Ok(Some(Found { waiting, is_awaited, answered_by }))
    }

    fn parse(&self, name: &str, content: &Content) -> Result<Waiting, String> {
        // Whoever may answer can also put files here.
        if content.owner != self.owner() {
            return Err(format!("it belongs to user {}, and the queue to user {}", content.owner, self.owner()));
        }
        let waiting: Waiting = serde_json::from_slice(&content.bytes).map_err(|error| error.to_string())?;
        if waiting.file() != name || waiting.id.len() != ID_CHARS {
            return Err("it has another name than it says".to_owned());
        }
        match shown(&waiting.request) {
            Ok(digest) if digest == waiting.shown => Ok(waiting),
            Ok(_) | Err(_) => Err("its digest is not that of what it shows".to_owned()),
        }
    }
}

/// The digest of what is shown. The time that is left is no part of it.
fn shown(request: &ApprovalRequest) -> serde_json::Result<String> {
    let request = ApprovalRequest { expires_in_ms: 0, ..request.clone() };
    Ok(blake3::hash(&serde_json::to_vec(&request)?).to_hex().to_string())
}

#[expect(clippy::disallowed_methods, reason = "shown to people in other processes; nothing is decided by it")]
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
