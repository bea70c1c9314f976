//! The approver of a run in which nobody can be asked.

use super::{Answer, AnswerFuture, ApprovalRequest, Approver, Settled};

/// Refuses everything, at once.
///
/// The default where there is no terminal and no program is named: an action that cannot be asked about does not
/// happen.
#[derive(Debug, Clone, Copy, Default)]
pub struct RefuseAll;

impl Approver for RefuseAll {
    fn name(&self) -> String {
        "refuse".to_owned()
    }

    fn can_ask(&self) -> bool {
        false
    }

    fn ask<'a>(&'a self, _request: &'a ApprovalRequest) -> AnswerFuture<'a> {
        Box::pin(async {
            Ok(Settled {
                answer: Answer::Refuse { stop: false },
                approver: self.name(),
                reason: Some("this run has no approver".to_owned()),
            })
        })
    }
}
