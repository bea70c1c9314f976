//! Whose data a decision is about, as far as its record says.

use wasm_agent_policy::{Action, DecisionKind, Origin, Policy};

/// Infers the origin.
///
/// An intent says whether its effect can be undone, which may depend on the origin. Otherwise the run's policy may give
/// the recorded decision for one origin only. If neither settles it, the result is `guess`.
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

/// The origin for which it holds, if it holds for exactly one.
fn only(both: [Origin; 2], holds: impl Fn(Origin) -> bool) -> Option<Origin> {
    match both.map(|origin| (origin, holds(origin))) {
        [(origin, true), (_, false)] | [(_, false), (origin, true)] => Some(origin),
        _ => None,
    }
}
