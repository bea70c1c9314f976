//! Decisions about files compared with a model that looks at every grant and every pattern, without an index.

use super::{check, policy, short};
use crate::path_pattern::naive_match;
use crate::{Access, Action, FilesystemGrant, GuestPath, LinkKind, Origin, PathPattern, Policy};
use proptest::prelude::*;

/// The segments of a path below a directory; `None` where it is not below it.
fn below<'p>(path: &'p GuestPath, directory: &GuestPath) -> Option<Vec<&'p str>> {
    let mut rest = path.segments();
    directory.segments().all(|segment| rest.next() == Some(segment)).then(|| rest.collect())
}

/// Whether a pattern matches the path or a directory above it.
fn covers(pattern: &PathPattern, rest: &[&str]) -> bool {
    (0..=rest.len()).any(|end| matches(pattern.as_str(), &rest[..end]))
}

fn matches(pattern: &str, rest: &[&str]) -> bool {
    naive_match(&pattern.split('/').collect::<Vec<_>>(), rest)
}

/// Every grant above a path, the nearest first, with what is left of the path below it.
fn covering<'p, 'g>(policy: &'p Policy, path: &'g GuestPath) -> Vec<(&'p FilesystemGrant, Vec<&'g str>)> {
    let mut found: Vec<_> =
        policy.filesystem().iter().filter_map(|grant| Some((grant, below(path, &grant.guest)?))).collect();
    found.sort_by_key(|(_, rest)| rest.len());
    found
}

/// The grant that governs a path, or the denial in short.
fn governing<'p>(policy: &'p Policy, path: &GuestPath) -> Result<&'p FilesystemGrant, String> {
    let covering = covering(policy, path);
    let denies =
        |(grant, rest): &&(&FilesystemGrant, Vec<&str>)| grant.deny().iter().any(|pattern| covers(pattern, rest));
    if let Some((grant, _)) = covering.iter().find(denies) {
        return Err(format!("deny deny-pattern {}", grant.line));
    }
    let (grant, rest) = covering.first().ok_or("deny no-grant")?;
    let listed = grant.only().is_none_or(|only| {
        only.iter().any(|pattern| if *pattern == "." { rest.is_empty() } else { matches(pattern, rest) })
    });
    if listed { Ok(grant) } else { Err(format!("deny unlisted {}", grant.line)) }
}

fn writable<'p>(policy: &'p Policy, path: &GuestPath) -> Result<&'p FilesystemGrant, String> {
    let grant = governing(policy, path)?;
    if grant.access == Access::Write { Ok(grant) } else { Err(format!("deny read-only {}", grant.line)) }
}

/// Whether moving what has this name would move something denied, or another grant's directory.
fn on_the_way(policy: &Policy, path: &GuestPath) -> bool {
    policy.filesystem().iter().any(|grant| grant.guest.starts_with(path))
        || covering(policy, path).iter().any(|(grant, rest)| {
            let rest = rest.join("/");
            let rest = Some(rest.as_str()).filter(|rest| !rest.is_empty());
            grant.deny().iter().any(|pattern| pattern.is_entered_by(rest))
        })
}

/// What the policy says about an action of one path.
fn expected(policy: &Policy, action: &Action) -> Result<String, String> {
    let (grant, kind) = match action {
        Action::FileRead { path } => (governing(policy, path)?, "read"),
        Action::FileCreate { path } | Action::DirCreate { path } => (writable(policy, path)?, "create"),
        Action::FileModify { path, .. } => (writable(policy, path)?, "modify"),
        Action::FileDelete { path } | Action::DirRemove { path } => (writable(policy, path)?, "delete"),
        Action::LinkCreate { path, target, .. } => {
            let grant = writable(policy, path)?;
            if on_the_way(policy, path) {
                return Err(format!("deny on-the-way-to-denied {}", grant.line));
            }
            let leads_to = path.parent().unwrap().join(target).unwrap();
            if !governing(policy, &leads_to).is_ok_and(|other| other.line == grant.line) {
                return Ok(format!("ask {}", grant.line));
            }
            (grant, "create")
        }
        other => unreachable!("{other}"),
    };
    let word = if grant.asks().any(|asked| asked == kind) { "ask" } else { "allow" };
    Ok(format!("{word} {}", grant.line))
}

/// Names of all lengths that are matched in a way of their own, and ones that share their beginnings.
const NAMES: [&str; 8] = ["a", "b", "ab", "abc", ".a", "é", "abcdefgh", "abcdefghijklmnopqrs"];

