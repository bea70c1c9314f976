//! Directories of the host that are granted twice.
//!
//! What `deny` covers must not be reached under another guest path. Directories are compared as they are written, since
//! nothing here does I/O; what only a file system knows (symbolic links, mounts) is left to the host.

use super::report::Report;
use crate::grant::FilesystemGrant;
use crate::guest_path::GuestPath;
use crate::path_pattern::PathPattern;
use crate::prefix_tree::PrefixTree;
use std::ops::Range;

/// How many `..` a relative path can begin with and still be compared with one that has fewer.
const LEVELS_ABOVE: usize = 16;

/// What absolute paths begin with, and relative ones: they are never compared with each other.
const ROOT: &str = "absolute";
const POLICY_ROOT: &str = "relative";

/// How two grants for one directory can agree.
const SAME_DENY: &str = "give both the same `deny`, each pattern `**/` and one name";

/// Reports grants for overlapping directories that disagree on what is denied; `places` has where each `host` is.
pub(super) fn check(grants: &[FilesystemGrant], places: &[Range<usize>], report: &mut Report<'_>) {
    let mut tree: PrefixTree<usize> = PrefixTree::default();
    let hosts: Vec<Vec<&str>> = grants.iter().map(|grant| resolve(&grant.host)).collect();
    for (position, host) in hosts.iter().enumerate() {
        tree.insert(host.iter().copied(), position);
    }
    for ((position, host), (inner, place)) in hosts.iter().enumerate().zip(grants.iter().zip(places)) {
        tree.visit(Some(&host.join("/")), |outer_position, rest| {
            let Some(outer) = grants.get(*outer_position) else { return };
            // Of two grants for the same directory, the later is the inner one.
            let is_pair = *outer_position != position && (rest.is_some() || *outer_position < position);
            if is_pair && !is_same_place(outer, rest, inner) && !agree(outer, rest, inner) {
                let (found, hint) = match rest {
                    None => ("granted", SAME_DENY.to_owned()),
                    Some(_) => ("below a directory that is granted", hint_below(outer, rest)),
                };
                let message = format!(
                    "`{}` is {found} already (line {}), and `deny` of one does not hold in the other",
                    inner.host, outer.line
                );
                report.error(place, message).hint(hint);
            }
        });
    }
}

fn hint_below(outer: &FilesystemGrant, rest: Option<&str>) -> String {
    match guest_below(outer, rest) {
        Some(guest) => format!("use `guest = \"{guest}\"`, or {SAME_DENY}"),
        None => SAME_DENY.to_owned(),
    }
}

/// The segments of a host path. A relative one begins with stand-ins for the directories above it, so that `..` and `.`
/// can be compared.
fn resolve(host: &str) -> Vec<&str> {
    let mut segments = if host.starts_with('/') {
        vec![ROOT]
    } else {
        std::iter::once(POLICY_ROOT).chain(std::iter::repeat_n("..", LEVELS_ABOVE)).collect()
    };
    for segment in host.split('/') {
        match segment {
            "" | "." => {}
            ".." if segments.len() > 1 => {
                segments.pop();
            }
            ".." => {}
            name => segments.push(name),
        }
    }
    segments
}

/// Whether the guest finds the inner directory at the same place through both grants, where both their patterns hold.
fn is_same_place(outer: &FilesystemGrant, rest: Option<&str>, inner: &FilesystemGrant) -> bool {
    guest_below(outer, rest).is_some_and(|guest| guest == inner.guest)
}

fn guest_below(outer: &FilesystemGrant, rest: Option<&str>) -> Option<GuestPath> {
    GuestPath::lexical(&outer.guest, rest.unwrap_or_default()).ok()
}

/// Whether whatever is denied through one is denied through the other.
///
/// That is so where both have the same patterns, which match at any depth, and the way from one directory to the other
/// is no part of a match.
fn agree(outer: &FilesystemGrant, rest: Option<&str>, inner: &FilesystemGrant) -> bool {
    let all_in = |patterns: &[PathPattern], others: &[PathPattern]| {
        patterns.iter().all(|pattern| others.contains(pattern) && pattern.is_for_any_depth())
    };
    all_in(outer.deny(), inner.deny())
        && all_in(inner.deny(), outer.deny())
        && !outer.deny().iter().any(|pattern| pattern.is_entered_by(rest))
}

#[cfg(test)]
mod tests {
    use crate::Policy;

    /// What is wrong with these two grants, in the order of the file.
    fn error(first: (&str, &str, &str), second: (&str, &str, &str)) -> Option<String> {
        let grant = |(host, guest, deny): (&str, &str, &str)| {
            format!("[[filesystem]]\nhost = \"{host}\"\nguest = \"{guest}\"\ndeny = [{deny}]\n")
        };
        let text = format!("version = 1\n{}{}", grant(first), grant(second));
        Policy::parse(&text).err().map(|errors| errors.to_string())
    }

    const ENV: &str = "\"**/.env\"";

    #[test]
    fn refuses_a_second_way_to_what_is_denied() {
        assert_eq!(
            error((".", "/all", ""), ("./notes", "/notes", ENV)).unwrap(),
            "line 7, column 8: `./notes` is below a directory that is granted already (line 2), and `deny` of one does \
             not hold in the other\n\
             hint: use `guest = \"/all/notes\"`, or give both the same `deny`, each pattern `**/` and one name"
        );
        assert_eq!(
            error(("notes", "/a", ENV), ("./notes/", "/b", "")).unwrap(),
            "line 7, column 8: `./notes/` is granted already (line 2), and `deny` of one does not hold in the other\n\
             hint: give both the same `deny`, each pattern `**/` and one name"
        );
        for (first, second) in [
            (("./notes", "/a", ""), (".", "/b", ENV)),
            (("x/../notes", "/a", ENV), ("notes/sub", "/b", "")),
            (("..", "/a", ENV), ("notes", "/b", "")),
            (("../..", "/a", ENV), ("../x", "/b", "")),
            (("/", "/a", ENV), ("/srv/x", "/b", "")),
            // The same pattern, but relative to another directory.
            ((".", "/a", "\"x\""), ("notes", "/b", "\"x\"")),
            ((".", "/a", "\"**/x/y\""), ("x", "/b", "\"**/x/y\"")),
        ] {
            assert!(error(first, second).is_some(), "{first:?} {second:?}");
        }
    }

    #[test]
    fn accepts_directories_that_agree_or_do_not_overlap() {
        for (first, second) in [
            ((".", "/a", ""), ("notes", "/b", "")),
            ((".", "/a", ENV), ("notes", "/a/notes", "")),
            ((".", "/", "\"x\""), ("./notes", "/notes", ENV)),
            ((".", "/a", ENV), ("notes", "/b", ENV)),
            (("notes", "/a", ENV), ("notes2", "/b", "")),
            (("../x", "/a", ENV), ("x", "/b", "")),
            (("/srv/x", "/a", ENV), ("srv/x", "/b", "")),
        ] {
            assert_eq!(error(first, second), None, "{first:?} {second:?}");
        }
    }
}
