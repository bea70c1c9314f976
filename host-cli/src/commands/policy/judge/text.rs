//! The results of judging, for people.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::Style;
use wasm_agent_audit::judge::{Answers, Change, LimitChange, Side};
use wasm_agent_host::policy::DecisionKind;

use super::total::{Case, Total, answer};
use crate::show::escape::escape_line;
use crate::show::style;
use crate::show::units::{bytes, count, duration};

const KINDS: [DecisionKind; 3] = [DecisionKind::Allow, DecisionKind::Ask, DecisionKind::Deny];

/// Writes what changes in a run. Writes nothing if nothing changes.
pub(super) fn case(out: &mut dyn Write, case: &Case<'_>) -> io::Result<()> {
    let judged = &case.judged;
    let (strong, warning, bad) = (style::STRONG, style::WARNING, style::BAD);
    let path = escape_line(&case.path.display().to_string()).into_owned();
    let decisions = judged.counts.decisions();
    if judged.has_changes() || !judged.moved.is_empty() || !case.complete || judged.unknown > 0 {
        let (changed, verb) = (judged.counts.changed, if judged.counts.changed == 1 { "changes" } else { "change" });
        writeln!(out, "{strong}{path}{strong:#}: {changed} of {} {verb}", count(decisions, "decision"))?;
    }
    if judged.other_tool {
        let tool = escape_line(&case.tool).into_owned();
        writeln!(
            out,
            "  {bad}nothing would run{bad:#}: the policy is for another tool than `{tool}`, {}",
            case.sha256
        )?;
    } else if !judged.changes.is_empty() {
        rows(out, &judged.changes)?;
    }
    if judged.more > 0 {
        writeln!(out, "  {warning}not listed{warning:#}: {}", count(judged.more, "more change"))?;
    }
    for limit in &judged.limits {
        writeln!(out, "  {bad}limit{bad:#}: {}", limit_line(limit))?;
    }
    for (guest, was, now) in &judged.moved {
        let [guest, was, now] = [guest, was, now].map(|text| escape_line(text).into_owned());
        writeln!(out, "  {warning}other directory{warning:#}: `{guest}` was `{was}` on the host and is `{now}`")?;
    }
    if judged.unknown > 0 {
        let unknown = count(judged.unknown, "decision");
        writeln!(
            out,
            "  {warning}not judged{warning:#}: {unknown} without an action in the journal, \
             such as a request that the limit `http-requests-total` turned away"
        )?;
    }
    if !case.complete {
        writeln!(out, "  {warning}incomplete{warning:#}: the journal lacks the end of its run")?;
    }
    Ok(())
}

fn rows(out: &mut dyn Write, changes: &[Change]) -> io::Result<()> {
    let faint = style::FAINT;
    writeln!(out, "{faint}{:>8}  {:5}  {:5}  ACTION{faint:#}", "CALL", "WAS", "NOW")?;
    for change in changes {
        let (was, now) = (style_of(change.was.decision), style_of(change.now.decision));
        let times = if change.count > 1 { format!(" ({} times)", change.count) } else { String::new() };
        writeln!(
            out,
            "{:>8}  {was}{:5}{was:#}  {now}{:5}{now:#}  {}{times}",
            change.call,
            change.was.decision.as_str(),
            change.now.decision.as_str(),
            escape_line(&change.action),
        )?;
        let answered = change.answer.map(|given| format!("; {}", answer(given))).unwrap_or_default();
        writeln!(out, "{:24}{faint}was:{faint:#} {}{answered}", "", why(&change.was))?;
        writeln!(out, "{:24}{faint}now:{faint:#} {}", "", why(&change.now))?;
    }
    Ok(())
}

/// The reason of a decision.
fn why(side: &Side) -> String {
    let secrets = side.secrets.as_ref().map(|names| match names.as_slice() {
        [] => "without a secret".to_owned(),
        names => format!("with {}", names.join(", ")),
    });
    let reason = Some(side.reason.clone()).filter(|reason| !reason.is_empty());
    let parts: Vec<String> = [secrets, reason, side.grant.clone()].into_iter().flatten().collect();
    escape_line(&parts.join("; ")).into_owned()
}

fn style_of(decision: DecisionKind) -> Style {
    match decision {
        DecisionKind::Allow => style::GOOD,
        DecisionKind::Ask => style::WARNING,
        DecisionKind::Deny => style::BAD,
    }
}

fn limit_line(limit: &LimitChange) -> String {
    let amount = |number: u64| match limit.unit {
        "bytes" => bytes(number),
        "ns" => duration(Duration::from_nanos(number)),
        _ => number.to_string(),
    };
    let or_none = |number: Option<u64>| number.map_or_else(|| "none".to_owned(), amount);
    let (name, was, now) = (limit.name, or_none(limit.was), or_none(limit.now));
    if limit.stopped {
        return format!("`{name}` ended the run at {was}; with {now} it continues, and the journal does not say how");
    }
    format!("`{name}` would have ended the run: it used {}, and the limit was {was} and is {now}", or_none(limit.used))
}

/// Writes the result of all runs.
pub(super) fn total(out: &mut dyn Write, total: &Total) -> io::Result<()> {
    let (good, bad, faint) = (style::GOOD, style::BAD, style::FAINT);
    let judged = format!("{} of {}", count(total.counts.decisions(), "decision"), count(total.journals, "run"));
    if total.changed == 0 {
        writeln!(out, "{good}same{good:#}: {judged}")?;
    } else {
        let runs = count(total.changed, "run");
        writeln!(out, "{bad}changes{bad:#}: {} of {judged}, in {runs}", total.counts.changed)?;
    }
    writeln!(out, "{faint}{:8}  {:>9}{:>9}{:>9}{faint:#}", "WAS", "NOW allow", "ask", "deny")?;
    for was in KINDS {
        write!(out, "{:8}  ", was.as_str())?;
        for now in KINDS {
            let number = total.counts.of(was, now);
            let style = if number == 0 || was == now { style::FAINT } else { style_of(now) };
            write!(out, "{style}{number:>9}{style:#}")?;
        }
        writeln!(out)?;
    }
    let counts = &total.counts;
    let asks = counts.now(DecisionKind::Ask);
    if asks > 0 {
        let again = &counts.asked_again;
        let known = if again.count() > 0 { format!(" ({})", answers(again)) } else { String::new() };
        writeln!(out, "asks: {asks}; of these {} asked then{known}, {} not", again.count(), counts.newly_asked)?;
    }
    let unasked = &counts.no_longer_asked;
    if unasked.count() > 0 {
        writeln!(out, "no longer asks: {} ({})", unasked.count(), answers(unasked))?;
    }
    Ok(())
}

fn answers(answers: &Answers) -> String {
    let all = [(answers.approved, "approved"), (answers.refused, "refused"), (answers.open, "unanswered")];
    let some = all.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}"));
    some.collect::<Vec<_>>().join(", ")
}
