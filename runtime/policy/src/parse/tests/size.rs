//! How much a policy may say, and that reading it takes work in proportion. Work is counted, not timed.

use super::errors;
use crate::work::steps;
use crate::{
    ENVIRONMENT_MAX, FILESYSTEM_GRANTS_MAX, HOST_BYTES_MAX, HOST_NAMES_MAX, HTTP_GRANTS_MAX, LIST_MAX, LISTED_MAX,
    MESSAGE_CHARS_MAX, PATTERNS_MAX, POLICY_BYTES_MAX, Policy, SECRETS_MAX, TESTS_MAX, TEXT_BYTES_MAX,
};

const GRANT: &str = "[[filesystem]]\nhost = \"a\"\nguest = \"/a\"\n";

/// A text for each number, one after the other.
fn each(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}

/// An array of as many texts.
fn array(count: usize, text: impl Fn(usize) -> String) -> String {
    format!("[{}]", each(count, |number| format!("\"{}\", ", text(number))))
}

fn directories(count: usize) -> String {
    each(count, |number| format!("[[filesystem]]\nhost = \"{number}\"\nguest = \"/{number}\"\n"))
}

fn urls(count: usize) -> String {
    each(count, |number| format!("[[http]]\nurl = \"https://a.test/{number}\"\n"))
}

fn patterns(count: usize) -> String {
    let (denied, listed) = (count / 2, count.div_ceil(2));
    let (deny, only) = (array(denied, |number| format!("**/{number}")), array(listed, |number| format!("{number}/**")));
    format!("{GRANT}deny = {deny}\nonly = {only}\n")
}

fn list(key: &str, entries: &str) -> String {
    format!("[[http]]\nurl = \"https://a.test/\"\n{key} = {entries}\n")
}

fn secrets(count: usize) -> String {
    let grants = each(count.div_ceil(LIST_MAX), |grant| {
        let first = grant * LIST_MAX;
        let names = array(LIST_MAX.min(count - first), |number| format!("s{}", first + number));
        format!("[[http]]\nurl = \"https://a.test/{grant}\"\nsecrets = {names}\n")
    });
    let secrets =
        each(count, |number| format!("[secrets.s{number}]\nenv = \"A\"\nheader = \"x{number}\"\nvalue = \"{{}}\"\n"));
    grants + &secrets
}

fn environment(count: usize) -> String {
    format!("[environment.set]\n{}", each(count, |number| format!("V{number} = \"\"\n")))
}

fn tests(count: usize) -> String {
    each(count, |_| "[[test]]\naction = \"READ /a\"\nexpect = \"deny\"\n".to_owned())
}

fn long_text(bytes: usize) -> String {
    format!("[environment]\nset = {{ A = \"{}\" }}\n", "x".repeat(bytes))
}

fn deep_host(names: usize) -> String {
    GRANT.replace("\"a\"", &format!("\"{}a\"", "a/".repeat(names - 1)))
}

fn long_host(bytes: usize) -> String {
    GRANT.replace("\"a\"", &format!("\"{}\"", "x".repeat(bytes)))
}

