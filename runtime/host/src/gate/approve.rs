//! Holding an action until somebody answers for it, on the record.

use std::sync::atomic::Ordering;
use std::time::Duration;

use wasm_agent_journal::{ApprovalAsked, ApprovalRecord, ApprovalSettled, DecisionRecord, Remember as Reach};
use wasm_agent_policy::{Action, ActionDigest};

use super::context::{Context, Denied, Why, lock, nanoseconds};
use crate::approval::{
    ActionSummary, Answer, ApprovalRequest, ComponentSummary, Detail, How, REQUEST_VERSION, Remember, Settlement,
    settle,
};
use crate::tool::hex;

/// Requests in a row that nobody answers in time, after which nobody is asked: the rest of the run has what it asks about refused.
///
/// The clock stands still while an answer is awaited. A tool that asks again and again would otherwise run for as long as it likes, when
/// nobody is there to be asked. With three, someone who comes back within half an hour, as timeouts are by default, has missed nothing.
const UNANSWERED_MAX: u64 = 3;

impl Context {
    /// Holds an action until it is answered.
    pub(super) async fn approve(
        &self,
        effect: u64,
        call: u64,
        action: &Action,
        record: &DecisionRecord,
        detail: impl FnOnce() -> Detail + Send,
    ) -> Result<ApprovalRecord, Denied> {
        let over = |error| Denied { decision: record.clone(), why: Why::Over(error) };
        let canonical = action.canonical_bytes();
        let digest = *ActionDigest::of(&canonical).as_bytes();
        if lock(&self.remembered).covers(&digest) {
            return Ok(ApprovalRecord {
                answer: wasm_agent_journal::Answer::Approved,
                approver: self.approver.name(),
                reason: None,
                waited_ns: 0,
                remember: Reach::Run,
            });
        }
        let given_up = self.unanswered.load(Ordering::Relaxed) >= UNANSWERED_MAX;
        let timeout = if given_up { Duration::ZERO } else { self.grants.policy().approval_timeout() };
        let asked = ApprovalAsked {
            effect,
            call,
            at_ns: self.now_ns(),
            action: canonical,
            action_digest: digest,
            approver: self.approver.name(),
            timeout_ns: nanoseconds(timeout),
        };
        // A question that is refused leaves no intent, and its action can be far longer than the call that asks for it.
        self.count(u64::try_from(asked.action.len()).unwrap_or(u64::MAX)).map_err(over)?;
        self.journal()
            .and_then(|journal| journal.approval_asked(&asked).map_err(|error| self.ending.journal(error)))
            .map_err(over)?;
        let settlement = if given_up {
            Settlement::unasked(self.approver.as_ref())
        } else {
            let request = self.request(call, action, record, detail(), timeout);
            let _standing_still = self.clock.waiting();
            settle(self.approver.as_ref(), &request, timeout).await
        };
        let approval = approval_record(&settlement);
        let settled = ApprovalSettled { effect, at_ns: self.now_ns(), approval: approval.clone() };
        self.journal()
            .and_then(|journal| journal.approval_settled(&settled).map_err(|error| self.ending.journal(error)))
            .map_err(over)?;
        self.count_unanswered(&settlement.how).map_err(over)?;
        match settlement.answer {
            Answer::Approve { remember } => {
                if remember == Remember::Run {
                    // A full memory forgets nothing and takes nothing more: the same action is then asked about again.
                    lock(&self.remembered).remember(digest);
                }
                Ok(approval)
            }
            Answer::Refuse { stop: true } => Err(over(self.ending.stop(action.to_string()))),
            Answer::Refuse { stop: false } => {
                Err(Denied { decision: record.clone(), why: Why::Refused(settlement.how) })
            }
        }
    }

    /// Counts questions in a row that nobody answered, and says so in the journal when there are no more to come.
    fn count_unanswered(&self, how: &How) -> wasmtime::Result<()> {
        match how {
            How::Answered => self.unanswered.store(0, Ordering::Relaxed),
            How::TimedOut if self.unanswered.fetch_add(1, Ordering::Relaxed) + 1 == UNANSWERED_MAX => {
                let text = format!("{UNANSWERED_MAX} requests in a row were not answered: nobody is asked any more");
                return self.note("approvals", &text);
            }
            // A program that failed to answer has been there, and its time was its own.
            How::TimedOut | How::Broken(_) => {}
        }
        Ok(())
    }

    fn request(
        &self,
        call: u64,
        action: &Action,
        record: &DecisionRecord,
        detail: Detail,
        timeout: Duration,
    ) -> ApprovalRequest {
        ApprovalRequest {
            version: REQUEST_VERSION,
            run: hex(&self.subject.run),
            call,
            component: ComponentSummary { name: self.subject.component.clone(), sha256: hex(&self.subject.sha256) },
            policy: self.grants.policy().digest().to_string(),
            action: ActionSummary {
                kind: action.kind().to_owned(),
                summary: action.to_string(),
                digest: action.digest().to_string(),
                detail,
            },
            grant: record.grant.as_deref().map(str::to_owned),
            intent: lock(&self.intent).clone(),
            expires_in_ms: u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

fn approval_record(settlement: &Settlement) -> ApprovalRecord {
    use wasm_agent_journal::Answer as Recorded;
    let (answer, reason) = match (&settlement.how, settlement.answer) {
        (How::TimedOut, _) => (Recorded::TimedOut, None),
        (How::Broken(problem), _) => (Recorded::Broken, Some(problem.clone())),
        (How::Answered, Answer::Approve { .. }) => (Recorded::Approved, settlement.reason.clone()),
        (How::Answered, Answer::Refuse { stop: false }) => (Recorded::Refused, settlement.reason.clone()),
        (How::Answered, Answer::Refuse { stop: true }) => (Recorded::Stopped, settlement.reason.clone()),
    };
    ApprovalRecord {
        answer,
        approver: settlement.approver.clone(),
        reason,
        waited_ns: nanoseconds(settlement.waited),
        remember: match settlement.answer {
            Answer::Approve { remember: Remember::Run } => Reach::Run,
            Answer::Approve { remember: Remember::Once } | Answer::Refuse { .. } => Reach::Once,
        },
    }
}
