//! Several approvers, of which the first that can ask does.

use super::{AnswerFuture, ApprovalRequest, Approver, ApproverError};

/// Asks the first approver that can ask. One that asked and failed, or was not answered, is the end of it: somebody may
/// have seen the question.
pub struct InOrder {
    approvers: Vec<Box<dyn Approver>>,
}

impl InOrder {
    /// Asks these, in this order.
    #[must_use]
    pub fn new(approvers: Vec<Box<dyn Approver>>) -> Self {
        Self { approvers }
    }
}

impl Approver for InOrder {
    fn name(&self) -> String {
        let names: Vec<String> = self.approvers.iter().map(|approver| approver.name()).collect();
        names.join(",")
    }

    fn can_ask(&self) -> bool {
        self.approvers.iter().any(|approver| approver.can_ask())
    }

    fn ask<'a>(&'a self, request: &'a ApprovalRequest) -> AnswerFuture<'a> {
        Box::pin(async move {
            let mut last = ApproverError::Unavailable { message: "there is no approver".to_owned() };
            for approver in self.approvers.iter().filter(|approver| approver.can_ask()) {
                match approver.ask(request).await {
                    Err(error @ ApproverError::Unavailable { .. }) => last = error,
                    settled => return settled,
                }
            }
            Err(last)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::request::samples::post_issue;
    use super::super::{Answer, RefuseAll, Remember, Settled};
    use super::*;

    /// Answers with its name, or says why not.
    struct Fixed(&'static str, fn() -> Option<ApproverError>);

    impl Approver for Fixed {
        fn name(&self) -> String {
            self.0.to_owned()
        }

        fn ask<'a>(&'a self, _: &'a ApprovalRequest) -> AnswerFuture<'a> {
            let answer = Answer::Approve { remember: Remember::Once };
            let settled = Settled { answer, approver: self.name(), reason: None };
            Box::pin(std::future::ready(self.1().map_or(Ok(settled), Err)))
        }
    }

    fn unavailable() -> Option<ApproverError> {
        Some(ApproverError::Unavailable { message: "away".to_owned() })
    }

    fn broken() -> Option<ApproverError> {
        Some(ApproverError::Io { doing: "ask", source: std::io::Error::other("broken") })
    }

    #[tokio::test]
    async fn the_first_that_can_ask_is_asked() {
        let asked = |approvers: Vec<Box<dyn Approver>>| async {
            InOrder::new(approvers).ask(&post_issue()).await.map(|settled| settled.approver)
        };
        let (away, there) = (|| Box::new(Fixed("away", unavailable)), || Box::new(Fixed("there", || None)));
        assert_eq!(asked(vec![away(), Box::new(RefuseAll), there()]).await.unwrap(), "there");
        assert_eq!(asked(vec![there(), away()]).await.unwrap(), "there");
        assert!(asked(vec![Box::new(Fixed("broken", broken)), there()]).await.is_err());
        assert!(asked(vec![away(), away()]).await.is_err());
        assert!(asked(Vec::new()).await.is_err());
        assert_eq!(InOrder::new(vec![away(), there()]).name(), "away,there");
    }
}
