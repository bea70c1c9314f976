//! Decisions about files.

use super::{assert_decisions, check, policy, short};
use crate::{Action, GuestPath, Origin, Policy};

fn path(text: &str) -> GuestPath {
    GuestPath::parse(text).unwrap()
}

/// Two directories, one within the other, and one that may only be read.
pub(super) const NESTED: &str = r#"
[[filesystem]]
host = "w"
guest = "/w"
access = "write"
deny = ["secret/keys/**", "**/.env"]

[[filesystem]]
host = "sub"
guest = "/w/sub"
access = "write"
deny = ["*.pem"]
ask = []

[[filesystem]]
host = "r"
guest = "/r"
"#;

#[test]
fn denies_what_no_grant_covers() {
    assert_decisions(
        &policy(NESTED),
        &[
            ("READ /", "deny no-grant"),
            ("READ /etc/passwd", "deny no-grant"),
            ("READ /w2", "deny no-grant"),
            ("READ /w/../etc", "deny no-grant"),
            ("CREATE /x", "deny no-grant"),
            ("RENAME /w/a -> /x", "deny no-grant"),
            ("RENAME /x -> /w/a", "deny no-grant"),
            ("LINK /w/a -> /etc/passwd", "deny no-grant"),
            ("socket.use tcp", "deny unsupported"),
        ],
    );
}

#[test]
fn a_grant_for_reading_is_for_reading_only() {
    assert_decisions(
        &policy(NESTED),
        &[
            ("READ /r", "allow 16"),
            ("READ /r/a/b", "allow 16"),
            ("CREATE /r/a", "deny read-only 16"),
            ("MODIFY /r/a", "deny read-only 16"),
            ("DELETE /r/a", "deny read-only 16"),
            ("CREATE-DIR /r/a", "deny read-only 16"),
            ("REMOVE-DIR /r/a", "deny read-only 16"),
            ("RENAME /r/a -> /w/a", "deny read-only 16"),
            ("RENAME /w/a -> /r/a", "deny read-only 16"),
            ("SYMLINK /r/a -> b", "deny read-only 16"),
            ("LINK /r/a -> /w/a", "deny read-only 16"),
            // The file would get a second name that may be written.
            ("LINK /w/a -> /r/a", "deny read-only 16"),
        ],
    );
}

#[test]
fn deny_patterns_of_every_grant_above_hold() {
    assert_decisions(
        &policy(NESTED),
        &[
            ("READ /w/secret/keys", "deny deny-pattern 3"),
            ("READ /w/secret/keys/a", "deny deny-pattern 3"),
            ("READ /w/a/../secret/./keys//a", "deny deny-pattern 3"),
            ("READ /w/sub/.env", "deny deny-pattern 3"),
            ("READ /w/sub/a.pem", "deny deny-pattern 9"),
            ("READ /w/a.pem", "allow 3"),
            ("CREATE /w/.env", "deny deny-pattern 3"),
            ("CREATE-DIR /w/secret/keys", "deny deny-pattern 3"),
            ("RENAME /w/.env -> /w/env", "deny deny-pattern 3"),
            ("RENAME /w/env -> /w/.env", "deny deny-pattern 3"),
            ("LINK /w/env -> /w/.env", "deny deny-pattern 3"),
            ("LINK /w/.env -> /w/env", "deny deny-pattern 3"),
            ("SYMLINK /w/.env -> env", "deny deny-pattern 3"),
        ],
    );
}

#[test]
fn the_longest_guest_path_governs() {
    assert_decisions(
        &policy(NESTED),
        &[
            ("READ /w", "allow 3"),
            ("READ /w/a", "allow 3"),
            ("READ /w/sub", "allow 9"),
            ("READ /w/sub/a", "allow 9"),
            ("READ /w/subway", "allow 3"),
            ("MODIFY /w/a", "ask 3"),
            ("MODIFY /w/sub/a", "allow 9"),
        ],
    );
    let narrowed = policy(
        "[[filesystem]]\nhost = \"a\"\nguest = \"/\"\naccess = \"write\"\nask = []\n\
         [[filesystem]]\nhost = \"b\"\nguest = \"/b\"\n",
    );
    assert_decisions(&narrowed, &[("DELETE /a", "allow 2"), ("DELETE /b/a", "deny read-only 7")]);
}

