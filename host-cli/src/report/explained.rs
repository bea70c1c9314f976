//! An explanation of a decision, as `policy explain` and the report of a run show it.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Value, json};
use wasm_agent_host::policy::{DecisionKind, Explanation};

use crate::show::escape::{block, escape_line};
use crate::show::style;

/// Longest action that is shown, in characters: more than a URL needs. The target of a link has no limit of its own.
const ACTION_CHARS_MAX: usize = 2000;

/// The explanation in a few lines.
pub(crate) fn explained(explanation: &Explanation) -> String {
    let style = match explanation.decision {
        DecisionKind::Allow => style::GOOD,
        DecisionKind::Ask => style::WARNING,
        DecisionKind::Deny => style::BAD,
    };
    let (action, decision) = (explanation.action.to_string(), explanation.decision.as_str());
    let mut text = format!("{style}{decision}{style:#}: {}\n", clipped(&escape_line(&action)));
    // Writing to a string can't fail.
    if let Some(matched) = &explanation.canonicalised {
        let _ = writeln!(text, "matched as: {}", escape_line(matched));
    }
    let _ = writeln!(text, "why: {}", escape_line(&explanation.reason));
    if let Some(grant) = &explanation.grant_label {
        let _ = writeln!(text, "by: {}", escape_line(grant));
    }
    if let Some(advice) = &explanation.hint {
        let hint = style::HINT;
        // A grant to copy begins on its own line.
        let lead = if has_grant(explanation) { "to allow it, add\n" } else { "" };
        let _ = writeln!(text, "{hint}hint{hint:#}: {}", block(&format!("{lead}{advice}")));
    }
    text
}

/// Whether the hint is a grant to copy, which has several lines.
pub(super) fn has_grant(explanation: &Explanation) -> bool {
    explanation.hint.as_deref().is_some_and(|hint| hint.contains('\n'))
}

/// The explanation for programs.
pub(crate) fn explained_json(explanation: &Explanation) -> Value {
    json!({
        "action": explanation.action.to_string(),
        "kind": explanation.action.kind(),
        "decision": explanation.decision.as_str(),
        "grant": explanation.grant_label,
        "line": explanation.line,
        "matched_as": explanation.canonicalised,
        "reason": explanation.reason,
        "denial": explanation.denial.map(|denial| denial.reason.as_str()),
        "hint": explanation.hint,
    })
}

fn clipped(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(ACTION_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_agent_host::policy::Policy;

    const POLICY: &str = "version = 1\n[[filesystem]]\nhost = \".\"\nguest = \"/notes\"\naccess = \"write\"\n";

    fn explained_plain(action: &str) -> String {
        let policy = Policy::parse(POLICY).unwrap();
        anstream::adapter::strip_str(&explained(&policy.explain(action).unwrap())).to_string()
    }

    #[test]
    fn an_explanation_names_the_grant_and_what_was_matched() {
        let text = explained_plain("DELETE /notes/x/../a.md");
        assert!(text.starts_with("ask: file.delete /notes/a.md\nmatched as: /notes/a.md\n"), "{text}");
        assert!(text.contains("by: filesystem grant `/notes` (line 2)\n"), "{text}");
    }

    #[test]
    fn a_denial_comes_with_a_grant_to_paste() {
        let text = explained_plain("READ /etc/passwd");
        assert!(
            text.starts_with(
                "deny: file.read /etc/passwd\nwhy: no grant covers it\nhint: to allow it, add\n  [[filesystem]]\n"
            ),
            "{text}"
        );
    }
}
