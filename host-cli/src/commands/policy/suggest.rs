//! `wasm-agent policy suggest`.

use std::path::PathBuf;

use serde_json::json;
use wasm_agent_audit::judge::{Counts, Judge};
use wasm_agent_audit::suggest::{Paths, Suggest, SuggestError, Suggested};
use wasm_agent_host::policy::{DecisionKind, Policy};

use super::journals;
use crate::args::{self, Format};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::show::units::count;

/// Prints the smallest policy that allows what runs did, after a check that it does.
pub(super) fn suggest(arguments: &args::Suggest, report: &Report) -> Result<(), Failure> {
    let paths = journals::find(&arguments.journals)?;
    let suggested = learn(&paths, arguments)?;
    let counts = prove(&paths, &suggested)?;
    let asks = counts.now(DecisionKind::Ask);
    let widened = [DecisionKind::Allow, DecisionKind::Ask].map(|now| counts.of(DecisionKind::Deny, now));
    let widened = widened.into_iter().fold(0, u64::saturating_add);
    match report.format {
        Format::Text => report.data(|out| out.write_all(suggested.text.as_bytes()))?,
        Format::Json => report.object(&json!({
            "event": "suggestion",
            "policy": suggested.text,
            "journals": paths.len(),
            "decisions": counts.decisions(),
            "covered": suggested.decisions,
            "asks": asks,
            "left_out": suggested.left_out,
            "not_denied_any_more": widened,
            "unknown": suggested.unknown,
        }))?,
    }
    let left_out = match suggested.left_out {
        0 => String::new(),
        number => format!("; {number} denied or not approved, left out"),
    };
    let text = format!(
        "{}, none of the {} that were permitted is denied, {asks} ask{left_out}",
        count(counts.decisions(), "decision"),
        suggested.decisions
    );
    report.success("judged again", &text);
    if widened > 0 {
        report.warning(&format!("{} would no longer be denied", count(widened, "denied decision")));
    }
    if suggested.unknown > 0 {
        let unknown = count(suggested.unknown, "decision");
        report.warning(&format!("{unknown} whose action is not in the journals are not covered"));
    }
    Ok(())
}

/// Collects what the runs did.
fn learn(paths: &[PathBuf], arguments: &args::Suggest) -> Result<Suggested, Failure> {
    let how = match arguments.paths {
        args::Paths::Exact => Paths::Exact,
        args::Paths::Dir => Paths::Dir,
        args::Paths::Glob => Paths::Glob,
    };
    let mut suggest = Suggest::new(how, arguments.pin);
    for path in paths {
        let mut reader = journals::open(path)?;
        suggest.begin(&path.display().to_string(), reader.header()).map_err(no_policy)?;
        while let Some(record) = reader.next().map_err(|error| Failure::journal(path, &error))? {
            suggest.record(&record).map_err(no_policy)?;
        }
        suggest.end().map_err(no_policy)?;
    }
    suggest.finish().map_err(no_policy)
}

/// Judges the runs by the suggested policy, and fails if it denies something that they did.
fn prove(paths: &[PathBuf], suggested: &Suggested) -> Result<Counts, Failure> {
    let bug = |problem: String| {
        Failure::new(Exit::HostFailed, format!("the suggested policy is wrong: {problem}"))
            .hint("a journal contradicts its own policy, or this is a bug in `wasm-agent`; `--paths dir` may help")
    };
    let policy = Policy::parse(&suggested.text).map_err(|errors| bug(errors.to_string()))?;
    let mut counts = Counts::default();
    for path in paths {
        let mut reader = journals::open(path)?;
        let mut judge = Judge::new(&policy, reader.header());
        while let Some(record) = reader.next().map_err(|error| Failure::journal(path, &error))? {
            judge.record(&record);
        }
        counts.merge(&judge.finish().counts);
    }
    if counts.lost > 0 {
        return Err(bug(format!("it denies {}", count(counts.lost, "decision"))));
    }
    Ok(counts)
}

fn no_policy(error: SuggestError) -> Failure {
    let hint = match &error {
        SuggestError::Policy { .. } => "read it with the release of `wasm-agent` that wrote it",
        SuggestError::Clash { .. } => "suggest a policy for each of them separately",
        SuggestError::TooMany => "use `--paths dir`, or fewer journals",
    };
    let message = crate::failure::chain(&error);
    Failure::new(Exit::NothingRan, message).hint(hint)
}