/// Segments of patterns: names, and wildcards.
const WILD: [&str; 8] = ["**", "*", "*b", "a*", "?", "*g?", "*é", ".*"];

fn any_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

fn any_pattern() -> impl Strategy<Value = String> {
    let segment = prop_oneof![2 => any_name(), 1 => prop::sample::select(&WILD[..])];
    (any::<bool>(), prop::collection::vec(segment, 1..4), any::<bool>()).prop_map(|(anywhere, segments, all)| {
        let mut all_segments: Vec<&str> = Vec::new();
        all_segments.extend(anywhere.then_some("**"));
        all_segments.extend(segments);
        all_segments.extend(all.then_some("**"));
        // `**/**` is `**`, which a policy refuses where it covers everything.
        all_segments.dedup_by(|one, other| one == other && *one == "**");
        all_segments.join("/")
    })
}

prop_compose! {
    /// Directories within one another, with patterns of every shape.
    fn any_policy()(
        directories in prop::collection::vec(
            (
                prop::collection::vec(any_name(), 0..3),
                any::<bool>(),
                0usize..6,
                prop::collection::btree_set(any_pattern(), 0..4),
                prop::option::of(prop::collection::btree_set(any_pattern(), 1..4)),
            ),
            0..6,
        ),
    ) -> Policy {
        let mut seen = std::collections::HashSet::new();
        let mut text = String::new();
        for (index, (guest, write, asked, deny, only)) in directories.into_iter().enumerate() {
            let guest = format!("/{}", guest.join("/"));
            if !seen.insert(guest.clone()) {
                continue;
            }
            let kinds = ["read", "create", "modify", "delete", "rename"];
            let asked = &kinds[..if write { asked.min(5) } else { asked.min(1) }];
            let access = if write { "write" } else { "read" };
            let all = |pattern: &&String| pattern.as_str() != "**";
            let deny: Vec<_> = deny.iter().filter(all).collect();
            let mut only: Option<Vec<_>> = only.as_ref().map(|only| only.iter().filter(all).cloned().collect());
            if let Some(only) = only.as_mut().filter(|_| write) {
                only.push(".".to_owned());
            }
            let only = only.filter(|only| !only.is_empty()).map_or(String::new(), |only| format!("only = {only:?}\n"));
            text.push_str(&format!(
                "[[filesystem]]\nhost = \"h{index}\"\nguest = \"{guest}\"\naccess = \"{access}\"\n\
                 deny = {deny:?}\nask = {asked:?}\n{only}"
            ));
        }
        policy(&text)
    }
}

fn any_path() -> impl Strategy<Value = GuestPath> {
    prop::collection::vec(any_name(), 0..6)
        .prop_map(|names| GuestPath::parse(&format!("/{}", names.join("/"))).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn decisions_are_those_of_looking_at_every_grant(policy in any_policy(), path in any_path(), verb in 0..7) {
        let action = match verb {
            0 => Action::FileRead { path: path.clone() },
            1 => Action::FileCreate { path: path.clone() },
            2 => Action::FileModify { path: path.clone(), truncate: false },
            3 => Action::FileDelete { path: path.clone() },
            4 => Action::DirCreate { path: path.clone() },
            5 => Action::DirRemove { path: path.clone() },
            _ => Action::LinkCreate { kind: LinkKind::Symbolic, path: path.clone(), target: "x".to_owned() },
        };
        let expected = expected(&policy, &action).unwrap_or_else(|denial| denial);
        let found = short(&policy, &check(&policy, &action, Origin::Foreign));
        prop_assert_eq!(found, expected, "{} under\n{}", action, policy.text());
    }

    #[test]
    fn the_way_to_what_is_denied_is_found(policy in any_policy(), path in any_path()) {
        let expected = on_the_way(&policy, &path);
        prop_assert_eq!(policy.on_the_way_to_denied(&path), expected, "{} under\n{}", path, policy.text());
    }

    #[test]
    fn what_is_listed_can_be_reached(policy in any_policy(), path in any_path(), under in any_path()) {
        let target = GuestPath::lexical(&path, under.as_str().trim_start_matches('/')).unwrap();
        let grant = |path: &GuestPath| covering(&policy, path).first().map(|found| found.0.id);
        if governing(&policy, &target).is_ok() && grant(&path) == grant(&target) {
            prop_assert!(policy.may_go_through(&path), "{} to {} under\n{}", path, target, policy.text());
        }
    }
}
