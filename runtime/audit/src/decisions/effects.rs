//! Decisions about effects, put together from question, answer, intent and outcome.

use std::sync::Arc;

use wasm_agent_journal::{Answer, ApprovalAsked, ApprovalSettled, Call, EffectResult, Intent, Outcome, Verdict};
use wasm_agent_policy::{DecisionKind, DenialReason};

use super::http::addresses;
use super::{DecisionOutcome, Decisions, OPEN_MAX, Open, RecordedDecision, is_request, leads_elsewhere};

/// Most effects of one call. Opening a file that changes meanwhile is tried three times.
const EFFECTS_OF_CALL_MAX: usize = 16;

impl Decisions {
    pub(super) fn asked(&mut self, asked: &ApprovalAsked, hand_over: &mut dyn FnMut(RecordedDecision)) {
        let mut decided = RecordedDecision::new(asked.call.0, Verdict::Ask);
        decided.action = self.action(&asked.action);
        self.place(&mut decided, None);
        self.begin(asked.effect.0, Open { decided, begun: false, ended: false }, hand_over);
    }

    pub(super) fn settled(&mut self, settled: &ApprovalSettled, hand_over: &mut dyn FnMut(RecordedDecision)) {
        let Some(open) = self.open.get_mut(&settled.effect.0).filter(|open| !open.begun) else { return };
        open.decided.answer = Some(settled.approval.answer);
        open.ended = settled.approval.answer != Answer::Approved;
        if open.ended && is_request(&open.decided) {
            self.end(settled.effect.0, hand_over);
        }
    }

    pub(super) fn intent(&mut self, intent: &Intent, hand_over: &mut dyn FnMut(RecordedDecision)) {
        let mut decided = RecordedDecision::new(intent.call.0, intent.decision.verdict);
        decided.action = self.action(&intent.action);
        decided.grant.clone_from(&intent.decision.grant);
        decided.answer = intent.approval.as_ref().map(|approval| approval.answer);
        decided.outcome = DecisionOutcome::Open;
        self.place(&mut decided, Some(intent.irreversible));
        self.begin(intent.effect.0, Open { decided, begun: true, ended: false }, hand_over);
    }

    fn begin(&mut self, effect: u64, open: Open, hand_over: &mut dyn FnMut(RecordedDecision)) {
        if is_request(&open.decided) {
            let has_come = open.decided.call < self.calls;
            self.requests.remove(&open.decided.call);
            if !has_come && self.early.len() < OPEN_MAX {
                self.early.insert(open.decided.call);
            }
        } else {
            self.note_effect(open.decided.call, effect);
        }
        if self.open.len() >= OPEN_MAX && !self.open.contains_key(&effect) {
            hand_over(open.decided);
            return;
        }
        self.open.insert(effect, open);
    }

    fn note_effect(&mut self, call: u64, effect: u64) {
        match &mut self.effect_call {
            Some((of, effects)) if *of == call => {
                if effects.len() < EFFECTS_OF_CALL_MAX && !effects.contains(&effect) {
                    effects.push(effect);
                }
            }
            other => *other = Some((call, vec![effect])),
        }
    }

    pub(super) fn outcome(&mut self, outcome: &Outcome, hand_over: &mut dyn FnMut(RecordedDecision)) {
        let Some(open) = self.open.get_mut(&outcome.effect.0) else { return };
        open.ended = true;
        open.decided.outcome = match outcome.result {
            EffectResult::Done => DecisionOutcome::Done,
            EffectResult::Failed => DecisionOutcome::Failed,
            EffectResult::Denied => DecisionOutcome::Nothing,
        };
        if let (EffectResult::Done, Some(action)) = (outcome.result, &open.decided.action) {
            self.created.done(action);
        }
        if !is_request(&open.decided) {
            return;
        }
        if let Some(extra) = &outcome.extra {
            addresses(extra, &mut open.decided);
        }
        if outcome.result == EffectResult::Denied && open.decided.reached.is_empty() && !open.decided.refused.is_empty()
        {
            open.decided.decision = DecisionKind::Deny;
            open.decided.reason = Some(Arc::from(DenialReason::Network.as_str()));
        }
        self.end(outcome.effect.0, hand_over);
    }

    /// Hands over an effect that is complete.
    fn end(&mut self, effect: u64, hand_over: &mut dyn FnMut(RecordedDecision)) {
        if let Some(open) = self.open.remove(&effect) {
            hand_over(open.decided);
        }
    }

    /// Hands over the effects of a call that has returned. Returns whether there were any.
    pub(super) fn end_of_call(&mut self, call: &Call, hand_over: &mut dyn FnMut(RecordedDecision)) -> bool {
        let Some((_, effects)) = self.effect_call.take_if(|(of, _)| *of == call.seq.0) else { return false };
        let spelled = self.view.spelled(call);
        for effect in effects {
            if !self.open.get(&effect).is_some_and(|open| open.ended) {
                continue;
            }
            let Some(Open { mut decided, .. }) = self.open.remove(&effect) else { continue };
            if let (None, Some(decision)) = (&decided.grant, &call.decision) {
                decided.grant.clone_from(&decision.grant);
            }
            decided.spelled = spelled.clone().filter(|spelled| leads_elsewhere(&decided, spelled, call));
            hand_over(decided);
        }
        true
    }
}
