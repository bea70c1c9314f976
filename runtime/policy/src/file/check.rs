//! Decisions about files.
//!
//! Besides the rules themselves, this closes five ways around them: giving a denied path another name by renaming a
//! directory above it; creating a denied path by giving a directory or a link the name of one above it; moving or
//! linking a file to a grant that asks less; linking a read-only file into a writable place; and leaving behind a link
//! that leads other programs out of the grant.

use crate::check::Ruling;
use crate::decision::{Denial, DenialReason};
use crate::file::grant::{Access, AskSet, FilesystemGrant};
use crate::file::guest_path::GuestPath;
use crate::grant::GrantId;
use crate::path_pattern::PathPattern;
use crate::policy::Policy;

impl Policy {
    /// Whether a path may lead through this directory or symbolic link.
    ///
    /// True for everything that may be read, and for everything that leads to something that `only` lists. The end of
    /// the path is decided separately, as a path of its own.
    #[must_use]
    pub fn may_go_through(&self, path: &GuestPath) -> bool {
        may_go_through(self, path)
    }

    /// Whether the path has its place in a listing: it may be read, or it is a directory that leads to something that
    /// `only` lists.
    #[must_use]
    pub fn shows(&self, path: &GuestPath, directory: bool) -> bool {
        governing(self, path).is_ok() || (directory && may_go_through(self, path))
    }

    /// Whether renaming this directory would rename something denied, or another grant's directory, with it.
    #[must_use]
    pub fn on_the_way_to_denied(&self, path: &GuestPath) -> bool {
        is_on_the_way(self, path)
    }

    /// Whether a symbolic link at this path with this target may lead out of the grant that governs the path.
    ///
    /// Only leading `..` are counted. A `..` behind a name is taken to lead out, because the name may be a link itself.
    #[must_use]
    pub fn link_leaves_grant(&self, path: &GuestPath, target: &str) -> bool {
        link_leaves(self, path, target)
    }

    /// A filesystem grant for this directory or for one below it, if there is one.
    #[must_use]
    pub fn grant_at_or_below(&self, path: &GuestPath) -> Option<GrantId> {
        let position = self.directories().first_at_or_below(path.relative_to_root())?;
        self.filesystem().get(*position).map(|grant| grant.id)
    }
}

#[inline]
pub(crate) fn read(policy: &Policy, path: &GuestPath) -> Result<Ruling, Denial> {
    let grant = governing(policy, path)?;
    Ok(Ruling { grant: grant.id, asked_by: grant.ask.has_any(AskSet::READ).then_some(grant.id) })
}

/// Any action that changes one path; `kind` is its kind in `ask`.
#[inline]
pub(crate) fn write(policy: &Policy, path: &GuestPath, kind: AskSet) -> Result<Ruling, Denial> {
    let grant = writable(policy, path)?;
    Ok(Ruling { grant: grant.id, asked_by: grant.ask.has_any(kind).then_some(grant.id) })
}

pub(crate) fn rename(
    policy: &Policy,
    from: &GuestPath,
    to: &GuestPath,
    replaces: bool,
    directory: bool,
) -> Result<Ruling, Denial> {
    let source = writable(policy, from)?;
    let target = writable(policy, to)?;
    let changes_what_is_denied = || {
        is_on_the_way(policy, from)
            || is_on_the_way(policy, to)
            || leaves_paths_out(source, from)
            || leaves_paths_out(target, to)
            || loses_deny_patterns(policy, from, to)
            || loses_deny_patterns(policy, to, from)
    };
    if directory && changes_what_is_denied() {
        return Err(Denial::new(DenialReason::OnTheWayToDenied, Some(source.id)));
    }
    // A rename over a file destroys it, so a grant that asks about changes or removals asks here too. Otherwise a new
    // file and a rename would change a file without a question.
    let loses = AskSet::RENAME.with(AskSet::MODIFY).with(AskSet::DELETE);
    let asked_by = if source.ask.has_any(AskSet::RENAME) || asks_less(target, source) {
        Some(source.id)
    } else if target.ask.has_any(if replaces { loses } else { AskSet::RENAME }) {
        Some(target.id)
    } else {
        None
    };
    Ok(Ruling { grant: asked_by.unwrap_or(source.id), asked_by })
}

