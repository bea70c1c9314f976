//! `wasm-agent policy judge`.

mod text;

use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_audit::judge::{Answers, Change, Counts, Judge, Judged, LimitChange, Side};
use wasm_agent_host::journal::{Answer, Event};
use wasm_agent_host::policy::{DecisionKind, Policy};

use super::{journals, load};
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;

/// What came of judging all journals.
#[derive(Default)]
pub(super) struct Total {
    journals: u64,
    /// Journals with a change.
    changed: u64,
    counts: Counts,
    limits: u64,
    other_tools: u64,
    unknown: u64,
    more: u64,
}

/// One journal, judged.
struct Case<'a> {
    path: &'a Path,
    tool: String,
    sha256: String,
    judged: Judged,
    /// Whether the end of the run was read.
    complete: bool,
}

/// Applies a policy to what runs did, and says what it decides otherwise.
pub(super) fn judge(arguments: &args::Judge, report: &Report) -> Result<Exit, Failure> {
    let policy = load(&arguments.policy)?;
    let paths = journals::find(&arguments.journals)?;
    let mut total = Total::default();
    let mut worst: Option<Exit> = None;
    for path in &paths {
        match judge_one(path, &policy) {
            Ok(case) => {
                total.add(&case.judged);
                show(&case, report)?;
            }
            Err(failure) => {
                report.failure(&failure);
                if worst != Some(Exit::Unverified) {
                    worst = Some(failure.exit);
                }
            }
        }
    }
    let exit = match worst {
        Some(exit) if exit == Exit::Unverified || total.journals == 0 => exit,
        _ if total.changed > 0 => Exit::Diverged,
        Some(exit) => exit,
        None => Exit::Finished,
    };
    if total.journals > 0 {
        match report.format {
            Format::Text => report.data(|out| text::total(out, &total))?,
            Format::Json => report.object(&total.json(exit))?,
        }
    }
    Ok(exit)
}

/// Judges one run.
fn judge_one<'a>(path: &'a Path, policy: &Policy) -> Result<Case<'a>, Failure> {
    let broken = |error| Failure::journal(path, &error);
    let mut reader = journals::open(path)?;
    let mut judge = Judge::new(policy, reader.header());
    while let Some(record) = reader.next().map_err(broken)? {
        judge.record(&record);
        if let Event::Call(call) = record.event {
            reader.reuse(call);
        }
    }
    let header = reader.header();
    Ok(Case {
        path,
        tool: header.component_name.clone(),
        sha256: header.component_sha256.to_string(),
        complete: reader.is_complete(),
        judged: judge.finish(),
    })
}

fn show(case: &Case<'_>, report: &Report) -> Result<(), Failure> {
    match report.format {
        Format::Text => report.data(|out| text::case(out, case)),
        Format::Json => {
            for object in objects(case) {
                report.object(&object)?;
            }
            Ok(())
        }
    }
}

impl Total {
    fn add(&mut self, judged: &Judged) {
        self.journals += 1;
        self.changed += u64::from(judged.has_changes());
        self.counts.merge(&judged.counts);
        self.limits += u64::try_from(judged.limits.len()).unwrap_or(u64::MAX);
        self.other_tools += u64::from(judged.other_tool);
        self.unknown = self.unknown.saturating_add(judged.unknown);
        self.more = self.more.saturating_add(judged.more);
    }

    fn json(&self, exit: Exit) -> Value {
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

/// One object a change, and one for what else there is to say of the journal.
fn objects(case: &Case<'_>) -> Vec<Value> {
    let journal = case.path.display().to_string();
    let mut objects = Vec::new();
    if case.judged.other_tool {
        objects.push(json!({ "event": "other-tool", "journal": journal, "tool": case.tool, "sha256": case.sha256 }));
    } else {
        objects.extend(case.judged.changes.iter().map(|change| change_json(&journal, change)));
    }
    objects.extend(case.judged.limits.iter().map(|limit| limit_json(&journal, limit)));
    objects.extend(case.judged.moved.iter().map(|(guest, was, now)| {
        json!({ "event": "other-directory", "journal": journal, "guest": guest, "was": was, "now": now })
    }));
    if !case.complete {
        objects.push(json!({ "event": "incomplete", "journal": journal }));
    }
    objects
}

fn change_json(journal: &str, change: &Change) -> Value {
    json!({
        "event": "change",
        "journal": journal,
        "call": change.call,
        "count": change.count,
        "action": change.action,
        "was": side_json(&change.was),
        "answer": change.answer.map(answer),
        "now": side_json(&change.now),
    })
}

fn side_json(side: &Side) -> Value {
    json!({
        "decision": side.decision.as_str(),
        "grant": side.grant,
        "line": side.line,
        "reason": side.reason,
        "secrets": side.secrets,
    })
}

fn limit_json(journal: &str, limit: &LimitChange) -> Value {
    json!({
        "event": "limit-change",
        "journal": journal,
        "limit": limit.name,
        "unit": limit.unit,
        "was": limit.was,
        "now": limit.now,
        "used": limit.used,
        "stopped": limit.stopped,
    })
}

/// The word for an answer.
fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Approved => "approved",
        Answer::Refused => "refused",
        Answer::Stopped => "stopped",
        Answer::TimedOut => "timed-out",
        Answer::Broken => "broken",
    }
}
