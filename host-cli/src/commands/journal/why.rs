//! `wasm-agent journal why`.

use std::io::{self, Write};
use std::path::Path;

use anstyle::Style;
use serde_json::{Value, json};
use wasm_agent_audit::why::{Chain, ChainBuilder, NameHistory, Source, Step, StepResult, Target};
use wasm_agent_host::journal::{ApprovalRecord, DecisionRecord, Header, Verdict};

use super::shared::write_incomplete;
use crate::args::Format;
use crate::commands::progress::{Prints, open_journal};
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::report::Report;
use crate::show::escape::escape_line;
use crate::show::json::json_line;
use crate::show::style;
use crate::show::units::{bytes, count, hex, shell_word, since_start};
use crate::timeline;

/// Most sources of a step that are shown as text. `--format json` has more.
const SOURCES_SHOWN: usize = 8;

/// Shows what led to the effects on a target.
pub(super) fn why(path: &Path, target: &str, report: &Report) -> Result<Exit, Failure> {
    let target = Target::parse(target).map_err(|error| {
        Failure::new(Exit::NothingRan, format!("`{target}` is neither a guest path nor a URL: {}", chain(&error)))
            .hint("a path is as the tool names it, such as `/notes/a.md`; a URL begins with `https://` or `http://`")
    })?;
    let mut names = NameHistory::new(target);
    read(path, |record| names.record(record))?;
    let mut why = ChainBuilder::new(names.finish());
    let (header, complete) = read(path, |record| why.record(record))?;
    let chain = why.finish();
    match report.format {
        Format::Text => report.data(|out| text(out, path, &header, &chain, complete))?,
        Format::Json => report.data(|out| objects(out, &chain, complete))?,
    }
    Ok(Exit::Finished)
}

/// Reads a journal to its end. Returns its header, and whether it is complete.
fn read(path: &Path, mut each: impl FnMut(&wasm_agent_host::journal::Record)) -> Result<(Header, bool), Failure> {
    let mut reader = open_journal(path, Prints::AtTheEnd)?;
    while let Some(record) = reader.next().map_err(|error| Failure::journal(path, &error))? {
        each(&record);
    }
    Ok((reader.header().clone(), reader.is_complete()))
}

fn text(out: &mut dyn Write, path: &Path, header: &Header, chain: &Chain, complete: bool) -> io::Result<()> {
    let (strong, faint, warning, hint) = (style::STRONG, style::FAINT, style::WARNING, style::HINT);
    let target = escape_line(chain.target.as_str());
    let arguments: Vec<String> = header.arguments.iter().map(|argument| shell_word(Path::new(argument))).collect();
    writeln!(out, "{strong}{target}{strong:#}")?;
    writeln!(out, "{faint}in a run of{faint:#} {}", escape_line(&arguments.join(" ")))?;
    for name in &chain.earlier {
        let earlier = escape_line(name.path.as_str());
        writeln!(out, "{faint}known before as{faint:#} {earlier}, up to call {}", name.until)?;
    }
    let mut last = None;
    for step in &chain.steps {
        writeln!(out)?;
        step_text(out, step, last != step.reason.as_ref().map(|reason| reason.call))?;
        last = step.reason.as_ref().map(|reason| reason.call);
    }
    if chain.more_steps > 0 {
        writeln!(out, "\n{warning}cut{warning:#}: {} after these", count(chain.more_steps, "more effect"))?;
    }
    match (&chain.read, chain.steps.is_empty()) {
        (Some(read), true) => writeln!(out, "\nit was only read: {}", source(read))?,
        (None, true) => {
            writeln!(out, "\nnothing in this journal touched `{target}`")?;
            for near in &chain.similar {
                let command = format!("wasm-agent journal why {} {}", shell_word(path), shell_word(Path::new(near)));
                writeln!(out, "{hint}hint{hint:#}: `{}`", escape_line(&command))?;
            }
        }
        (_, false) => {}
    }
    if chain.lost > 0 {
        writeln!(out, "\n{warning}cut{warning:#}: {} not followed, as there are too many", count(chain.lost, "name"))?;
    }
    if !complete {
        write_incomplete(out)?;
    }
    Ok(())
}

