//! Grants within one another: through two of them one file must not have two names, and so two rules, and one name not
//! mean two files.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use wasm_agent_files::{Directory, FileId, look_at};
use wasm_agent_policy::{FilesystemGrant, GuestPath};

use crate::error::GrantProblem;

/// A grant and its directory on the host, without links.
type Placed<'a> = (&'a FilesystemGrant, &'a Path);

/// The line of the first grant whose directory shows files of another one under other paths, as a bind mount does, and
/// why that can't be.
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

/// A directory and those above it, up to the root or to where they can't be entered.
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

/// Most directories above one another that are looked at: as many as a path of `PATH_MAX` bytes can name.
const DEPTH_MAX: usize = 2048;

/// The line of the first grant that lies in another one and can't, and why.
///
/// Each is compared with those above it, by its directory and by its guest path: a policy may have thousands.
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

/// Why a grant can't lie in another one, if it does and can't: each with its directory on the host.
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
        // Through the outer directory such a path is another file, which the inner grant was not given for.
        (None, Some(_)) => Some(GrantProblem::TwoDirectories {
            guest: inner.guest.to_string(),
            other: outer.host.clone(),
            line: outer.line,
            other_guest: outer.guest.to_string(),
        }),
        _ => None,
    }
}

/// `path` as seen from `base`, without a leading separator; nothing if it is not below it.
fn relative<'a>(path: &'a GuestPath, base: &GuestPath) -> Option<&'a str> {
    if !path.starts_with(base) {
        return None;
    }
    let rest = if base.is_root() { path.as_str() } else { path.as_str().strip_prefix(base.as_str())? };
    Some(rest.trim_start_matches('/'))
}
