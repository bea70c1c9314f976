//! Waits for an answer, and turns a missing one into a refusal.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use wasm_agent_policy::Pending;

use super::{Answer, ApprovalRequest, Approver, ApproverError, Permit, Question, Settled};

/// How a request ended, and everything that the journal keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// The decision. Never an approval unless `status` is [`AnswerStatus::Answered`].
    pub answer: Answer,
    /// Who decided: a person's name, or the approver's.
    pub approver: String,
    /// Why, in the approver's words.
    pub reason: Option<String>,
    /// Time from the question to its end. It counts against no limit of the run.
    pub waited: Duration,
    /// Whether an answer came.
    pub status: AnswerStatus,
}

/// Whether an approver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerStatus {
    /// The approver answered in time.
    Answered,
    /// There is nobody to ask in this run, which is a refusal.
    Nobody,
    /// Nobody answered in time, which is a refusal.
    TimedOut,
    /// The approver failed, which is a refusal. Holds the causes in one line, for the operator only.
    Broken(String),
}

/// Asks whether an action may be performed, and waits for at most `timeout`. An approval gives a permit.
///
/// Only here does a question become a permit, and a missing, late or unreadable answer a refusal. The question is
/// always about `pending` itself: see [`ApprovalRequest::new`]. Needs a runtime with its timer enabled.
pub async fn settle<K>(
    pending: Pending<K>,
    question: Question,
    approver: &dyn Approver,
    timeout: Duration,
) -> (Option<Permit<K>>, Settlement) {
    let request = ApprovalRequest::new(&pending, question, timeout);
    let settlement = ask(&request, approver, timeout).await;
    let permit = match settlement.answer {
        Answer::Approve { .. } => Some(Permit::approved(pending)),
        Answer::Refuse { .. } => None,
    };
    (permit, settlement)
}

pub(crate) async fn ask(request: &ApprovalRequest, approver: &dyn Approver, timeout: Duration) -> Settlement {
    let asked = Instant::now();
    let deadline = asked.checked_add(timeout);
    let answer = approver.ask(request);
    let outcome = match deadline {
        Some(deadline) => timeout_at(deadline, answer).await.ok(),
        // A deadline that the clock cannot express is later than anybody waits.
        None => Some(answer.await),
    };
    let waited = asked.elapsed();

    match outcome {
        // Whatever it says, nobody has approved.
        Some(Ok(settled)) if !approver.can_ask() => Settlement {
            answer: Answer::Refuse { stop: false },
            status: AnswerStatus::Nobody,
            ..answered(settled, waited)
        },
        // An approver that blocks its thread is not interrupted, so its answer can still be too late.
        Some(Ok(settled)) if waited <= timeout => answered(settled, waited),
        Some(Ok(_)) | None => refused(approver, waited, AnswerStatus::TimedOut),
        Some(Err(error)) => refused(approver, waited, AnswerStatus::Broken(causes(&error))),
    }
}

impl Settlement {
    /// For a question that nobody is asked because nobody would answer: the same as a timeout.
    pub fn unasked(approver: &dyn Approver) -> Self {
        refused(approver, Duration::ZERO, AnswerStatus::TimedOut)
    }
}

fn answered(settled: Settled, waited: Duration) -> Settlement {
    Settlement {
        answer: settled.answer,
        approver: settled.approver,
        reason: settled.reason,
        waited,
        status: AnswerStatus::Answered,
    }
}

fn refused(approver: &dyn Approver, waited: Duration, status: AnswerStatus) -> Settlement {
    Settlement { answer: Answer::Refuse { stop: false }, approver: approver.name(), reason: None, waited, status }
}