/// One effect, below what led to it.
fn step_text(out: &mut dyn Write, step: &Step, reason_is_new: bool) -> io::Result<()> {
    let faint = style::FAINT;
    let mut line = |mark: &str, style: Style, word: &str, text: &str| {
        writeln!(out, "{faint}{mark}{faint:#} {style}{word:<9}{style:#} {text}")
    };
    if let Some(reason) = &step.reason {
        let again = if reason_is_new { String::new() } else { ", as before".to_owned() };
        let text = format!("{} (call {}{again})", escape_line(&reason.text), reason.call);
        line("┌─", style::STRONG, "declared", &text)?;
    } else {
        line("┌─", style::FAINT, "declared", "no reason")?;
    }
    for read in step.read.iter().take(SOURCES_SHOWN) {
        line("├─", Style::new(), "read", &source(read))?;
    }
    let more = u64::try_from(step.read.len().saturating_sub(SOURCES_SHOWN)).unwrap_or(u64::MAX);
    let more = more.saturating_add(step.more_read);
    if more > 0 {
        line("├─", style::FAINT, "read", &format!("{more} more before these"))?;
    }
    if let Some(decision) = &step.decision {
        let (style, word) = match decision.verdict {
            Verdict::Allow => (style::GOOD, "allowed"),
            Verdict::Ask => (style::WARNING, "asked"),
            Verdict::Deny => (style::BAD, "denied"),
        };
        let text = match decision.verdict {
            Verdict::Deny => timeline::denial_text(decision),
            Verdict::Allow => format!("by {}", escape_line(decision.grant.as_deref().unwrap_or("the policy"))),
            Verdict::Ask => timeline::permission_text(decision, step.approval.as_ref()),
        };
        line("├─", style, word, &text)?;
    } else if let Some(approval) = &step.approval {
        line("├─", style::BAD, "asked", &timeline::approval_text(approval))?;
    }
    let wrote = step.wrote.map(|wrote| {
        let (first, last) = wrote.calls;
        let calls = if first == last { format!("call {first}") } else { format!("call {first} to call {last}") };
        format!("{} ({calls})", bytes(wrote.bytes))
    });
    let (style, word) = result(step.result);
    let mark = if wrote.is_some() { "├─" } else { "└─" };
    line(mark, style, word, &outcome(step))?;
    if let Some(wrote) = wrote {
        line("└─", Style::new(), "wrote", &wrote)?;
    }
    Ok(())
}

fn result(result: StepResult) -> (Style, &'static str) {
    let style = match result {
        StepResult::Done => style::GOOD,
        StepResult::Failed | StepResult::Begun | StepResult::Unanswered => style::WARNING,
        StepResult::Denied | StepResult::Refused => style::BAD,
    };
    (style, result.name())
}

fn outcome(step: &Step) -> String {
    let mut text = timeline::action_text(&step.action.canonical_bytes());
    let mut facts = vec![format!("call {}", step.call), format!("{} s", since_start(step.at_ns))];
    if let Some(before) = step.before {
        facts.push(format!("{} before", bytes(before.length)));
    }
    if let Some(status) = step.status {
        facts.push(format!("status {status}"));
    }
    if step.result == StepResult::Begun {
        facts.push("may have happened".to_owned());
    }
    if let Some(detail) = &step.detail {
        facts.push(escape_line(detail).into_owned());
    }
    text.push_str(&format!(" ({})", facts.join(", ")));
    text
}

fn source(source: &Source) -> String {
    let (first, last) = source.calls;
    let calls = if first == last { format!("call {first}") } else { format!("call {first} to call {last}") };
    format!("{}, {} ({calls})", escape_line(&source.name.to_string()), bytes(source.bytes))
}

/// One effect per line, and a summary.
fn objects(out: &mut dyn Write, chain: &Chain, complete: bool) -> io::Result<()> {
    for step in &chain.steps {
        writeln!(out, "{}", json_line(&step_json(step)))?;
    }
    let earlier: Vec<Value> =
        chain.earlier.iter().map(|name| json!({ "path": name.path.as_str(), "until_call": name.until })).collect();
    let summary = json!({
        "event": "summary",
        "target": chain.target.as_str(),
        "touched": !chain.steps.is_empty() || chain.read.is_some(),
        "earlier_names": earlier,
        "read": chain.read.as_ref().map(source_json),
        "more_effects": chain.more_steps,
        "near": chain.similar,
        "lost": chain.lost,
        "incomplete": !complete,
    });
    writeln!(out, "{}", json_line(&summary))
}

fn step_json(step: &Step) -> Value {
    json!({
        "event": "effect",
        "effect": step.effect,
        "call": step.call,
        "at_ns": step.at_ns,
        "action": step.action.to_string(),
        "kind": step.action.kind(),
        "earlier_name": step.earlier_name.as_ref().map(|path| path.as_str()),
        "result": step.result.name(),
        "detail": step.detail,
        "status": step.status,
        "decision": step.decision.as_ref().map(decision_json),
        "approval": step.approval.as_ref().map(approval_json),
        "before": step.before.map(|before| {
            json!({ "length": before.length, "blake3": before.blake3.map(|digest| hex(&digest)) })
        }),
        "declared": step.reason.as_ref().map(|reason| json!({ "why": &*reason.text, "call": reason.call })),
        "read": step.read.iter().map(source_json).collect::<Vec<_>>(),
        "more_read": step.more_read,
        "wrote": step.wrote.map(|wrote| {
            json!({ "bytes": wrote.bytes, "calls": [wrote.calls.0, wrote.calls.1] })
        }),
    })
}

fn decision_json(decision: &DecisionRecord) -> Value {
    let (grant, reason) = (decision.grant.as_deref(), decision.reason.as_deref());
    json!({ "verdict": decision.verdict.name(), "grant": grant, "reason": reason })
}

fn approval_json(approval: &ApprovalRecord) -> Value {
    json!({
        "answer": approval.answer.name(),
        "approver": approval.approver,
        "reason": approval.reason,
        "waited_ns": approval.waited_ns,
        "remember": approval.remember.name(),
    })
}

fn source_json(source: &Source) -> Value {
    json!({ "name": source.name.to_string(), "bytes": source.bytes, "calls": [source.calls.0, source.calls.1] })
}
