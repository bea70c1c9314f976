//! Whose data a decision was about, as far as its record tells.

use wasm_agent_policy::{Action, DecisionKind, Origin, Policy};

/// Finds the origin.
///
/// Where it matters for whether an effect can be undone the intent says which it was. Elsewhere the decision tells, if under
/// the policy of the run the one origin gives it and the other does not. What remains is `guess`.
pub(super) fn of(
    action: &Action,
    irreversible: Option<bool>,
    decision: DecisionKind,
    policy: Option<&Policy>,
    guess: Origin,
) -> Origin {
    const BOTH: [Origin; 2] = [Origin::Foreign, Origin::CreatedByRun];
    let by_intent =
        irreversible.and_then(|irreversible| only(BOTH, |origin| action.reversible(origin) != irreversible));
    let by_decision =
        || policy.and_then(|policy| only(BOTH, |origin| policy.judge(action, origin).decision == decision));
    by_intent.or_else(by_decision).unwrap_or(guess)
}

/// The one of both for which it holds, where it holds for one.
fn only(both: [Origin; 2], holds: impl Fn(Origin) -> bool) -> Option<Origin> {
    match both.map(|origin| (origin, holds(origin))) {
        [(origin, true), (_, false)] | [(_, false), (origin, true)] => Some(origin),
        _ => None,
    }
}
