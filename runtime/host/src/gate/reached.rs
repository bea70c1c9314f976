//! Limits that hold a run back without ending it. Each is noted in the journal once, and the report lists them.

use wasm_agent_policy::Denied;

use super::{Gate, lock};

/// What held a run back without ending it.
pub(crate) struct HeldBack {
    /// The number of denials.
    pub(crate) denied: u64,
    /// The first of them.
    pub(crate) denials: Vec<Denied>,
    /// The limits that were reached, in this order.
    pub(crate) limits_reached: Vec<LimitReached>,
}

/// A limit that a run reached, and that did not end it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitReached {
    /// Its name under `[limits]`.
    pub name: &'static str,
    /// What happened the first time.
    pub text: String,
}

impl Gate {
    /// The run reached a limit. `text` says what happened; it is used the first time.
    pub(crate) fn reached(&self, name: &'static str, text: impl FnOnce() -> String) {
        let text = {
            let mut reached = lock(&self.reached);
            if reached.iter().any(|limit| limit.name == name) {
                return;
            }
            let text = text();
            reached.push(LimitReached { name, text: text.clone() });
            text
        };
        // A journal that can't be written has ended the run already.
        drop(self.ledger.note("limit", &format!("{name}: {text}")));
    }

    /// What held the run back, for its report.
    pub(crate) fn held_back(&self) -> HeldBack {
        let (denied, denials) = self.denials.take();
        HeldBack { denied, denials, limits_reached: lock(&self.reached).clone() }
    }
}
