//! `[[filesystem]]`.

use super::errors;

#[test]
fn a_single_table_is_not_an_array_of_tables() {
    let policy = r#"version = 1
[filesystem]
host = "a""#;
    let expected = r#"line 2, column 1: `filesystem` must be an array of tables, found a table
hint: write `[[filesystem]]`"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn reports_every_wrong_key_of_every_grant() {
    let policy = r#"version = 1
[[filesystem]]
host = ""
[[filesystem]]
guest = "notes/"
host = 3
[[filesystem]]
host = "a"
guest = "/a"
access = "rw""#;
    let expected = r#"line 2, column 1: `[[filesystem]]` has no `guest`
line 3, column 8: `host` must not be empty
line 5, column 9: `notes/` cannot be `guest`: a guest path must begin with `/`
hint: write `/notes`
line 6, column 8: `host` must be a string, found an integer
line 10, column 10: `access` must be `read` or `write`, found `rw`
hint: write `access = "write"`, which includes reading"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn a_guest_path_has_no_home() {
    let hint = |guest: &str| errors(&format!("version = 1\n[[filesystem]]\nhost = \"a\"\nguest = \"{guest}\""));
    assert!(hint("~/notes").ends_with("hint: write `/notes`"), "{}", hint("~/notes"));
    assert!(hint("~ann/a/").ends_with("hint: write `/a`"), "{}", hint("~ann/a/"));
}

#[test]
fn a_text_without_quotes_is_one_error() {
    for value in ["./notes", "/srv/notes", "~/notes", "notes", "$HOME/notes # mine", "a b.c"] {
        let found = errors(&format!("version = 1\n[[filesystem]]\nhost = {value}\nguest = \"/notes\"\n"));
        let value = value.split(" #").next().unwrap();
        let expected = format!(
            "line 3, column 8: `{value}` is not in quotes\nhint: a text is in double quotes: host = \"{value}\""
        );
        assert_eq!(found, expected);
    }
}

#[test]
fn one_text_in_place_of_a_list_is_shown_as_a_list() {
    let found = errors("version = 1\n[[filesystem]]\nhost = \"a\"\nguest = \"/a\"\nask = \"modify\"");
    let expected =
        "line 5, column 7: `ask` must be an array of strings, found a string\nhint: write `ask = [\"modify\"]`";
    assert_eq!(found, expected);
}

#[test]
fn a_guest_path_is_granted_once() {
    let policy = r#"version = 1
[[filesystem]]
host = "a"
guest = "/a"
[[filesystem]]
host = "b"
guest = "/a""#;
    let expected = r#"line 7, column 9: the guest path `/a` is granted already (line 2)"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn refuses_patterns_that_can_never_match() {
    let policy = r#"version = 1
[[filesystem]]
host = "a"
guest = "/a"
deny = ["", "/x", "a//b", "x/", "../x", "**.pem", "*.{a,b}", "**", "ok", "ok", 3]"#;
    let expected = r#"line 5, column 9: `` cannot be in `deny`: a pattern must not be empty
line 5, column 13: `/x` cannot be in `deny`: a pattern is relative to its grant and must not begin with `/`
hint: write `x`
line 5, column 19: `a//b` cannot be in `deny`: a pattern with an empty segment can never match
line 5, column 27: `x/` cannot be in `deny`: a pattern with an empty segment can never match
hint: write `x`, which covers what is in it too
line 5, column 33: `../x` cannot be in `deny`: a pattern with a `..` segment can never match
line 5, column 41: `**.pem` cannot be in `deny`: `**` must be a whole segment, found `**.pem`
hint: `*` stays within a segment, `**/` goes any number of directories down
line 5, column 51: `*.{a,b}` cannot be in `deny`: `{` has no meaning in patterns, which have `*`, `?` and `**`
hint: write one pattern for each alternative; `?` stands for any character, `\\{` for this one
line 5, column 62: `**` denies the whole directory
hint: remove the grant instead
line 5, column 74: `ok` is in `deny` already
line 5, column 80: `deny` must be a string, found an integer"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn refuses_questions_that_are_never_asked() {
    let policy = r#"version = 1
[[filesystem]]
host = "a"
guest = "/a"
ask = ["modify", "read", "read", "deletes"]"#;
    let expected = r#"line 5, column 8: `modify` can never be asked: the grant is for reading only
hint: set `access = "write"`, or remove it
line 5, column 26: `read` is in `ask` already
line 5, column 34: `deletes` cannot be in `ask`; expected `read`, `create`, `modify`, `delete`, `rename`
hint: did you mean `delete`?"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn refuses_limits_that_say_nothing() {
    let policy = r#"version = 1
[[filesystem]]
host = "a"
guest = "/a"
only = [".", "x", "x", "sub/", "/y", "**", "."]
[[filesystem]]
host = "b"
guest = "/b"
only = []"#;
    let expected = r#"line 5, column 19: `x` is in `only` already
line 5, column 24: `sub/` cannot be in `only`: a pattern with an empty segment can never match
hint: write `sub` for the directory itself, or `sub/**` for all of it
line 5, column 32: `/y` cannot be in `only`: a pattern is relative to its grant and must not begin with `/`
hint: write `y`
line 5, column 38: `**` is the whole directory
hint: remove `only`: without it a grant gives everything
line 5, column 44: `.` is in `only` already
line 9, column 8: `only` is empty, so the grant gives nothing
hint: remove the grant instead"#;
    assert_eq!(errors(policy), expected);
}
