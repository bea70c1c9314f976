//! Decisions, refused cases first.

mod file;
mod http;
mod links;
mod model;
mod only;
mod properties;
mod readings;

use crate::{Decision, Origin, Policy};

/// Parses a policy without its first line.
fn policy(text: &str) -> Policy {
    Policy::parse(&format!("version = 1\n{text}")).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The decision in short: `allow 2`, `ask 2` or `deny no-grant`, with the line of the grant where there is one.
fn decide(policy: &Policy, action: &str) -> String {
    let explanation = policy.explain(action).unwrap_or_else(|error| panic!("{action}: {error}"));
    let decision = policy.check(&explanation.action, Origin::Foreign);
    assert_eq!(decision.kind(), explanation.decision, "{action}");
    assert_eq!(decision.grant(), explanation.grant, "{action}");
    short(policy, &decision)
}

fn short(policy: &Policy, decision: &Decision) -> String {
    let line =
        decision.grant().and_then(|grant| policy.grant_line(grant)).map_or(String::new(), |line| format!(" {line}"));
    match decision {
        Decision::Allow(_) => format!("allow{line}"),
        Decision::Ask { .. } => format!("ask{line}"),
        Decision::Deny(denial) => format!("deny {}{line}", denial.reason.as_str()),
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
