//! What a policy decides about an action, for callers that do not perform it.

use crate::decision::{DecisionKind, Denial, DenialReason};
use crate::grant::GrantId;
use crate::policy::Policy;

/// A decision without a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Judgement {
    /// The decision.
    pub decision: DecisionKind,
    /// The grant that governs the action, or comes closest, or denies it.
    pub grant: Option<GrantId>,
    /// The grant that makes a person be asked.
    pub asked_by: Option<GrantId>,
    /// Why the action is denied, if it is.
    pub denial: Option<DenialReason>,
}

impl From<Denial> for Judgement {
    fn from(Denial { reason, grant }: Denial) -> Self {
        Self { decision: DecisionKind::Deny, grant, asked_by: None, denial: Some(reason) }
    }
}

impl Judgement {
    /// The denial, if the action is denied.
    #[must_use]
    pub fn denial(&self) -> Option<Denial> {
        self.denial.map(|reason| Denial::new(reason, self.grant))
    }

    /// The reason in words. `policy` is the policy that judged.
    #[must_use]
    pub fn reason(&self, policy: &Policy) -> String {
        match (self.denial, self.asked_by) {
            (Some(reason), _) => reason.sentence().to_owned(),
            (None, None) => "the grant covers it".to_owned(),
            (None, Some(GrantId::Checkpoint)) => "a checkpoint always asks".to_owned(),
            (None, asks) if asks == self.grant => "the grant covers it and asks".to_owned(),
            (None, Some(asks)) => format!("the grant covers it, and {} asks", policy.grant_label(asks)),
        }
    }
}
