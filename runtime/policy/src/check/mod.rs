//! The decision about an action.

use crate::act::{Act, Asker};
use crate::action::{Action, Origin};
use crate::decision::{Allowed, Decision, DecisionKind, Denial, Denied, Pending};
use crate::file::action::LinkKind;
use crate::file::check as file;
use crate::file::grant::AskSet;
use crate::grant::GrantId;
use crate::judgement::Judgement;
use crate::policy::Policy;
use crate::{checkpoint, http, socket};

/// A decision to allow an action or to ask about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ruling {
    /// The grant that governs the action.
    pub(crate) grant: GrantId,
    /// The grant that makes a person be asked, if any.
    pub(crate) asked_by: Option<GrantId>,
}

impl Policy {
    /// Decides about an action. Allocates nothing.
    ///
    /// Deny wins over ask, and ask over allow. The rules:
    ///
    /// - The grant with the longest guest path above a path governs it; the `deny` patterns of every grant above it
    ///   hold. Reading needs a grant, everything else a grant with write access.
    /// - A grant with `only` covers what these patterns match, and nothing else.
    /// - A rename and a hard link need write access to both names: no file may become more accessible than it was.
    /// - The most specific grant whose URL and methods match governs a request; it asks if any matching grant asks.
    /// - A checkpoint always asks. A socket is always denied.
    pub fn check<K>(&self, act: Act<K>, origin: Origin, asker: Asker) -> Decision<K> {
        match judge(self, act.action(), origin) {
            Ok(ruling) if ruling.asked_by.is_some() => Decision::Ask(Pending::new(act, ruling.grant, asker)),
            Ok(ruling) => Decision::Allow(Allowed::new(act, ruling.grant)),
            Err(denial) => Decision::Deny(Denied { action: act.into_action(), denial }),
        }
    }

    /// Decides about an action as [`Policy::check`] does, but gives nothing that can become a permit.
    #[must_use]
    pub fn judge(&self, action: &Action, origin: Origin) -> Judgement {
        Judgement::from(judge(self, action, origin))
    }
}

impl From<Result<Ruling, Denial>> for Judgement {
    fn from(ruling: Result<Ruling, Denial>) -> Self {
        match ruling {
            Ok(Ruling { grant, asked_by }) => Self {
                decision: if asked_by.is_some() { DecisionKind::Ask } else { DecisionKind::Allow },
                grant: Some(grant),
                asked_by,
                denial: None,
            },
            Err(denial) => denial.into(),
        }
    }
}

/// Applies the policy to an action.
#[inline]
fn judge(policy: &Policy, action: &Action, origin: Origin) -> Result<Ruling, Denial> {
    let ruling = match action {
        Action::FileRead { path } => file::read(policy, path),
        Action::FileCreate { path } | Action::DirCreate { path } => file::write(policy, path, AskSet::CREATE),
        Action::FileModify { path, .. } => file::write(policy, path, AskSet::MODIFY),
        Action::FileDelete { path } | Action::DirRemove { path } => file::write(policy, path, AskSet::DELETE),
        Action::FileRename { from, to, replaces, directory } => file::rename(policy, from, to, *replaces, *directory),
        Action::LinkCreate { kind: LinkKind::Hard, path, target } => file::hard_link(policy, path, target),
        Action::LinkCreate { kind: LinkKind::Symbolic, path, target } => file::symbolic_link(policy, path, target),
        // A request or a checkpoint never changes data of this run.
        Action::HttpRequest(request) => return http::check::judge(policy, request),
        Action::HttpInvalid(request) => return Err(http::check::judge_invalid(request)),
        Action::Checkpoint { .. } => return Ok(checkpoint::judge()),
        Action::Socket { .. } => return Err(socket::judge()),
    }?;
    // The run's own directory can hold other people's files by now: hard links that nobody was asked about.
    let may_hold_others = || {
        let Action::FileRename { from, to, directory: true, .. } = action else { return false };
        file::leaves_questions(policy, from, to)
    };
    let asked_by = ruling.asked_by.filter(|_| origin == Origin::Foreign || may_hold_others());
    Ok(Ruling { asked_by, ..ruling })
}

#[cfg(test)]
mod tests;
