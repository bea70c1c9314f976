//! `wasm-agent journal diff`.

mod comparison;
mod marks;
mod text;

use std::io::{self, Write};
use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_audit::diff::{Change, Diff, DiffError, Effect, HeaderDifference, Summary};
use wasm_agent_host::journal::{Header, to_json};

use crate::args::Format;
use crate::commands::progress::{Prints, Progress, open_journal};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::report::Report;
use crate::show::json::json_line;
use comparison::{Comparison, differences};
use text::Listing;

/// Shows where two runs differ.
pub(super) fn diff(first: &Path, second: &Path, strict: bool, report: &Report) -> Result<Exit, Failure> {
    let (a, b) = (open_journal(first, Prints::AsItReads)?, open_journal(second, Prints::AsItReads)?);
    let headers = [a.header().clone(), b.header().clone()];
    let mut diff = Diff::new(a, b, strict);
    let mut found = Ok(None);
    report.data(|out| {
        found = match report.format {
            Format::Text => listed(&mut diff, &headers, out)?,
            Format::Json => objects(&mut diff, &headers, out)?,
        }
        .map(Some);
        Ok(())
    })?;
    match found {
        Ok(Some(found)) if !found.is_identical() => Ok(Exit::Diverged),
        // The reader has gone, and the comparison is incomplete.
        Ok(None) => Ok(Exit::Diverged),
        Ok(Some(_)) => Ok(Exit::Finished),
        Err(DiffError::First(error)) => Err(Failure::journal(first, &error)),
        Err(DiffError::Second(error)) => Err(Failure::journal(second, &error)),
    }
}

fn listed(
    diff: &mut Diff<Progress, Progress>,
    headers: &[Header; 2],
    out: &mut dyn Write,
) -> io::Result<Result<Comparison, DiffError>> {
    let mut listing = Listing::new(out);
    listing.headers(&differences(headers))?;
    loop {
        match diff.next() {
            Ok(Some(change)) => listing.change(change)?,
            Ok(None) => break,
            Err(error) => {
                listing.flush()?;
                return Ok(Err(error));
            }
        }
    }
    let found = Comparison::new(diff, headers);
    listing.finish(&found)?;
    Ok(Ok(found))
}

fn objects(
    diff: &mut Diff<Progress, Progress>,
    headers: &[Header; 2],
    out: &mut dyn Write,
) -> io::Result<Result<Comparison, DiffError>> {
    let mut line = |value: &Value| writeln!(out, "{}", json_line(value));
    for HeaderDifference { name, first, second } in differences(headers) {
        line(&json!({ "event": "header", "name": name, "first": first, "second": second }))?;
    }
    loop {
        let change = match diff.next() {
            Ok(Some(change)) => change,
            Ok(None) => break,
            Err(error) => return Ok(Err(error)),
        };
        match change {
            Change::Same(..) => {}
            Change::Outcome(first, second) => {
                line(&json!({ "event": "outcome", "first": to_json(&first), "second": to_json(&second) }))?;
            }
            Change::First(first) => line(&json!({ "event": "call", "first": to_json(&first) }))?,
            Change::Second(second) => line(&json!({ "event": "call", "second": to_json(&second) }))?,
            Change::Effect(first, second) => {
                let effect = |effect: Option<Effect>| {
                    effect.map(|effect| {
                        json!({ "effect": effect.number, "call": effect.call,
                        "action": effect.action, "became": effect.outcome })
                    })
                };
                line(&json!({ "event": "effect", "first": effect(first), "second": effect(second) }))?;
            }
        }
    }
    let found = Comparison::new(diff, headers);
    let Summary { same, outcomes, first, second, effects, parts_at } = found.summary;
    line(&json!({
        "event": "diff",
        "identical": found.is_identical(),
        "runs": headers.iter().map(|header| header.run_id.to_string()).collect::<Vec<_>>(),
        "calls": { "same": same, "other_outcome": outcomes, "only_first": first, "only_second": second },
        "effects": effects,
        "parts_at": parts_at.map(|(first, second)| json!({ "first": first, "second": second })),
        "ends": found.ends.as_ref().map(|(first, second)| json!({ "first": first, "second": second })),
    }))?;
    Ok(Ok(found))
}
