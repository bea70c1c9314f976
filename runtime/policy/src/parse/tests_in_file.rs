//! `[[test]]`: what the operator expects of the policy, checked whenever it is loaded.

use super::report::Report;
use super::section::{Section, Text};
use crate::bounds::{TEST_WORK_MAX, TESTS_MAX};
use crate::decision::DecisionKind;
use crate::policy::Policy;

const KEYS: &[&str] = &["action", "expect"];

/// One expectation.
pub(super) struct Test<'d> {
    action: Text<'d>,
    expect: DecisionKind,
}

pub(super) fn read<'d>(root: &Section<'d>, report: &mut Report<'_>) -> Vec<Test<'d>> {
    let mut tests = Vec::new();
    for section in root.tables("test", KEYS, TESTS_MAX, report) {
        let action = section.required_text("action", report);
        let expect = section.required_text("expect", report).and_then(|text| read_expect(&text, report));
        if let (Some(action), Some(expect)) = (action, expect) {
            tests.push(Test { action, expect });
        }
    }
    tests
}

fn read_expect(text: &Text<'_>, report: &mut Report<'_>) -> Option<DecisionKind> {
    let expect = [DecisionKind::Allow, DecisionKind::Ask, DecisionKind::Deny]
        .into_iter()
        .find(|kind| kind.as_str() == text.value);
    if expect.is_none() {
        let message = format!("`expect` must be `allow`, `ask` or `deny`, found `{}`", text.value);
        report.error(&text.span, message);
    }
    expect
}

/// Reports the tests that fail.
pub(super) fn run(policy: &Policy, tests: &[Test<'_>], report: &mut Report<'_>) {
    let mut work = 0u64;
    for test in tests {
        work = work.saturating_add(policy.work_of(test.action.value));
        if work > TEST_WORK_MAX {
            report
                .error(&test.action.span, "the tests up to here have to be compared with too many patterns")
                .hint("test fewer actions, or grant what they are about with fewer patterns");
            return;
        }
        match policy.explain(test.action.value) {
            Ok(explanation) if explanation.decision == test.expect => {}
            Ok(explanation) => {
                let by = match &explanation.grant_label {
                    Some(label) => format!(" by {label}"),
                    None => String::new(),
                };
                let message = format!(
                    "the test expects `{}`, the policy decides `{}`{by}: {}",
                    test.expect.as_str(),
                    explanation.decision.as_str(),
                    explanation.reason,
                );
                report.error(&test.action.span, message);
            }
            Err(error) => {
                report.error(&test.action.span, error.to_string());
            }
        }
    }
}
