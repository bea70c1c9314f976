//! `wasm-agent policy explain`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_host::policy::{DecisionKind, Explanation};

use super::load::load;
use super::own;
use crate::args::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::show::escape::block;
use crate::show::escape::escape_line;
use crate::show::style;

/// Explains what a policy decides about an action. Without an action, lists what is kept from every tool.
pub(super) fn explain(path: &Path, action: Option<&str>, report: &Report) -> Result<(), Failure> {
    let policy = load(path)?;
    let Some(action) = action else { return own::list(&policy, path, report) };
    let mut explanation =
        policy.explain(action).map_err(|error| Failure::new(Exit::NothingRan, crate::failure::chain(&error)))?;
    own::explain(&mut explanation, &own::in_grants(&policy, path)?);
    match report.format {
        Format::Text => report.data(|out| out.write_all(explained(&explanation).as_bytes())),
        Format::Json => report.object(&explained_json(&explanation)),
    }
}

fn explained(explanation: &Explanation) -> String {
    let style = match explanation.decision {
        DecisionKind::Allow => style::GOOD,
        DecisionKind::Ask => style::WARNING,
        DecisionKind::Deny => style::BAD,
    };
    let action = explanation.action.to_string();
    let decision = explanation.decision.as_str();
    let mut text = format!("{style}{decision}{style:#}: {}\n", escape_line(&action));
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
        let lead = if advice.contains('\n') { "to allow it, add\n" } else { "" };
        let _ = writeln!(text, "{hint}hint{hint:#}: {}", block(&format!("{lead}{advice}")));
    }
    text
}

fn explained_json(explanation: &Explanation) -> Value {
    json!({
        "event": "explanation",
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