#[test]
fn each_count_is_bounded() {
    let network = |number: usize| format!("10.0.0.{number}");
    type Text<'a> = &'a dyn Fn(usize) -> String;
    let cases: [(usize, Text<'_>, &str); 12] = [
        (FILESYSTEM_GRANTS_MAX, &directories, "a policy has at most 10000 `[[filesystem]]`, found 10001"),
        (HTTP_GRANTS_MAX, &urls, "a policy has at most 10000 `[[http]]`, found 10001"),
        (PATTERNS_MAX, &patterns, "a policy has at most 20000 patterns in `deny` and `only` together"),
        (
            LIST_MAX,
            &|count| list("methods", &array(count, |number| format!("M{number}"))),
            "`methods` has at most 64 entries, found 65",
        ),
        (LIST_MAX, &|count| list("networks", &array(count, network)), "`networks` has at most 64 entries, found 65"),
        (SECRETS_MAX, &secrets, "a policy has at most 256 secrets, found 257"),
        (ENVIRONMENT_MAX, &environment, "`set` has at most 1000 variables, found 1001"),
        (TESTS_MAX, &tests, "a policy has at most 1000 `[[test]]`, found 1001"),
        (TEXT_BYTES_MAX, &long_text, "a string in `A` has at most 16384 bytes, found 16385"),
        (HOST_NAMES_MAX, &deep_host, "`host` has at most 64 names, found 65"),
        (HOST_BYTES_MAX, &long_host, "`host` has at most 4096 bytes, found 4097"),
        (POLICY_BYTES_MAX - 12, &|count| "#".repeat(count), "a policy has at most 4194304 bytes, found 4194305"),
    ];
    for (max, text, expected) in cases {
        let allowed = errors(&format!("version = 1\n{}", text(max)));
        assert_eq!(allowed, "", "{expected}");
        let refused = Policy::parse(&format!("version = 1\n{}", text(max + 1))).unwrap_err();
        assert_eq!((refused.as_slice().len(), refused.more()), (1, 0), "{refused}");
        assert_eq!(refused.as_slice()[0].message, expected);
    }
}

#[test]
fn lists_the_first_errors_of_the_file_and_counts_the_others() {
    let count = 3_000;
    let equal = |_| "[[http]]\nurl = \"https://a.test/\"\n".to_owned();
    let refused = Policy::parse(&format!("version = 1\n{}colour = 1\n", each(count, equal))).unwrap_err();
    // Each grant but the first is doubled, once, and the last has an unknown key.
    assert_eq!((refused.as_slice().len(), refused.more()), (LISTED_MAX, count - LISTED_MAX));
    let lines: Vec<u32> = refused.iter().map(|error| error.line).collect();
    let expected: Vec<u32> = (2..).map(|number| 2 * number + 1).take(LISTED_MAX).collect();
    assert_eq!(lines, expected);
    assert!(refused.to_string().ends_with(&format!("\nand {} more", count - LISTED_MAX)), "{refused}");
}

#[test]
fn an_error_is_no_longer_than_a_person_reads() {
    let long = "\u{e9}*".repeat(4_000);
    for text in [
        format!("{} = 1", "k".repeat(100_000)),
        format!("{GRANT}access = \"{long}\""),
        format!("{GRANT}deny = [\"**{long}\"]"),
        format!("{GRANT}only = [\"{long}/\"]"),
        format!("{GRANT}ask = [\"{long}\"]"),
        format!("[[http]]\nurl = \"{long}\""),
        list("methods", &format!("[\"{long}\"]")),
        list("networks", &format!("[\"{long}\"]")),
        list("secrets", &format!("[\"{long}\"]")),
        format!("[secrets.\"{long}\"]\nenv = \"{long}=\"\nheader = \"{long}\"\nvalue = \"{long}\""),
        format!("[[test]]\naction = \"READ {long}\"\nexpect = \"allow\""),
        format!("[[test]]\naction = \"GET https://{long}\"\nexpect = \"allow\""),
        format!("[limits]\nmemory = \"{long}\"\nfuel = {}", "9".repeat(10_000)),
        format!("[environment.set]\n\"{long}=\" = \"\""),
    ] {
        let refused = Policy::parse(&format!("version = 1\n{text}\n")).unwrap_err();
        for error in &refused {
            for text in [Some(&error.message), error.hint.as_ref()].into_iter().flatten() {
                assert!(text.chars().count() <= MESSAGE_CHARS_MAX + 1, "{} characters: {text}", text.chars().count());
            }
        }
    }
    let long = errors(&format!("version = 1\n{GRANT}deny = [\"{}/\"]", "x".repeat(1_000)));
    assert!(long.contains("x…x") && long.contains("empty segment can never match\nhint: write `x"), "{long}");
}

#[test]
fn of_a_long_text_that_makes_no_sense_the_first_error_is_listed() {
    let count = |text: &str| {
        let refused = Policy::parse(text).unwrap_err();
        refused.as_slice().len() + refused.more()
    };
    assert!(count(&"=\n".repeat(100)) >= 100);
    assert_eq!(count(&"=\n".repeat(100_000)), 1);
}

/// How many steps it takes to read a policy, with the work of its decisions.
fn steps_of(text: &str) -> u64 {
    let (_, steps) = steps(|| Policy::parse(&format!("version = 1\n{text}")).is_ok());
    steps
}

/// Fails where twice the policy takes much more than twice the work.
fn assert_linear(what: &str, text: impl Fn(usize) -> String) {
    let (some, more) = (steps_of(&text(500)), steps_of(&text(1_000)));
    assert!(more <= 2 * some + some / 5 + 100, "{what}: {some} steps, then {more}");
    assert!(more < 200_000, "{what}: {more} steps");
}

#[test]
fn twice_the_policy_is_twice_the_work() {
    assert_linear("directories of their own", directories);
    let same = |number: usize, host: &str, deny: &str| {
        format!("[[filesystem]]\nhost = \"{host}\"\nguest = \"/{number}\"\ndeny = [{deny}]\n")
    };
    assert_linear("one directory, granted alike", |count| each(count, |number| same(number, ".", "\"**/x\"")));
    assert_linear("one directory, granted otherwise", |count| {
        each(count, |number| same(number, ".", &format!("\"**/{number}\"")))
    });
    assert_linear("half of the directories in the other half's", |count| {
        let outer = each(count / 2, |number| same(number, ".", "\"**/x\""));
        outer + &each(count / 2, |number| same(number + count, &format!("in/{number}"), "\"**/y\""))
    });
    assert_linear("equal patterns", |count| format!("{GRANT}deny = {}", array(count, |_| "**/x".to_owned())));
    assert_linear("errors on one line", |count| format!("x = [{}", "=".repeat(100 * count)));
    assert_linear("equal URLs", |count| each(count, |_| "[[http]]\nurl = \"https://a.test/\"\n".to_owned()));
    assert_linear("ports of one host", |count| {
        each(count, |number| format!("[[http]]\nurl = \"https://a.test:{}/\"\n", number + 1))
    });
    assert_linear("tests", |count| format!("{GRANT}deny = [\"**/x\"]\n{}", tests(count.min(TESTS_MAX))));
}

#[test]
fn tests_do_not_multiply_with_patterns() {
    // Each test would be compared with each pattern, at the cost of its length times the pattern's.
    let stars = format!("{}b", "*a".repeat(100));
    let deny = array(1_000, |number| format!("{stars}{number}/*"));
    let action = format!("READ /a/{}", "a".repeat(250));
    let tests = each(200, |_| format!("[[test]]\naction = \"{action}\"\nexpect = \"allow\"\n"));
    let ((), steps) = steps(|| {
        let refused = errors(&format!("version = 1\n{GRANT}deny = {deny}\n{tests}"));
        assert!(refused.contains("the tests up to here"), "{refused}");
    });
    assert!(steps <= crate::TEST_WORK_MAX, "{steps}");
}

#[test]
fn the_documentation_names_every_bound() {
    let documented = include_str!("../../../POLICY.md");
    for (what, bound) in [
        ("size", "4 MiB"),
        ("`[[filesystem]]`", "10,000"),
        ("`[[http]]`", "10,000"),
        ("patterns in `deny` and `only`", "20,000"),
        ("one `methods`, `secrets`, `networks` or `ask`", "64"),
        ("secrets", "256"),
        ("variables", "1,000"),
        ("`[[test]]`", "1,000"),
        ("one text", "16 KiB"),
        ("`host`", "4,096 bytes"),
        ("errors that are listed", "50"),
    ] {
        let row = documented.lines().find(|line| line.starts_with(&format!("| {what}")));
        assert!(row.is_some_and(|row| row.contains(bound)), "{what}: {row:?}");
    }
}
