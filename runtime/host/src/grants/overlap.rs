//! Grants within one another: through two of them one file must not have two names, and so two rules, and one name not mean two files.

use std::collections::HashMap;
use std::path::Path;

use wasm_agent_policy::{FilesystemGrant, GuestPath};

/// A grant and its directory on the host, without links.
type Placed<'a> = (&'a FilesystemGrant, &'a Path);

/// The line of the first grant that lies in another one and can't, and why.
///
/// Each is compared with those above it, by its directory and by its guest path: a policy may have thousands.
pub(super) fn first(grants: &[Placed<'_>]) -> Option<(u32, String)> {
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
fn problem(inner: Placed<'_>, outer: Placed<'_>) -> Option<String> {
    let ((inner, inner_path), (outer, outer_path)) = (inner, outer);
    let host = inner_path.strip_prefix(outer_path).ok().and_then(Path::to_str);
    let guest = relative(&inner.guest, &outer.guest);
    match (host, guest) {
        (Some(_), _) if host != guest => Some(format!(
            "`{}` lies in `{}` (line {}), so its files would have two names; its `guest` must lie in `{}` in the same way",
            inner.host,
            outer.host,
            outer.line,
            outer.guest.as_str(),
        )),
        // Through the outer directory such a path is another file, which the inner grant was not given for.
        (None, Some(_)) => Some(format!(
            "guest path `{}` lies in `{}` (line {}), so it would be the name of two directories; its `host` must lie in `{}` in the same way",
            inner.guest.as_str(),
            outer.guest.as_str(),
            outer.line,
            outer.host,
        )),
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
