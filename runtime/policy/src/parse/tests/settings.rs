//! The document as a whole, and its settings.

use super::errors;

#[test]
fn needs_a_version() {
    let policy = r#""#;
    let expected = r#"line 1, column 1: the policy has no `version`
hint: begin it with `version = 1`"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn refuses_another_version() {
    let policy = r#"version = 2"#;
    let expected = r#"line 1, column 11: `version` must be 1, found `2`"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn version_is_a_number() {
    let policy = r#"version = "1""#;
    let expected = r#"line 1, column 11: `version` must be 1, found the string `1`"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn names_unknown_keys_and_what_is_known() {
    let policy = r#"version = 1
colour = "red"
acess = 1"#;
    let expected = r#"line 2, column 1: unknown key `colour` in the policy
hint: known keys are `version`, `tool`, `filesystem`, `http`, `secrets`, `environment`, `limits`, `approval`, `tls`, `network`, `test`
line 3, column 1: unknown key `acess` in the policy
hint: known keys are `version`, `tool`, `filesystem`, `http`, `secrets`, `environment`, `limits`, `approval`, `tls`, `network`, `test`"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn tables_must_be_tables() {
    let policy = r#"version = 1
secrets = 3
http = [1]
limits = []"#;
    let expected = r#"line 2, column 11: `secrets` must be a table of tables, found an integer
line 3, column 9: `[[http]]` must be a table, found an integer
line 4, column 10: `[limits]` must be a table, found an array"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn reports_every_wrong_setting() {
    let policy = r#"version = 1
[environment]
set = { "A=B" = "1", C = 2, "" = "x" }
[limits]
memory = "lots"
time = 30
fuel = 0
handles = 5000000000
http-requests = "2"
respones-body = 3
[approval]
timeout = "never"
[tool]
sha256 = "abc"
[tls]
ca = """#;
    let expected = r#"line 3, column 9: `A=B` is not the name of an environment variable
line 3, column 26: `C` must be a string, found an integer
line 3, column 29: `` is not the name of an environment variable
line 5, column 10: `memory` must be a size from 1 byte, as in `"16MiB"`, found the string `lots`
line 6, column 8: `time` must be a duration, as in `"500ms"`, `"30s"`, `"10m"` or `"2h"`, found `30`
line 7, column 8: `fuel` must be a whole number from 1, found `0`
line 8, column 11: `handles` must be a whole number from 1 to 4294967295, found `5000000000`
line 9, column 17: `http-requests` must be a whole number from 1 to 4294967295, found the string `2`
line 10, column 1: unknown key `respones-body` in `[limits]`
hint: did you mean `response-body`?
line 12, column 11: `timeout` must be a duration, as in `"500ms"`, `"30s"`, `"10m"` or `"2h"`, found the string `never`
line 14, column 10: `sha256` must be 64 hexadecimal digits, found `abc`
line 16, column 6: `ca` must not be empty"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn tests_that_fail_say_what_was_decided_and_by_what() {
    let policy = r#"version = 1
[[filesystem]]
host = "a"
guest = "/a"
[[test]]
action = "READ /b"
expect = "allow"
[[test]]
action = "DELETE /a/x"
expect = "ask"
[[test]]
action = "READ /a"
expect = "allow"
[[test]]
action = "FLY /a"
expect = "deny""#;
    let expected = r#"line 6, column 10: the test expects `allow`, the policy decides `deny`: no grant covers it
line 9, column 10: the test expects `ask`, the policy decides `deny` by filesystem grant `/a` (line 2): the grant is for reading only
line 15, column 10: `FLY` is not a verb for files; expected one of READ, CREATE, MODIFY, DELETE, CREATE-DIR, REMOVE-DIR, RENAME, RENAME-DIR, LINK, SYMLINK, or a kind such as `file.read`"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn tests_need_an_action_and_an_expectation() {
    let policy = r#"version = 1
[[test]]
action = "READ /b"
expect = "yes"
[[test]]
action = "READ""#;
    let expected = r#"line 4, column 10: `expect` must be `allow`, `ask` or `deny`, found `yes`
line 5, column 1: `[[test]]` has no `expect`"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn syntax_errors_count_columns_in_characters() {
    let policy = r#"version = 1
é = "ü", x"#;
    let expected = r#"line 2, column 1: invalid unquoted key, expected letters, numbers, `-`, `_`
line 2, column 8: unexpected key or value, expected newline, `#`"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn an_unclosed_header_is_one_error() {
    let policy = r#"version = 1
[[filesystem]
host = "a"#;
    let expected = r#"line 2, column 14: unclosed array table, expected `]`"#;
    assert_eq!(errors(policy), expected);
}

#[test]
fn a_key_is_written_once() {
    let policy = r#"version = 1
version = 1"#;
    let expected = r#"line 2, column 1: duplicate key"#;
    assert_eq!(errors(policy), expected);
}
