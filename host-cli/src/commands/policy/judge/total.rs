//! The results of judging one run, and all runs.

use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_audit::judge::{Answers, Counts, Judged};
use wasm_agent_host::journal::Answer;
use wasm_agent_host::policy::DecisionKind;

use crate::exit::Exit;

/// The result of judging all journals.
#[derive(Default)]
pub(super) struct Total {
    pub(super) journals: u64,
    /// Journals with a change.
    pub(super) changed: u64,
    pub(super) counts: Counts,
    pub(super) limits: u64,
    pub(super) other_tools: u64,
    pub(super) unknown: u64,
    pub(super) more: u64,
}

/// One journal, judged.
pub(super) struct Case<'a> {
    pub(super) path: &'a Path,
    pub(super) tool: String,
    pub(super) sha256: String,
    pub(super) judged: Judged,
    /// The end of the run was read.
    pub(super) complete: bool,
}

impl Total {
    pub(super) fn add(&mut self, judged: &Judged) {
        self.journals += 1;
        self.changed += u64::from(judged.has_changes());
        self.counts.merge(&judged.counts);
        self.limits += u64::try_from(judged.limits.len()).unwrap_or(u64::MAX);
        self.other_tools += u64::from(judged.other_tool);
        self.unknown = self.unknown.saturating_add(judged.unknown);
        self.more = self.more.saturating_add(judged.more);
    }

    pub(super) fn json(&self, exit: Exit) -> Value {
        let kinds = [DecisionKind::Allow, DecisionKind::Ask, DecisionKind::Deny];
        let row = |was: DecisionKind| -> Value {
            kinds.iter().map(|now| (now.as_str().to_owned(), json!(self.counts.of(was, *now)))).collect()
        };
        let matrix: Value = kinds.iter().map(|was| (was.as_str().to_owned(), row(*was))).collect();
        json!({
            "event": "judged",
            "journals": self.journals,
            "journals_changed": self.changed,
            "decisions": self.counts.decisions(),
            "changed": self.counts.changed,
            "not_listed": self.more,
            "not_judged": self.unknown,
            "limits_changed": self.limits,
            "other_tools": self.other_tools,
            "was_now": matrix,
            "asks": {
                "newly": self.counts.newly_asked,
                "again": answers(&self.counts.asked_again),
                "no_longer": answers(&self.counts.no_longer_asked),
            },
            "exit": exit.code(),
        })
    }
}

fn answers(answers: &Answers) -> Value {
    json!({ "approved": answers.approved, "refused": answers.refused, "unanswered": answers.open })
}

/// The word for an answer.
pub(super) fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Approved => "approved",
        Answer::Refused => "refused",
        Answer::Stopped => "stopped",
        Answer::TimedOut => "timed-out",
        Answer::Broken => "broken",
    }
}
