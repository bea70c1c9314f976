//! Host directories that are granted twice.
//!
//! What `deny` covers must not be reachable under another guest path. Directories are compared as written, because
//! nothing here does I/O; symbolic links and mounts, which only the file system knows, are left to the host.

use crate::file::grant::FilesystemGrant;
use crate::file::guest_path::GuestPath;
use crate::parse::report::Report;
use crate::path_pattern::PathPattern;
use crate::prefix_tree::PrefixTree;
use crate::work::step;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

/// How many leading `..` a relative path can have and still be compared with one that has fewer.
const LEVELS_ABOVE: usize = 16;

/// The first segment of absolute and of relative paths, which are never compared with each other.
const ROOT: &str = "absolute";
const POLICY_ROOT: &str = "relative";

/// How to make two grants for one directory agree.
const SAME_DENY: &str = "give both the same `deny`, each pattern `**/` and one name";

/// The grants for one host directory. If they agree on what is denied, one of them can stand for all.
struct GrantedDirectory {
    /// The first one in the file, and a second one if there is one: of two grants, only one can have the same guest
    /// path as a third.
    grants: (usize, Option<usize>),
    /// The number of their `deny` list.
    denied: usize,
}

/// Reports grants for overlapping directories that disagree on what is denied; `spans` holds the place of each `host`.
///
/// Agreement is an equivalence relation among the grants for one directory, so each grant is compared with one grant of
/// each directory above it instead of all.
pub(super) fn check(grants: &[FilesystemGrant], spans: &[Range<usize>], report: &mut Report<'_>) {
    let denied = number_lists(grants);
    let hosts: Vec<String> = grants.iter().map(|grant| resolve(&grant.host).join("/")).collect();
    let mut tree: PrefixTree<GrantedDirectory> = PrefixTree::default();
    let mut of_host: HashMap<&str, GrantedDirectory> = HashMap::new();
    for (position, ((host, denied), span)) in hosts.iter().zip(&denied).zip(spans).enumerate() {
        match of_host.entry(host) {
            Entry::Vacant(fresh) => {
                fresh.insert(GrantedDirectory { grants: (position, None), denied: *denied });
            }
            Entry::Occupied(mut place) => {
                place.get_mut().grants.1.get_or_insert(position);
                let pair = Pair { grants, outer: place.get().grants.0, inner: position, rest: None };
                if *denied != place.get().denied || !pair.agrees_with_itself() {
                    pair.report(span, report);
                }
            }
        }
    }
    for (host, place) in of_host {
        tree.insert(host.split('/'), place);
    }
    for (inner, ((host, denied), span)) in hosts.iter().zip(&denied).zip(spans).enumerate() {
        tree.visit(Some(host), |place, rest| {
            step();
            if rest.is_none() {
                return;
            }
            let (first, second) = place.grants;
            let pairs = [Some(first), second].into_iter().flatten().map(|outer| Pair { grants, outer, inner, rest });
            let Some(pair) = pairs.into_iter().find(|pair| !pair.is_same_place()) else { return };
            if *denied != place.denied || !pair.agrees_with_itself() {
                pair.report(span, report);
            }
        });
    }
}

/// Numbers the `deny` lists: grants with the same patterns, in any order, get the same number.
fn number_lists(grants: &[FilesystemGrant]) -> Vec<usize> {
    let mut numbers: HashMap<Vec<&str>, usize> = HashMap::new();
    let lists = grants.iter().map(|grant| {
        let mut list: Vec<&str> = grant.deny().iter().map(PathPattern::as_str).collect();
        list.sort_unstable();
        let fresh = numbers.len();
        *numbers.entry(list).or_insert(fresh)
    });
    lists.collect()
}

/// Two grants for overlapping directories, by their positions.
struct Pair<'g> {
    grants: &'g [FilesystemGrant],
    outer: usize,
    inner: usize,
    /// The path from the outer directory to the inner one.
    rest: Option<&'g str>,
}

impl Pair<'_> {
    /// Whether both grants show the inner directory at the same guest path, where the patterns of both hold.
    fn is_same_place(&self) -> bool {
        let (outer, inner) = (self.grants.get(self.outer), self.grants.get(self.inner));
        outer
            .zip(inner)
            .is_some_and(|(outer, inner)| guest_below(outer, self.rest).is_some_and(|guest| guest == inner.guest))
    }

    /// Given that both have the same patterns, whether they deny the same files.
    ///
    /// True if the patterns match at any depth and the path between the directories is not part of a match.
    fn agrees_with_itself(&self) -> bool {
        let patterns = self.grants.get(self.inner).map_or(&[][..], FilesystemGrant::deny);
        patterns.iter().all(|pattern| pattern.is_for_any_depth() && !pattern.is_entered_by(self.rest))
    }

    fn report(&self, at: &Range<usize>, report: &mut Report<'_>) {
        let Some((outer, inner)) = self.grants.get(self.outer).zip(self.grants.get(self.inner)) else { return };
        let (found, hint) = match self.rest {
            None => ("granted", SAME_DENY.to_owned()),
            Some(_) => ("below a directory that is granted", hint_below(outer, self.rest)),
        };
        let message = format!(
            "`{}` is {found} already (line {}), and `deny` of one does not hold in the other",
            inner.host, outer.line
        );
        report.error(at, message).hint(hint);
    }
}

fn hint_below(outer: &FilesystemGrant, rest: Option<&str>) -> String {
    match guest_below(outer, rest) {
        Some(guest) => format!("use `guest = \"{guest}\"`, or {SAME_DENY}"),
        None => SAME_DENY.to_owned(),
    }
}

/// The segments of a host path. A relative path begins with placeholders for the directories above it, so that `..` and
/// `.` can be compared.
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

fn guest_below(outer: &FilesystemGrant, rest: Option<&str>) -> Option<GuestPath> {
    GuestPath::lexical(&outer.guest, rest.unwrap_or_default()).ok()
}

#[cfg(test)]
mod tests {
    use crate::Policy;

    /// The errors for these two grants, in the order of the file.
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
