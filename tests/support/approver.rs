//! An approver that answers by a script and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use wasm_agent_host::approval::{Answer, AnswerFuture, ApprovalRequest, Approver, ApproverError, Remember, Settled};

/// Gives its answers in order, and repeats the last one.
#[derive(Debug)]
pub struct Script {
    answers: Mutex<VecDeque<Reply>>,
    asked: Mutex<Vec<ApprovalRequest>>,
}

/// One thing that an approver does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Approves this one action.
    Approve,
    /// Approves it for the rest of the run.
    ApproveForRun,
    /// Refuses.
    Refuse,
    /// Refuses and ends the run.
    Stop,
    /// Fails.
    Break,
    /// Never answers.
    Silence,
}

impl Script {
    /// Gives these answers.
    pub fn new(answers: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() })
    }

    /// Approves each action once.
    pub fn approve() -> Arc<Self> {
        Self::new([Reply::Approve])
    }

    /// Refuses each action.
    pub fn refuse() -> Arc<Self> {
        Self::new([Reply::Refuse])
    }

    /// What it was asked, in order.
    pub fn asked(&self) -> Vec<ApprovalRequest> {
        self.asked.lock().unwrap().clone()
    }

    /// The actions that it was asked about, one line each.
    pub fn summaries(&self) -> Vec<String> {
        self.asked().into_iter().map(|request| request.action.summary).collect()
    }

    fn next(&self) -> Reply {
        let mut answers = self.answers.lock().unwrap();
        if answers.len() > 1 { answers.pop_front().unwrap() } else { *answers.front().unwrap() }
    }
}

impl Approver for Script {
    fn name(&self) -> String {
        "script".to_owned()
    }

    fn ask<'a>(&'a self, request: &'a ApprovalRequest) -> AnswerFuture<'a> {
        self.asked.lock().unwrap().push(request.clone());
        let settled = |answer| Ok(Settled { answer, approver: "ann".to_owned(), reason: Some("said so".to_owned()) });
        let answer = match self.next() {
            Reply::Approve => settled(Answer::Approve { remember: Remember::Once }),
            Reply::ApproveForRun => settled(Answer::Approve { remember: Remember::Run }),
            Reply::Refuse => settled(Answer::Refuse { stop: false }),
            Reply::Stop => settled(Answer::Refuse { stop: true }),
            Reply::Break => Err(ApproverError::Unavailable { message: "the approver fell over".to_owned() }),
            Reply::Silence => return Box::pin(std::future::pending()),
        };
        Box::pin(std::future::ready(answer))
    }
}

/// An approver that approves everything, after doing something to the files.
pub struct ApproveAfter<F>(F);

impl<F: Fn(&ApprovalRequest) + Send + Sync> ApproveAfter<F> {
    /// Does this while an action waits for its answer.
    pub fn new(during: F) -> Arc<Self> {
        Arc::new(Self(during))
    }
}

impl<F: Fn(&ApprovalRequest) + Send + Sync> Approver for ApproveAfter<F> {
    fn name(&self) -> String {
        "meanwhile".to_owned()
    }

    fn ask<'a>(&'a self, request: &'a ApprovalRequest) -> AnswerFuture<'a> {
        (self.0)(request);
        let answer = Answer::Approve { remember: Remember::Once };
        Box::pin(std::future::ready(Ok(Settled { answer, approver: "ann".to_owned(), reason: None })))
    }
}
