//! The host's own files, and where a policy's grants cover them.

use std::path::Path;

use serde_json::{Value, json};
use wasm_agent_host::policy::{Action, DecisionKind, Denial, DenialReason, Explanation, GuestPath, Policy};
use wasm_agent_host::{LoadError, OwnThings, Reached, reached};

use crate::args::{Format, State};
use crate::failure::Failure;
use crate::own::own_things;
use crate::report::Report;
use crate::show::escape::escape_line;
use crate::show::table::{Align, Table};

/// All files that a run under this policy is kept from, except those of `run`'s own arguments: the tool, the journal, a
/// key, an approver.
pub(super) fn things(policy: &Policy, path: &Path) -> OwnThings {
    let mut own = OwnThings::of_policy(policy, path);
    own.extend(&own_things(&State::default()));
    own
}

/// Which of these files are in a granted directory.
pub(super) fn in_grants(policy: &Policy, path: &Path) -> Result<Vec<Reached>, Failure> {
    Ok(reached(policy, path, &things(policy, path)).map_err(LoadError::from)?)
}

/// Lists all of these files.
pub(super) fn list(policy: &Policy, path: &Path, report: &Report) -> Result<(), Failure> {
    let things = things(policy, path);
    let kept = in_grants(policy, path)?;
    let place =
        |what: &str| kept.iter().filter(|kept| kept.what == what).map(|kept| kept.path.to_string()).collect::<Vec<_>>();
    match report.format {
        Format::Text => {
            let columns = ["KEPT FROM TOOLS", "WHERE IT IS", "IN A GRANT AS"].map(|name| (name, Align::Left));
            let mut table = Table::new(&columns);
            for thing in things.iter() {
                table.row([
                    escape_line(thing.what()).into_owned(),
                    escape_line(&thing.path().display().to_string()).into_owned(),
                    escape_line(&place(thing.what()).join(", ")).into_owned(),
                ]);
            }
            report.data(|out| table.write(out))
        }
        Format::Json => things.iter().try_for_each(|thing| {
            report.object(&json!({
                "event": "kept",
                "what": thing.what(),
                "path": thing.path().display().to_string(),
                "guest": place(thing.what()),
            }))
        }),
    }
}

/// The same for programs.
pub(super) fn kept_json(kept: &[Reached]) -> Value {
    kept.iter().map(|kept| json!({ "what": kept.what, "path": kept.path.to_string(), "line": kept.line })).collect()
}

/// Turns an explanation into a denial if the action concerns the host's own files.
pub(super) fn explain(explanation: &mut Explanation, kept: &[Reached]) {
    // What changes a name changes all that lies below it.
    let changes_name = match explanation.action {
        Action::FileCreate { .. }
        | Action::FileDelete { .. }
        | Action::FileRename { .. }
        | Action::DirCreate { .. }
        | Action::DirRemove { .. }
        | Action::LinkCreate { .. } => true,
        Action::FileRead { .. }
        | Action::FileModify { .. }
        | Action::HttpRequest(_)
        | Action::HttpInvalid(_)
        | Action::Checkpoint { .. }
        | Action::Socket { .. } => false,
    };
    let is_kept = |path: GuestPath| {
        kept.iter().any(|kept| path.starts_with(&kept.path) || (changes_name && kept.path.starts_with(&path)))
    };
    if explanation.decision == DecisionKind::Deny || !explanation.action.paths().any(is_kept) {
        return;
    }
    let denial = Denial::new(DenialReason::OwnThing, None);
    (explanation.grant, explanation.grant_label, explanation.line) = (None, None, None);
    explanation.decision = DecisionKind::Deny;
    explanation.reason = denial.reason.sentence().to_owned();
    explanation.hint = Some(denial.hint(&explanation.action));
    explanation.denial = Some(denial);
}