pub(crate) fn hard_link(policy: &Policy, path: &GuestPath, target: &str) -> Result<Ruling, Denial> {
    let grant = writable(policy, path)?;
    let target = GuestPath::parse(target).map_err(|_| Denial::new(DenialReason::NoGrant, None))?;
    // Both names are the same file: a read-only file must not get a writable name.
    let source = writable(policy, &target)?;
    if is_on_the_way(policy, &target) {
        return Err(Denial::new(DenialReason::OnTheWayToDenied, Some(source.id)));
    }
    let asked_by =
        if asks_less(grant, source) { Some(source.id) } else { grant.ask.has_any(AskSet::CREATE).then_some(grant.id) };
    Ok(Ruling { grant: asked_by.unwrap_or(grant.id), asked_by })
}

/// Following the link is checked whenever it happens; here the target only decides whether a person is asked. An
/// absolute target is denied, because a program outside the sandbox would start at the host's root. A target that may
/// leave the grant, or that the grant does not give, asks.
pub(crate) fn symbolic_link(policy: &Policy, path: &GuestPath, target: &str) -> Result<Ruling, Denial> {
    let ruling = write(policy, path, AskSet::CREATE)?;
    if is_on_the_way(policy, path) {
        return Err(Denial::new(DenialReason::OnTheWayToDenied, Some(ruling.grant)));
    }
    if target.starts_with('/') {
        return Err(Denial::new(DenialReason::AbsoluteTarget, Some(ruling.grant)));
    }
    // This asks whatever `ask` says: `ask` is about the grant's own files, and these are outside of it or denied.
    let elsewhere = || {
        let directory = path.parent().unwrap_or_else(GuestPath::root);
        let leads_to = GuestPath::lexical(&directory, target);
        leads_to.map_or(true, |leads_to| !governing(policy, &leads_to).is_ok_and(|grant| grant.id == ruling.grant))
    };
    let asks = link_leaves(policy, path, target) || elsewhere();
    Ok(Ruling { asked_by: if asks { Some(ruling.grant) } else { ruling.asked_by }, ..ruling })
}

/// See [`Policy::link_leaves_grant`].
fn link_leaves(policy: &Policy, path: &GuestPath, target: &str) -> bool {
    if target.starts_with('/') {
        return true;
    }
    let mut depth = 0usize;
    visit_covering(policy, path, |_, rest| {
        depth = rest.map_or(0, |rest| rest.split('/').count().saturating_sub(1));
    });
    let mut is_leading = true;
    for component in target.split('/').filter(|component| !component.is_empty() && *component != ".") {
        if component != ".." {
            is_leading = false;
        } else if !is_leading {
            // The name before it may be a link, so nobody knows where this `..` starts from.
            return true;
        } else {
            match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return true,
            }
        }
    }
    false
}

/// The grant with the longest guest path above this one, unless `deny` of any grant above covers the path or `only` of
/// this grant does not list it.
#[inline]
fn governing<'p>(policy: &'p Policy, path: &GuestPath) -> Result<&'p FilesystemGrant, Denial> {
    let (grant, rest) = undenied(policy, path)?;
    match &grant.only {
        Some(only) if !only.gives(rest) => Err(Denial::new(DenialReason::Unlisted, Some(grant.id))),
        _ => Ok(grant),
    }
}

/// See [`Policy::may_go_through`].
fn may_go_through(policy: &Policy, path: &GuestPath) -> bool {
    undenied(policy, path).is_ok_and(|(grant, rest)| grant.only.as_ref().is_none_or(|only| only.leads_through(rest)))
}