#[test]
fn asks_before_what_cannot_be_undone() {
    assert_decisions(
        &policy(NESTED),
        &[
            ("CREATE /w/a", "allow 3"),
            ("CREATE-DIR /w/a", "allow 3"),
            ("SYMLINK /w/a -> b", "allow 3"),
            ("LINK /w/a -> /w/b", "allow 3"),
            ("MODIFY /w/a", "ask 3"),
            ("DELETE /w/a", "ask 3"),
            ("REMOVE-DIR /w/a", "ask 3"),
            ("RENAME /w/a -> /w/b", "ask 3"),
        ],
    );
    let asks_more = "[[filesystem]]\nhost = \"a\"\nguest = \"/a\"\naccess = \"write\"\nask = [\"read\", \"create\"]\n";
    assert_decisions(
        &policy(asks_more),
        &[("READ /a/b", "ask 2"), ("CREATE /a/b", "ask 2"), ("SYMLINK /a/b -> c", "ask 2"), ("MODIFY /a/b", "allow 2")],
    );
}

#[test]
fn what_the_run_created_is_changed_unasked_but_no_less_denied() {
    let policy = policy(NESTED);
    for (action, expected) in [
        (Action::FileDelete { path: path("/w/a") }, "allow 3"),
        (Action::DirRemove { path: path("/w/a") }, "allow 3"),
        (Action::FileDelete { path: path("/w/.env") }, "deny deny-pattern 3"),
        (Action::FileDelete { path: path("/r/a") }, "deny read-only 16"),
        (Action::FileDelete { path: path("/x") }, "deny no-grant"),
    ] {
        assert_eq!(short(&policy, &check(&policy, &action, Origin::CreatedByRun)), expected, "{action}");
    }
    let checkpoint = Action::Checkpoint { title: "x".into(), detail: String::new() };
    assert_eq!(short(&policy, &check(&policy, &checkpoint, Origin::CreatedByRun)), "ask");
}

#[test]
fn a_directory_of_the_run_is_not_taken_where_less_is_asked_about() {
    let policy = policy(NESTED);
    let rename = |from, to| Action::FileRename { from: path(from), to: path(to), replaces: false, directory: true };
    let strict = "[[filesystem]]\nhost = \"s\"\nguest = \"/s\"\naccess = \"write\"\n\
        [[filesystem]]\nhost = \"l\"\nguest = \"/l\"\naccess = \"write\"\nask = []\n";
    let two = super::policy(strict);
    // It may hold a link to a file of somebody's, which would be changed over there without a question.
    assert_eq!(short(&two, &check(&two, &rename("/s/d", "/l/d"), Origin::CreatedByRun)), "ask 2");
    assert_eq!(short(&two, &check(&two, &rename("/l/d", "/s/d"), Origin::CreatedByRun)), "allow 2");
    assert_eq!(short(&two, &check(&two, &rename("/s/d", "/s/e"), Origin::CreatedByRun)), "allow 2");
    assert_eq!(short(&policy, &check(&policy, &rename("/w/d", "/w/e"), Origin::CreatedByRun)), "allow 3");
}