/// The error and what caused it, in one line.
fn causes(error: &ApproverError) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Writing to a `String` cannot fail.
        let _ = write!(line, ": {cause}");
        source = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::request::samples;
    use super::super::{AnswerFuture, RefuseAll, Remember};
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(600);

    /// Answers after a time, or never.
    struct Slow {
        after: Option<Duration>,
        answer: fn() -> Result<Settled, ApproverError>,
    }

    impl Approver for Slow {
        fn name(&self) -> String {
            "slow".to_owned()
        }

        fn ask<'a>(&'a self, _request: &'a ApprovalRequest) -> AnswerFuture<'a> {
            Box::pin(async {
                match self.after {
                    Some(after) => tokio::time::sleep(after).await,
                    None => std::future::pending().await,
                }
                (self.answer)()
            })
        }
    }

    /// Lets time pass without the timer noticing, as a blocked thread would.
    struct Blocking;

    impl Approver for Blocking {
        fn name(&self) -> String {
            "blocking".to_owned()
        }

        fn ask<'a>(&'a self, _request: &'a ApprovalRequest) -> AnswerFuture<'a> {
            let mut late = Box::pin(tokio::time::advance(TIMEOUT + Duration::from_millis(1)));
            Box::pin(std::future::poll_fn(move |context| {
                // The clock advances on the first poll; the yield after it is not waited for.
                let _ = late.as_mut().poll(context);
                std::task::Poll::Ready(approve())
            }))
        }
    }

    fn approve() -> Result<Settled, ApproverError> {
        Ok(Settled {
            answer: Answer::Approve { remember: Remember::Run },
            approver: "ann".to_owned(),
            reason: Some("fine".to_owned()),
        })
    }

    fn fail() -> Result<Settled, ApproverError> {
        Err(ApproverError::Io { doing: "read the terminal", source: std::io::Error::other("gone") })
    }

    async fn settle_with(approver: &dyn Approver) -> Settlement {
        ask(&samples::post_issue(), approver, TIMEOUT).await
    }

    #[tokio::test(start_paused = true)]
    async fn records_who_answered_why_and_after_how_long() {
        let after = Some(Duration::from_secs(3));
        let settlement = settle_with(&Slow { after, answer: approve }).await;
        assert_eq!(settlement.status, AnswerStatus::Answered);
        assert_eq!(settlement.answer, approve().unwrap().answer);
        assert_eq!(settlement.approver, "ann");
        assert_eq!(settlement.reason.as_deref(), Some("fine"));
        assert_eq!(Some(settlement.waited), after);
    }

    #[tokio::test(start_paused = true)]
    async fn refuses_when_nobody_answers_in_time() {
        let settlement = settle_with(&Slow { after: None, answer: approve }).await;
        assert_eq!(settlement.status, AnswerStatus::TimedOut);
        assert_eq!(settlement.answer, Answer::Refuse { stop: false });
        assert_eq!(settlement.approver, "slow");
        assert!(settlement.waited >= TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn refuses_an_approval_that_comes_too_late() {
        let settlement = settle_with(&Blocking).await;
        assert!(settlement.waited > TIMEOUT);
        assert_eq!(settlement.status, AnswerStatus::TimedOut);
        assert_eq!(settlement.answer, Answer::Refuse { stop: false });
    }

    #[tokio::test(start_paused = true)]
    async fn refuses_when_the_approver_is_broken() {
        let settlement = settle_with(&Slow { after: Some(Duration::ZERO), answer: fail }).await;
        let broken = AnswerStatus::Broken("cannot read the terminal: gone".to_owned());
        assert_eq!(settlement.status, broken);
        assert_eq!(settlement.answer, Answer::Refuse { stop: false });
    }

    #[tokio::test(start_paused = true)]
    async fn refuses_at_once_when_there_is_nobody_to_ask() {
        let settlement = settle_with(&RefuseAll).await;
        assert_eq!(settlement.status, AnswerStatus::Nobody);
        assert_eq!(settlement.answer, Answer::Refuse { stop: false });
        assert_eq!(settlement.approver, "refuse");
        assert_eq!(settlement.waited, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn takes_a_timeout_beyond_the_clock() {
        let approver = Slow { after: Some(Duration::from_secs(1)), answer: approve };
        let settlement = ask(&samples::delete_file(), &approver, Duration::MAX).await;
        assert_eq!(settlement.status, AnswerStatus::Answered);
    }

    #[tokio::test(start_paused = true)]
    async fn a_yes_is_a_permit_for_what_was_asked_and_nothing_else_is() {
        use crate::samples::{pending, question};
        let yes = Slow { after: Some(Duration::ZERO), answer: approve };
        let (permit, _) = settle(pending("/notes/a"), question(), &yes, TIMEOUT).await;
        let permit = permit.unwrap();
        assert_eq!(permit.action(), pending("/notes/a").action());
        assert_eq!(permit.approval(), Some(&pending("/notes/a").action().digest()));
        for no in [&RefuseAll as &dyn Approver, &Slow { after: None, answer: approve }, &Blocking] {
            let (permit, settlement) = settle(pending("/notes/a"), question(), no, TIMEOUT).await;
            assert!(permit.is_none(), "{settlement:?}");
        }
    }
}
