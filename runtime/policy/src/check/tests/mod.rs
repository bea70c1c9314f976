//! Decisions, refused cases first.

mod file;
mod http;
mod links;
mod model;
mod only;
mod properties;
mod readings;

use wasm_agent_ids::{CallId, RunId};

use crate::{Act, Action, Asker, Decision, GrantId, Origin, Policy};

/// Parses a policy without its first line.
fn policy(text: &str) -> Policy {
    Policy::parse(&format!("version = 1\n{text}")).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The decision in short: `allow 2`, `ask 2` or `deny no-grant`, with the line of the grant where there is one.
fn decide(policy: &Policy, action: &str) -> String {
    let explanation = policy.explain(action).unwrap_or_else(|error| panic!("{action}: {error}"));
    let decision = check(policy, &explanation.action, Origin::Foreign);
    assert_eq!(decision.kind(), explanation.decision, "{action}");
    assert_eq!(grant(&decision), explanation.grant, "{action}");
    short(policy, &decision)
}

const ASKER: Asker = Asker { run: RunId::from_bytes([7; 16]), call: CallId(3) };

fn check(policy: &Policy, action: &Action, origin: Origin) -> Decision<()> {
    policy.check(Act::any(action.clone()), origin, ASKER)
}

fn grant(decision: &Decision<()>) -> Option<GrantId> {
    match decision {
        Decision::Allow(allowed) => Some(allowed.grant()),
        Decision::Ask(pending) => Some(pending.grant()),
        Decision::Deny(denied) => denied.denial.grant,
    }
}

fn short(policy: &Policy, decision: &Decision<()>) -> String {
    let line =
        grant(decision).and_then(|grant| policy.grant_line(grant)).map_or(String::new(), |line| format!(" {line}"));
    match decision {
        Decision::Allow(_) => format!("allow{line}"),
        Decision::Ask(_) => format!("ask{line}"),
        Decision::Deny(denied) => format!("deny {}{line}", denied.denial.reason.as_str()),
    }
}

#[test]
fn a_policy_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&Policy::deny_all());
}

fn assert_decisions(policy: &Policy, expected: &[(&str, &str)]) {
    for (action, decision) in expected {
        assert_eq!(decide(policy, action), *decision, "{action}");
    }
}
