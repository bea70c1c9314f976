//! Names of grants and reasons in the journal.

use std::sync::{Arc, Mutex};

use wasm_agent_journal::{DecisionRecord, Verdict};
use wasm_agent_policy::{Denial, GrantId};

use super::lock;
use crate::grants::Grants;

/// The names of a policy's grants in the journal, made once, so that a decision allocates nothing.
pub(super) struct Labels {
    grants: Vec<(GrantId, Arc<str>)>,
    reasons: Mutex<Vec<(&'static str, Arc<str>)>>,
}

impl Labels {
    pub(super) fn new(grants: &Grants) -> Self {
        let policy = grants.policy();
        let ids = policy.filesystem().iter().map(|grant| grant.id).chain(policy.http().iter().map(|grant| grant.id));
        let mut labels: Vec<_> = ids.map(|id| (id, Arc::from(policy.grant_label(id)))).collect();
        labels.sort_by_key(|(id, _)| *id);
        Self { grants: labels, reasons: Mutex::default() }
    }

    fn grant(&self, id: GrantId) -> Option<Arc<str>> {
        let index = self.grants.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.grants.get(index).map(|(_, label)| Arc::clone(label))
    }

    pub(super) fn granted(&self, verdict: Verdict, grant: GrantId) -> DecisionRecord {
        DecisionRecord { verdict, grant: self.grant(grant), reason: None, action: None }
    }

    pub(super) fn denied(&self, denial: &Denial) -> DecisionRecord {
        let name = denial.reason.as_str();
        let mut reasons = lock(&self.reasons);
        let reason = match reasons.iter().find(|(known, _)| *known == name) {
            Some((_, reason)) => Arc::clone(reason),
            None => {
                let reason: Arc<str> = Arc::from(name);
                reasons.push((name, Arc::clone(&reason)));
                reason
            }
        };
        let grant = denial.grant.and_then(|id| self.grant(id));
        DecisionRecord { verdict: Verdict::Deny, grant, reason: Some(reason), action: None }
    }
}
