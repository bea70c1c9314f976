//! Requests that a person approved.

use std::time::Duration;

use wasm_agent_approval::{
    Answer, AnswerFuture, ApprovalRequest, Approver, Detail, Question, Remember, Settled, settle,
};
use wasm_agent_ids::{PolicyDigest, ToolDigest};
use wasm_agent_policy::Pending;

use super::*;

/// A person who says yes.
struct Yes;

impl Approver for Yes {
    fn name(&self) -> String {
        "yes".to_owned()
    }

    fn ask<'a>(&'a self, _: &'a ApprovalRequest) -> AnswerFuture<'a> {
        let answer = Answer::Approve { remember: Remember::Once };
        Box::pin(async move { Ok(Settled { answer, approver: self.name(), reason: None }) })
    }
}

pub(super) async fn permit(pending: Pending<kind::Request>) -> Permit<kind::Request> {
    let question = Question {
        component: "tool".to_owned(),
        tool: ToolDigest::from_bytes([1; 32]),
        policy: PolicyDigest::from_bytes([2; 32]),
        grant: None,
        intent: None,
        detail: Detail::Checkpoint { title: "GET".to_owned(), detail: String::new() },
    };
    settle(pending, question, &Yes, Duration::from_secs(10)).await.0.unwrap()
}

#[tokio::test]
async fn what_a_person_approved_is_never_sent_on_a_kept_connection() {
    let server = forgetful(b"").await;
    let mut sender = Sender::http(&server);
    sender.warm_up().await;

    sender.policy = Policy::parse(&sender.policy.text().replace("ask = false", "ask = true")).unwrap();
    let reply = sender.without_body("GET").await.unwrap();
    assert!(!reply.reused && reply.earlier.is_empty(), "{:?}", reply.earlier);
    assert_eq!(server.accepted(), 2);
}
