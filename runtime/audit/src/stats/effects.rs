//! Effects by kind, and how they ended.

use std::collections::{BTreeMap, HashMap};

use wasm_agent_journal::EffectResult;
use wasm_agent_policy::Action;

/// Most effects without an outcome. A run has few at a time; a hostile journal must not fill memory.
const OPEN_MAX: usize = 65_536;

/// The kind of actions that this release does not know.
const UNKNOWN: &str = "unknown";

/// Effects by kind.
#[derive(Debug, Default)]
pub struct Effects {
    kinds: BTreeMap<&'static str, EffectCounts>,
    /// The kind of each effect without an outcome, by number.
    open: HashMap<u64, &'static str>,
}

/// How the effects of one kind ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EffectCounts {
    /// Intents.
    pub begun: u64,
    /// Effects that happened.
    pub done: u64,
    /// Effects that failed.
    pub failed: u64,
    /// Effects that were not tried.
    pub denied: u64,
}

impl Effects {
    /// Counts by kind. `unknown` has actions of other releases, and outcomes without an intent.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static str, EffectCounts)> + '_ {
        self.kinds.iter().map(|(kind, counts)| (*kind, *counts))
    }

    pub(super) fn intent(&mut self, effect: u64, action: &[u8]) {
        let kind = Action::decode(action).map_or(UNKNOWN, |action| action.kind());
        self.kinds.entry(kind).or_default().begun += 1;
        if self.open.len() < OPEN_MAX {
            self.open.insert(effect, kind);
        }
    }

    pub(super) fn outcome(&mut self, effect: u64, result: EffectResult) {
        let kind = self.open.remove(&effect).unwrap_or(UNKNOWN);
        let counts = self.kinds.entry(kind).or_default();
        match result {
            EffectResult::Done => counts.done += 1,
            EffectResult::Failed => counts.failed += 1,
            EffectResult::Denied => counts.denied += 1,
        }
    }
}

impl EffectCounts {
    /// Effects without an outcome: they may have happened.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.begun.saturating_sub(self.done).saturating_sub(self.failed).saturating_sub(self.denied)
    }
}