/// The grant with the longest guest path above this one, and the rest of the path below it.
#[inline]
fn undenied<'p, 'g>(policy: &'p Policy, path: &'g GuestPath) -> Result<(&'p FilesystemGrant, Option<&'g str>), Denial> {
    let mut governing = None;
    let mut denied_by = None;
    visit_covering(policy, path, |grant, rest| {
        if grant.deny.covers(rest) {
            denied_by = Some(grant.id);
        }
        governing = Some((grant, rest));
    });
    if denied_by.is_some() {
        return Err(Denial::new(DenialReason::DenyPattern, denied_by));
    }
    governing.ok_or(Denial::new(DenialReason::NoGrant, None))
}

#[inline]
fn writable<'p>(policy: &'p Policy, path: &GuestPath) -> Result<&'p FilesystemGrant, Denial> {
    let grant = governing(policy, path)?;
    match grant.access {
        Access::Write => Ok(grant),
        Access::Read => Err(Denial::new(DenialReason::ReadOnly, Some(grant.id))),
    }
}

/// Visits every grant above the path, from the root down, each with the rest of the path below it.
#[inline]
fn visit_covering<'p, 'g>(
    policy: &'p Policy,
    path: &'g GuestPath,
    mut each: impl FnMut(&'p FilesystemGrant, Option<&'g str>),
) {
    policy.directories().visit(path.relative_to_root(), |position, rest| {
        if let Some(grant) = policy.filesystem().get(*position) {
            each(grant, rest);
        }
    });
}

/// See [`Policy::on_the_way_to_denied`].
fn is_on_the_way(policy: &Policy, path: &GuestPath) -> bool {
    policy.directories().has_at_or_below(path.relative_to_root())
        || is_any_deny_pattern(policy, path, |_, pattern, rest| pattern.is_entered_by(rest))
}

/// Whether `holds` is true for any `deny` pattern of any grant above the path.
fn is_any_deny_pattern(
    policy: &Policy,
    path: &GuestPath,
    holds: impl Fn(&FilesystemGrant, &PathPattern, Option<&str>) -> bool,
) -> bool {
    let mut found = false;
    visit_covering(policy, path, |grant, rest| {
        found = found || grant.deny().iter().any(|pattern| holds(grant, pattern, rest));
    });
    found
}

/// Whether something that `only` does not list could lie below this directory. Moved along with it, it could get a
/// listed name, or take one that is not listed.
fn leaves_paths_out(grant: &FilesystemGrant, path: &GuestPath) -> bool {
    let below = path.as_str().strip_prefix(grant.guest.as_str()).map(|rest| rest.trim_start_matches('/'));
    let rest = below.filter(|rest| !rest.is_empty());
    grant.only.as_ref().is_some_and(|only| !only.gives_all_below(rest))
}

/// Whether something that is denied below `from` would not be denied below `to`, because the path leaves a grant with
/// `deny`.
///
/// Callers check both directions: a denied path must not get another name, and nothing else may get a denied name.
fn loses_deny_patterns(policy: &Policy, from: &GuestPath, to: &GuestPath) -> bool {
    is_any_deny_pattern(policy, from, |grant, pattern, rest| {
        !to.starts_with(&grant.guest) && pattern.reaches_below(rest)
    })
}

/// Whether `to` is in a grant that asks about fewer kinds of actions than the grant of `from`.
pub(crate) fn leaves_questions(policy: &Policy, from: &GuestPath, to: &GuestPath) -> bool {
    matches!((governing(policy, from), governing(policy, to)), (Ok(source), Ok(target)) if asks_less(target, source))
}

/// Whether `other` asks about a kind of action that `one` does not ask about.
fn asks_less(one: &FilesystemGrant, other: &FilesystemGrant) -> bool {
    other.ask.has_any(one.ask.complement())
}
