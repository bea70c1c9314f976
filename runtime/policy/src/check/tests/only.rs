//! Decisions under grants with `only`.

use super::{assert_decisions, policy};
use crate::GuestPath;

const ONLY: &str = r#"
[[filesystem]]
host = "a"
guest = "/a"
access = "write"
only = [".", "x.md", "sub", "sub/**/*.md", "dir/**", "made/**"]
deny = ["dir/secret"]
ask = []
"#;

#[test]
fn a_limited_grant_gives_what_it_lists() {
    let policy = policy(ONLY);
    assert_decisions(
        &policy,
        &[
            ("READ /a/y.md", "deny unlisted 3"),
            ("CREATE /a/x.md/below", "deny unlisted 3"),
            ("DELETE /a/sub/x.txt", "deny unlisted 3"),
            ("READ /a/sub/deep", "deny unlisted 3"),
            ("READ /a/dir/secret/x", "deny deny-pattern 3"),
            ("READ /a", "allow 3"),
            ("READ /a/x.md", "allow 3"),
            ("MODIFY /a/sub/deep/x.md", "allow 3"),
            ("CREATE /a/dir/x", "allow 3"),
            ("CREATE-DIR /a/sub", "allow 3"),
        ],
    );
    for (through, expected) in [("/a/sub/deep", true), ("/a/dir", true), ("/a/y.md", false), ("/a/dir/secret", false)] {
        assert_eq!(policy.may_go_through(&GuestPath::parse(through).unwrap()), expected, "{through}");
    }
}

#[test]
fn no_detour_leads_to_what_is_not_listed() {
    assert_decisions(
        &policy(ONLY),
        &[
            ("RENAME /a/x.md -> /a/y.md", "deny unlisted 3"),
            ("RENAME /a/y.md -> /a/x.md", "deny unlisted 3"),
            ("LINK /a/dir/x -> /a/y.md", "deny unlisted 3"),
            ("LINK /a/y.md -> /a/dir/x", "deny unlisted 3"),
            // With the directory, what it holds would get a name that is listed, or take one that is not.
            ("RENAME-DIR /a/sub -> /a/made/sub", "deny on-the-way-to-denied 3"),
            ("RENAME-DIR /a/made/new -> /a/sub", "deny on-the-way-to-denied 3"),
            ("RENAME-DIR /a/made/new -> /a/made/old", "allow 3"),
            ("RENAME /a/x.md -> /a/dir/x", "allow 3"),
            ("SYMLINK /a/x.md -> y.md", "ask 3"),
        ],
    );
}

#[test]
fn a_limit_is_of_its_own_grant() {
    let nested = r#"
[[filesystem]]
host = "a"
guest = "/a"
only = ["x"]
[[filesystem]]
host = "a/sub"
guest = "/a/sub"
"#;
    let decisions = [("READ /a/sub/x", "allow 7"), ("READ /a/sub", "allow 7"), ("READ /a/y", "deny unlisted 3")];
    assert_decisions(&policy(nested), &decisions);
}
