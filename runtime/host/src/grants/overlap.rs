//! Overlapping grants. A file must not have two names through two grants, and so two rules; and a name must not stand
//! for two files.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use wasm_agent_files::{Directory, FileId, look_at};
use wasm_agent_policy::{FilesystemGrant, GuestPath};

use crate::error::GrantProblem;

/// A grant and its directory on the host, with links resolved.
type Placed<'a> = (&'a FilesystemGrant, &'a Path);

/// The line of the first grant whose directory shows another grant's files at other paths, as a bind mount does, and
/// the problem.
pub(super) fn first_shown_twice(grants: &[(Placed<'_>, &Directory)]) -> Option<(u32, GrantProblem)> {
    let by_id: HashMap<FileId, Placed<'_>> = grants.iter().map(|(placed, directory)| (directory.id, *placed)).collect();
    grants.iter().find_map(|((grant, path), directory)| {
        let above = ids_above(directory);
        let shows = |(outer, outer_path): &&Placed<'_>| outer.id != grant.id && !path.starts_with(outer_path);
        let (outer, _) = above.iter().filter_map(|id| by_id.get(id)).find(shows)?;
        let (host, other) = (grant.host.clone(), outer.host.clone());
        let problem = GrantProblem::ShownTwice { host, other, line: outer.line };
        Some((grant.line, problem))
    })
}

/// A directory and those above it, up to the root or to one that can't be entered.
#[expect(clippy::disallowed_methods, reason = "walks up from a directory that is open")]
pub(super) fn ids_above(directory: &Directory) -> Vec<FileId> {
    let mut ids = vec![directory.id];
    let mut at = Arc::clone(&directory.file);
    while ids.len() < DEPTH_MAX {
        let above = rustix::fs::openat(&at, "..", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        let Ok(above) = above.map(File::from) else { break };
        let Ok(found) = look_at(&above) else { break };
        let id = found.identity.file();
        if ids.last() == Some(&id) {
            break;
        }
        ids.push(id);
        at = Arc::new(above);
    }
    ids
}

/// Most levels of directories that are followed upwards: as many as a path of `PATH_MAX` bytes can name.
const DEPTH_MAX: usize = 2048;

/// The line of the first grant that lies in another one but must not, and the problem.
///
/// Each grant is compared only with those above it, by its directory and by its guest path: a policy may have
/// thousands.
pub(super) fn first(grants: &[Placed<'_>]) -> Option<(u32, GrantProblem)> {
    let by_host: HashMap<&Path, usize> =
        grants.iter().enumerate().rev().map(|(place, (_, path))| (*path, place)).collect();
    let by_guest: HashMap<&GuestPath, usize> =
        grants.iter().enumerate().map(|(place, (grant, _))| (&grant.guest, place)).collect();
    grants.iter().enumerate().find_map(|(place, inner)| {
        let hosts = inner.1.ancestors().filter_map(|path| by_host.get(path).copied());
        let guests = above(&inner.0.guest).filter_map(|path| by_guest.get(&path).copied());
        let others = hosts.chain(guests).filter(|outer| *outer != place).filter_map(|outer| grants.get(outer));
        let problem = others.into_iter().find_map(|outer| problem(*inner, *outer))?;
        Some((inner.0.line, problem))
    })
}

/// A path and those above it.
fn above(path: &GuestPath) -> impl Iterator<Item = GuestPath> {
    std::iter::successors(Some(path.clone()), GuestPath::parent)
}

/// Why a grant must not lie in another one, if that is so. Each comes with its directory on the host.
fn problem(inner: Placed<'_>, outer: Placed<'_>) -> Option<GrantProblem> {
    let ((inner, inner_path), (outer, outer_path)) = (inner, outer);
    let host = inner_path.strip_prefix(outer_path).ok().and_then(Path::to_str);
    let guest = relative(&inner.guest, &outer.guest);
    match (host, guest) {
        (Some(_), _) if host != guest => Some(GrantProblem::TwoNames {
            host: inner.host.clone(),
            other: outer.host.clone(),
            line: outer.line,
            other_guest: outer.guest.to_string(),
        }),
        // Through the outer directory, such a path names another file, which the inner grant does not cover.
        (None, Some(_)) => Some(GrantProblem::TwoDirectories {
            guest: inner.guest.to_string(),
            other: outer.host.clone(),
            line: outer.line,
            other_guest: outer.guest.to_string(),
        }),
        _ => None,
    }
}

/// `path` relative to `base`, without a leading separator; `None` if it is not below `base`.
fn relative<'a>(path: &'a GuestPath, base: &GuestPath) -> Option<&'a str> {
    if !path.starts_with(base) {
        return None;
    }
    let rest = if base.is_root() { path.as_str() } else { path.as_str().strip_prefix(base.as_str())? };
    Some(rest.trim_start_matches('/'))
}
