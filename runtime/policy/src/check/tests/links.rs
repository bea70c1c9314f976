//! Decisions about links. The gate does not check where a link leads when another program follows it.

use super::file::NESTED;
use super::{assert_decisions, check, policy, short};
use crate::{Action, GuestPath, LinkKind, Origin};

fn path(text: &str) -> GuestPath {
    GuestPath::parse(text).unwrap()
}

#[test]
fn links_do_not_point_to_absolute_paths() {
    let policy = policy(NESTED);
    assert_decisions(
        &policy,
        &[
            ("SYMLINK /w/a -> /etc/passwd", "deny absolute-target 3"),
            ("SYMLINK /w/a -> /w/b", "deny absolute-target 3"),
        ],
    );
    let relative = Action::LinkCreate { kind: LinkKind::Hard, path: path("/w/a"), target: "b".into() };
    assert_eq!(short(&policy, &check(&policy, &relative, Origin::Foreign)), "deny no-grant");
}

#[test]
fn links_that_may_lead_out_of_their_grant_are_asked_about_whatever_ask_says() {
    let policy = policy(
        r#"
[[filesystem]]
host = "a"
guest = "/w"
access = "write"
ask = []

[[filesystem]]
host = "a/in"
guest = "/w/in"
access = "write"
ask = []
"#,
    );
    assert_decisions(
        &policy,
        &[
            ("SYMLINK /w/a -> b", "allow 3"),
            ("SYMLINK /w/a -> ./b/c", "allow 3"),
            ("SYMLINK /w/d/a -> ../b", "allow 3"),
            ("SYMLINK /w/d/e/a -> .././..//b", "allow 3"),
            ("SYMLINK /w/d/e/a -> ../..", "allow 3"),
            ("SYMLINK /w/a -> ..", "ask 3"),
            ("SYMLINK /w/a -> ../b", "ask 3"),
            ("SYMLINK /w/a -> ./../b", "ask 3"),
            ("SYMLINK /w/d/a -> ../../b", "ask 3"),
            // `x` may be a link to a directory higher up.
            ("SYMLINK /w/d/a -> x/../b", "ask 3"),
            ("SYMLINK /w/d/a -> ../x/../b", "ask 3"),
            // The grant that it is in is the one that it leaves.
            ("SYMLINK /w/in/a -> ../b", "ask 9"),
            ("SYMLINK /w/in/d/a -> ../b", "allow 9"),
        ],
    );
}

#[test]
fn links_to_what_the_grant_does_not_give_are_asked_about() {
    let policy = policy(
        r#"
[[filesystem]]
host = "a"
guest = "/w"
access = "write"
ask = []
deny = ["**/.env", "priv/**"]

[[filesystem]]
host = "a/ro"
guest = "/w/ro"
"#,
    );
    assert_decisions(
        &policy,
        &[
            ("SYMLINK /w/site/a -> ../b", "allow 3"),
            ("SYMLINK /w/site/a -> ../.env", "ask 3"),
            ("SYMLINK /w/site/a -> ../priv/k", "ask 3"),
            ("SYMLINK /w/a -> .env", "ask 3"),
            ("SYMLINK /w/a -> ro/f", "ask 3"),
            ("SYMLINK /w/a -> ro", "ask 3"),
        ],
    );
}
