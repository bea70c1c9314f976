//! The gate itself: [`Gate::effect`] is the only way to touch the world.

use std::sync::atomic::Ordering;

use wasm_agent_approval::{AnswerStatus, Detail, Permit};
use wasm_agent_ids::EffectId;
use wasm_agent_journal::{ApprovalRecord, Before, DecisionRecord, EffectResult, Intent, OutcomeEvent};
use wasm_agent_policy::{Act, Action, Asker, Decision, Origin, Pending};

use super::Gate;
use super::ledger::Extra;

/// An action on the world: how it is shown, recorded and performed. What it does is an [`Act`] of its kind.
pub(crate) trait Effect: Send {
    type Kind: Send;
    type Done: Send;
    type Failed: Send;

    /// Whether it only reads. If the policy allows it, it is then recorded with its call alone.
    const LOOKS: bool = false;

    /// Adds details of this effect to the record of the decision.
    fn annotate(&self, _action: &Action, decision: DecisionRecord) -> DecisionRecord {
        decision
    }

    /// Completes the question before anybody is asked, for instance with a body that is to be shown.
    fn complete(
        &mut self,
        pending: Pending<Self::Kind>,
    ) -> impl Future<Output = Result<Pending<Self::Kind>, Self::Failed>> + Send {
        std::future::ready(Ok(pending))
    }

    /// What an approver is shown.
    fn detail(&self, action: &Action) -> Detail;

    /// The state that the effect destroys. Called as late as possible, and only if the effect can't be undone.
    fn before(&self) -> Option<Before> {
        None
    }

    /// Performs it. Only [`Gate::effect`] calls this.
    fn perform(self, permit: Permit<Self::Kind>) -> impl Future<Output = Result<Self::Done, Self::Failed>> + Send;

    /// How it ended, for the record.
    fn outcome(result: &Result<Self::Done, Self::Failed>) -> (EffectResult, Extra);
}

/// Why an effect was not completed.
#[derive(Debug)]
pub(crate) enum NotDone<F> {
    /// The policy denies it.
    Denied,
    /// The approver said no, or nobody answered.
    Refused(AnswerStatus),
    /// The run is over: an approver stopped it, or the journal can't be written.
    Over(wasmtime::Error),
    /// It was permitted, and failed.
    Failed(F),
}

impl Gate {
    /// Check, ask, intent, perform, outcome: everything that touches the world goes through here, in this order.
    ///
    /// The permit is made for this action, run and call, and performing the effect uses it up. Nothing is performed
    /// before its intent is in the journal, as durably as the run's settings demand. If an effect is dropped after its
    /// intent is recorded, its outcome is recorded as "may have happened".
    ///
    /// `decided` gets the decision, for the record of the call. Nothing more happens until the future that it returns
    /// has completed.
    pub(crate) async fn effect<E: Effect, F: Future<Output = ()> + Send>(
        &self,
        asker: Asker,
        act: Act<E::Kind>,
        origin: Origin,
        mut effect: E,
        decided: impl FnOnce(DecisionRecord) -> F + Send,
    ) -> Result<E::Done, NotDone<E::Failed>> {
        let irreversible = !act.action().reversible(origin);

        // Check.
        let (decision, record) = self.check(act, origin, asker);
        let number = || EffectId(self.effects.fetch_add(1, Ordering::Relaxed));
        let (number, permit, approval) = match decision {
            Decision::Deny(_) => {
                decided(record).await;
                return Err(NotDone::Denied);
            }
            Decision::Allow(allowed) if E::LOOKS => {
                let permit = Permit::from(allowed);
                decided(effect.annotate(permit.action(), record)).await;
                return effect.perform(permit).await.map_err(NotDone::Failed);
            }
            Decision::Allow(allowed) => {
                let permit = Permit::from(allowed);
                decided(record.clone()).await;
                (number(), permit, None)
            }
            // Ask. Boxed: most effects need no answer, and their futures need not have room for a question.
            Decision::Ask(pending) => {
                decided(record.clone()).await;
                let (number, permit, approval) = Box::pin(self.asked(&number, &mut effect, pending, &record)).await?;
                (number, permit, Some(approval))
            }
        };

        // Intent.
        let before = if irreversible { effect.before() } else { None };
        let under_way = self.intent(number, asker, &permit, record, approval, irreversible, before)?;

        // Perform.
        let result = effect.perform(permit).await;

        // Outcome.
        let (ended, extra) = E::outcome(&result);
        under_way.end(ended, &extra).map_err(NotDone::Over)?;
        result.map_err(NotDone::Failed)
    }

    /// Completes a question, and holds it until it is answered.
    async fn asked<E: Effect>(
        &self,
        number: impl Fn() -> EffectId + Send,
        effect: &mut E,
        pending: Pending<E::Kind>,
        record: &DecisionRecord,
    ) -> Result<(EffectId, Permit<E::Kind>, ApprovalRecord), NotDone<E::Failed>> {
        let pending = effect.complete(pending).await.map_err(NotDone::Failed)?;
        let number = number();
        let (permit, approval) = match self.remembered(pending) {
            Ok(remembered) => remembered,
            Err(pending) => {
                let detail = effect.detail(pending.action());
                self.ask(number, pending, record, detail).await?
            }
        };
        Ok((number, permit, approval))
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one record, each of which has one source")]
    fn intent<K, F>(
        &self,
        number: EffectId,
        asker: Asker,
        permit: &Permit<K>,
        decision: DecisionRecord,
        approval: Option<ApprovalRecord>,
        irreversible: bool,
        before: Option<Before>,
    ) -> Result<UnderWay<'_>, NotDone<F>> {
        let action = permit.action().canonical_bytes();
        let action_digest = wasm_agent_policy::ActionDigest::of(&action);
        let intent = Intent {
            effect: number,
            call: asker.call,
            at_ns: self.session.now_ns(),
            action_digest: *action_digest.as_bytes(),
            action,
            decision,
            approval,
            irreversible,
            before,
        };
        self.ledger.intent(&intent).map_err(NotDone::Over)?;
        Ok(UnderWay { gate: self, number: Some(number) })
    }
}

/// An effect whose intent is recorded and whose outcome is not.
struct UnderWay<'a> {
    gate: &'a Gate,
    number: Option<EffectId>,
}

impl UnderWay<'_> {
    fn end(mut self, result: EffectResult, extra: &Extra) -> wasmtime::Result<()> {
        self.number.take().map_or(Ok(()), |number| self.record(number, result, extra))
    }

    fn record(&self, number: EffectId, result: EffectResult, extra: &Extra) -> wasmtime::Result<()> {
        self.gate.ledger.outcome(&OutcomeEvent {
            effect: number,
            at_ns: self.gate.session.now_ns(),
            result,
            detail: extra.detail.as_deref(),
            extra: extra.fields.as_ref(),
        })
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number.take() {
            let detail = Some("given up by the tool before the response; it may have happened".to_owned());
            // A journal that can't be written has ended the run already.
            drop(self.record(number, EffectResult::Failed, &Extra { detail, fields: None }));
        }
    }
}
