//! Which effect belongs to which call, and which effects are open.

use std::collections::HashMap;

use wasm_agent_journal::{Intent, Outcome};
use wasm_agent_policy::Action;

use super::activity::Effect;

/// Most effects kept at a time: those under way, and those that a crash left open. A run has a handful.
const EFFECTS_MAX: usize = 16_384;

/// Most bytes of their actions. A request with its headers takes a few hundred.
const ACTION_BYTES_MAX: usize = 16 << 20;

/// Effects that have not ended, and those that wait for the record of their call.
#[derive(Debug, Default)]
pub(super) struct Effects {
    kept: HashMap<u64, Effect>,
    /// The last effect of each call whose record has not come, by call.
    of_call: HashMap<u64, u64>,
    bytes: usize,
    /// Effects that were not kept, as there was no room.
    pub(super) lost: u64,
}

impl Effects {
    pub(super) fn begun(&mut self, intent: &Intent, calls: u64) -> Effect {
        let effect = Effect { intent: intent.clone(), action: Action::decode(&intent.action).ok(), result: None };
        if self.kept.len() >= EFFECTS_MAX || self.bytes.saturating_add(intent.action.len()) > ACTION_BYTES_MAX {
            self.lost = self.lost.saturating_add(1);
            return effect;
        }
        self.bytes = self.bytes.saturating_add(intent.action.len());
        if let Some(before) = self.kept.insert(intent.effect.0, effect.clone()) {
            self.bytes = self.bytes.saturating_sub(before.intent.action.len());
        }
        if intent.call.0 >= calls {
            self.of_call.insert(intent.call.0, intent.effect.0);
        }
        effect
    }

    /// Takes the outcome of an effect. If its call was read before, nothing more is kept of it.
    pub(super) fn ended(&mut self, outcome: &Outcome, calls: u64) -> Option<Effect> {
        let effect = self.kept.get_mut(&outcome.effect.0)?;
        effect.result = Some(outcome.result);
        let ended = effect.clone();
        // A call that tries again has several effects: only the last one counts.
        let awaited = ended.intent.call.0 >= calls && self.of_call.get(&ended.intent.call.0) == Some(&outcome.effect.0);
        if !awaited {
            self.forget(outcome.effect.0);
        }
        Some(ended)
    }

    /// The effect of a call whose record was just read.
    pub(super) fn of_call(&mut self, call: u64) -> Option<Effect> {
        let number = self.of_call.remove(&call)?;
        let effect = self.kept.get(&number)?.clone();
        if effect.result.is_some() {
            self.forget(number);
        }
        Some(effect)
    }

    /// Effects without an outcome, ordered by number.
    pub(super) fn open(&self) -> Vec<&Effect> {
        let mut open: Vec<&Effect> = self.kept.values().filter(|effect| effect.result.is_none()).collect();
        open.sort_by_key(|effect| effect.intent.effect);
        open
    }

    fn forget(&mut self, number: u64) {
        if let Some(effect) = self.kept.remove(&number) {
            self.bytes = self.bytes.saturating_sub(effect.intent.action.len());
        }
    }
}
