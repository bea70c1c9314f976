//! The decision about an action.

pub(crate) mod file;
pub(crate) mod http;
pub(crate) mod overriding;

use crate::action::{Action, LinkKind, Origin};
use crate::decision::{Denial, DenialReason};
use crate::grant::{AskSet, GrantId};
use crate::policy::Policy;

/// A decision that is not to deny.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ruling {
    /// The grant that governs the action.
    pub(crate) grant: GrantId,
    /// The grant because of which a person is asked, where one is.
    pub(crate) asked_by: Option<GrantId>,
}

/// Applies the policy to an action.
#[inline]
pub(crate) fn judge(policy: &Policy, action: &Action, origin: Origin) -> Result<Ruling, Denial> {
    let ruling = match action {
        Action::FileRead { path } => file::read(policy, path),
        Action::FileCreate { path } | Action::DirCreate { path } => file::write(policy, path, AskSet::CREATE),
        Action::FileModify { path, .. } => file::write(policy, path, AskSet::MODIFY),
        Action::FileDelete { path } | Action::DirRemove { path } => file::write(policy, path, AskSet::DELETE),
        Action::FileRename { from, to, replaces, directory } => file::rename(policy, from, to, *replaces, *directory),
        Action::LinkCreate { kind: LinkKind::Hard, path, target } => file::hard_link(policy, path, target),
        Action::LinkCreate { kind: LinkKind::Symbolic, path, target } => file::symbolic_link(policy, path, target),
        // Nothing that a request or a checkpoint changes is this run's own.
        Action::HttpRequest(request) => return http::judge(policy, request),
        Action::Checkpoint { .. } => {
            return Ok(Ruling { grant: GrantId::Checkpoint, asked_by: Some(GrantId::Checkpoint) });
        }
        Action::Socket { .. } => return Err(Denial::new(DenialReason::Unsupported, None)),
    }?;
    let asked_by = match action {
        // A directory of the run's own can hold files of others by then, linked into it where nobody is asked about
        // that.
        Action::FileRename { from, to, directory: true, .. } if file::leaves_questions(policy, from, to) => {
            ruling.asked_by
        }
        _ if origin == Origin::CreatedByRun => None,
        _ => ruling.asked_by,
    };
    Ok(Ruling { asked_by, ..ruling })
}

#[cfg(test)]
mod tests;
