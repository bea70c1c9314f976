//! `wasm-agent policy judge`.

mod text;
mod total;

use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_audit::judge::{Change, Judge, LimitChange, Side};
use wasm_agent_host::journal::Event;
use wasm_agent_host::policy::Policy;

use super::journals;
use super::load::load;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use total::{Case, Total, answer};

/// Applies a policy to recorded runs, and shows which decisions change.
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

/// One object for each change, and for everything else about the journal.
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