#[test]
fn a_directory_above_something_denied_keeps_its_name() {
    assert_decisions(
        &policy(NESTED),
        &[
            ("RENAME-DIR /w/secret -> /w/open", "deny on-the-way-to-denied 3"),
            ("RENAME /w/secret -> /w/open", "ask 3"),
            ("RENAME-DIR /w/src -> /w/lib", "ask 3"),
            // Another grant's directory would go with it, or be moved itself.
            ("RENAME-DIR /w/sub -> /w/lib", "deny on-the-way-to-denied 9"),
            // `**/.env` holds in `/w` but not in `/o`.
            ("LINK /w/a -> /w/secret", "deny on-the-way-to-denied 3"),
        ],
    );
    let two = r#"
[[filesystem]]
host = "a"
guest = "/a"
access = "write"
deny = ["**/.env"]
ask = []
[[filesystem]]
host = "b"
guest = "/b"
access = "write"
ask = []
"#;
    assert_decisions(
        &policy(two),
        &[
            ("RENAME-DIR /a/src -> /b/src", "deny on-the-way-to-denied 3"),
            ("RENAME-DIR /a/src -> /a/lib", "allow 3"),
            // `/b/src/.env` may be made, and would be `/a/src/.env` then.
            ("RENAME-DIR /b/src -> /a/src", "deny on-the-way-to-denied 9"),
            ("RENAME /a/file -> /b/file", "allow 3"),
        ],
    );
}

#[test]
fn nothing_takes_a_name_on_the_way_to_something_denied() {
    let hooks = r#"
[[filesystem]]
host = "a"
guest = "/a"
access = "write"
deny = ["**/.git/hooks/**", "keys/private/**"]
ask = []
"#;
    assert_decisions(
        &policy(hooks),
        &[
            // Files prepared elsewhere would get a denied path.
            ("RENAME-DIR /a/prepared -> /a/.git", "deny on-the-way-to-denied 3"),
            ("RENAME-DIR /a/prepared -> /a/src/.git", "deny on-the-way-to-denied 3"),
            ("RENAME-DIR /a/prepared -> /a/keys", "deny on-the-way-to-denied 3"),
            ("SYMLINK /a/.git -> prepared", "deny on-the-way-to-denied 3"),
            ("SYMLINK /a/keys -> prepared", "deny on-the-way-to-denied 3"),
            ("RENAME-DIR /a/prepared -> /a/src", "allow 3"),
            ("SYMLINK /a/link -> prepared", "allow 3"),
            ("CREATE-DIR /a/.git", "allow 3"),
        ],
    );
}

#[test]
fn knows_what_is_on_the_way() {
    let policy = policy(NESTED);
    for (directory, expected) in [
        ("/", true),
        ("/w", true),
        ("/w/secret", true),
        ("/w/sub", true),
        ("/w/src", false),
        ("/w/sub/src", false),
        ("/r/a", false),
        ("/elsewhere", false),
    ] {
        assert_eq!(policy.on_the_way_to_denied(&path(directory)), expected, "{directory}");
    }
}

#[test]
fn no_detour_avoids_being_asked() {
    let two = r#"
[[filesystem]]
host = "a"
guest = "/a"
access = "write"
ask = ["modify"]
[[filesystem]]
host = "b"
guest = "/b"
access = "write"
ask = []
"#;
    let policy = policy(two);
    // Moved or linked to where nothing is asked, the file could be changed there.
    assert_decisions(
        &policy,
        &[
            ("RENAME /a/x -> /b/x", "ask 3"),
            ("LINK /b/x -> /a/x", "ask 3"),
            ("RENAME /a/x -> /a/y", "allow 3"),
            ("RENAME /b/x -> /a/x", "allow 8"),
            ("LINK /a/x -> /b/x", "allow 3"),
        ],
    );
    // Renaming over a file changes it as much as writing to it.
    let over =
        |from: &str, to: &str| Action::FileRename { from: path(from), to: path(to), replaces: true, directory: false };
    for (action, expected) in
        [(over("/b/x", "/a/x"), "ask 3"), (over("/a/x", "/a/y"), "ask 3"), (over("/b/x", "/b/y"), "allow 8")]
    {
        assert_eq!(short(&policy, &check(&policy, &action, Origin::Foreign)), expected, "{action}");
    }
}

#[test]
fn nothing_is_granted_without_a_policy() {
    let policy = Policy::deny_all();
    assert_decisions(
        &policy,
        &[("READ /", "deny no-grant"), ("GET https://example.com/", "deny no-grant"), ("CHECKPOINT go on", "ask")],
    );
    assert!(!policy.on_the_way_to_denied(&path("/")));
}
