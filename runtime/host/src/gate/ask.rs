//! Holding an action until someone answers the question about it, with question and answer on the record.

use std::sync::atomic::Ordering;
use std::time::Duration;

use wasm_agent_approval::{Answer, AnswerStatus, Detail, Permit, Question, Remember, Settlement, settle};
use wasm_agent_ids::EffectId;
use wasm_agent_journal::{ApprovalAsked, ApprovalRecord, ApprovalSettled, DecisionRecord, Remember as Reach};
use wasm_agent_policy::{ActionDigest, Pending};

use super::effect::NotDone;
use super::session::nanoseconds;
use super::{Gate, lock};

/// After so many questions in a row without an answer in time, nobody is asked any more: for the rest of the run,
/// actions that need an answer are refused.
///
/// The clock stands still while an answer is awaited. If nobody is there to answer, a tool that asks again and again
/// would otherwise run for as long as it likes. With three questions and the default timeouts, a person who comes back
/// within half an hour has missed nothing.
const UNANSWERED_MAX: u64 = 3;

impl Gate {
    /// Holds an action until it is answered, and returns the permit if the answer is yes.
    pub(super) async fn ask<K, F>(
        &self,
        effect: EffectId,
        pending: Pending<K>,
        record: &DecisionRecord,
        detail: Detail,
    ) -> Result<(Permit<K>, ApprovalRecord), NotDone<F>> {
        let given_up = self.unanswered.load(Ordering::Relaxed) >= UNANSWERED_MAX;
        let timeout = if given_up { Duration::ZERO } else { self.grants.policy().approval_timeout() };
        let canonical = pending.action().canonical_bytes();
        let asked = ApprovalAsked {
            effect,
            call: pending.asker().call,
            at_ns: self.session.now_ns(),
            action_digest: *ActionDigest::of(&canonical).as_bytes(),
            action: canonical,
            approver: self.approver.name(),
            timeout_ns: nanoseconds(timeout),
        };
        self.ledger.asked(&asked).map_err(NotDone::Over)?;
        let summary = pending.action().to_string();
        let (permit, settlement) = if given_up {
            (None, Settlement::unasked(self.approver.as_ref()))
        } else {
            let question = self.question(record, detail);
            let _standing_still = self.session.clock.waiting();
            let _asking = self.session.tracker.ask(&summary);
            settle(pending, question, self.approver.as_ref(), timeout).await
        };
        let approval = approval_record(&settlement);
        let settled = ApprovalSettled { effect, at_ns: self.session.now_ns(), approval: approval.clone() };
        self.ledger.settled(&settled).map_err(NotDone::Over)?;
        self.count_unanswered(&settlement.status).map_err(NotDone::Over)?;
        match (permit, settlement.answer) {
            (Some(permit), Answer::Approve { remember }) => {
                if remember == Remember::Run {
                    // A full memory forgets nothing and accepts nothing more: the same action is then asked about
                    // again.
                    lock(&self.remembered).remember(&permit);
                }
                Ok((permit, approval))
            }
            (_, Answer::Refuse { stop: true }) => Err(NotDone::Over(self.session.ending.stop(summary))),
            (_, Answer::Refuse { stop: false } | Answer::Approve { .. }) => Err(NotDone::Refused(settlement.status)),
        }
    }

    /// The permit for an action that was approved for the rest of the run, or else the pending action.
    pub(super) fn remembered<K>(&self, pending: Pending<K>) -> Result<(Permit<K>, ApprovalRecord), Pending<K>> {
        let permit = lock(&self.remembered).permit(pending)?;
        let approval = ApprovalRecord {
            answer: wasm_agent_journal::Answer::Approved,
            approver: self.approver.name(),
            reason: None,
            waited_ns: 0,
            remember: Reach::Run,
        };
        Ok((permit, approval))
    }

    fn question(&self, record: &DecisionRecord, detail: Detail) -> Question {
        Question {
            component: self.tool.name.clone(),
            tool: self.tool.digest,
            policy: *self.grants.policy().digest(),
            grant: record.grant.as_deref().map(str::to_owned),
            intent: lock(&self.intent).clone(),
            detail,
        }
    }

    /// Counts questions in a row that nobody answered. At the limit it notes in the journal that nobody is asked any
    /// more.
    fn count_unanswered(&self, status: &AnswerStatus) -> wasmtime::Result<()> {
        match status {
            AnswerStatus::Answered | AnswerStatus::Nobody => self.unanswered.store(0, Ordering::Relaxed),
            AnswerStatus::TimedOut if self.unanswered.fetch_add(1, Ordering::Relaxed) + 1 == UNANSWERED_MAX => {
                let text = format!("{UNANSWERED_MAX} requests in a row were not answered: nobody is asked any more");
                return self.ledger.note("approvals", &text);
            }
            // A program that failed was there, so its question does not count as unanswered; the time it took was its
            // own.
            AnswerStatus::TimedOut | AnswerStatus::Broken(_) => {}
        }
        Ok(())
    }
}

fn approval_record(settlement: &Settlement) -> ApprovalRecord {
    use wasm_agent_journal::Answer as Recorded;
    let (answer, reason) = match (&settlement.status, settlement.answer) {
        (AnswerStatus::TimedOut, _) => (Recorded::TimedOut, None),
        (AnswerStatus::Broken(problem), _) => (Recorded::Broken, Some(problem.clone())),
        (AnswerStatus::Nobody, _) => (Recorded::Refused, settlement.reason.clone()),
        (AnswerStatus::Answered, Answer::Approve { .. }) => (Recorded::Approved, settlement.reason.clone()),
        (AnswerStatus::Answered, Answer::Refuse { stop: false }) => (Recorded::Refused, settlement.reason.clone()),
        (AnswerStatus::Answered, Answer::Refuse { stop: true }) => (Recorded::Stopped, settlement.reason.clone()),
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
