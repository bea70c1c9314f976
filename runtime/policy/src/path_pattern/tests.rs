//! Patterns against paths, and against a matcher that follows the grammar literally.

use super::*;
use crate::http::url::Url;
use crate::http::url_pattern::UrlPattern;
use crate::work::steps;
use proptest::prelude::*;

fn covers(pattern: &str, path: &str) -> bool {
    PathPattern::parse(pattern).unwrap().covers(relative(path))
}

fn relative(path: &str) -> Option<&str> {
    (!path.is_empty()).then_some(path)
}

#[test]
fn covers_what_it_matches_and_what_lies_below() {
    for (pattern, path, expected) in [
        ("secret", "secret", true),
        ("secret", "secret/key", true),
        ("secret", "secrets", false),
        ("secret", "a/secret", false),
        ("secret", "", false),
        ("secret/**", "secret", true),
        ("secret/**", "secret/a/b", true),
        ("**/.git/**", ".git", true),
        ("**/.git/**", ".git/config", true),
        ("**/.git/**", "a/b/.git/hooks/x", true),
        ("**/.git/**", ".gitignore", false),
        ("**/.git/**", "", false),
        ("**/.env", ".env", true),
        ("**/.env", "a/.env", true),
        ("**/.env", "a/.envrc", false),
        ("**/.ENV", ".env", false),
        ("*.pem", "a.pem", true),
        ("*.pem", ".pem", true),
        ("*.pem", "x/a.pem", false),
        ("**/*.pem", "x/y/a.pem", true),
        ("a/*/c", "a/b/c", true),
        ("a/*/c", "a/c", false),
        ("a/*/c", "a/b/b/c", false),
        ("a/**/c", "a/c", true),
        ("a/**/c", "a/b/b/c", true),
        ("a/**/**/c", "a/c", true),
        ("?", "é", true),
        ("?", "ab", false),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*a*b*", "xxaxxbxx", true),
        ("*a*b*", "xxbxxaxx", false),
        ("日*", "日本", true),
        (r"a\*", "a*", true),
        (r"a\*", "ab", false),
        (r"\*\*", "**", true),
        (r"\*\*", "x", false),
        (r"\**", "*x", true),
        (r"\**", "x", false),
        (r"\?\[\]\{\}\\\!", r"?[]{}\!", true),
        (r"**/*.\?", "x/a.?", true),
        (r"**/*.\?", "x/a.b", false),
    ] {
        assert_eq!(covers(pattern, path), expected, "{pattern} {path}");
    }
}

#[test]
fn many_stars_cost_no_more_than_their_product() {
    let path = format!("{}b", "a".repeat(250));
    assert!(!covers(&format!("{}c", "*a".repeat(60)), &path));
    assert!(covers(&format!("{}b", "*a".repeat(60)), &path));
    let deep = vec!["a"; 256].join("/");
    assert!(!covers(&format!("{}c", "**/a/".repeat(30)), &deep));
}

/// The most work that a match takes: each byte of the path is compared with each byte of the pattern, and with their
/// ends.
fn product(pattern: &str, path: &str) -> u64 {
    2 * (pattern.len() as u64 + 1) * (path.len() as u64 + 1)
}

proptest! {
    #[test]
    fn no_pattern_costs_more_than_its_length_times_the_path(
        pattern in "(\\*\\*/|\\*a?/|a?\\*a/|\\*a\\*a\\*b/|a/){0,12}(\\*\\*|\\*a\\*b|b)",
        path in "(a{1,12}/){0,20}[ab]{1,40}",
    ) {
        let compiled = PathPattern::parse(&pattern).unwrap();
        type Match = fn(&PathPattern, Option<&str>) -> bool;
        let matches: [Match; 5] = [
            PathPattern::covers,
            PathPattern::matches,
            PathPattern::leads_through,
            PathPattern::is_entered_by,
            PathPattern::matches_all_below,
        ];
        for matches in matches {
            let (_, steps) = steps(|| matches(&compiled, Some(&path)));
            prop_assert!(steps <= product(&pattern, &path), "{} steps", steps);
        }
        let url = UrlPattern::parse(&format!("https://a.test/{pattern}?{pattern}")).unwrap();
        let asked = Url::parse_str(&format!("https://a.test/{path}?{path}")).unwrap();
        let (_, steps) = steps(|| url.matches(&asked));
        prop_assert!(steps <= 2 * product(&pattern, &path), "{} steps", steps);
    }
}

#[test]
fn the_worst_patterns_cost_no_more_than_their_product() {
    let longest = "a".repeat(255);
    for (pattern, path) in [
        (format!("{}c", "*a".repeat(2_000)), vec![longest.as_str(); 16].join("/")),
        (format!("{}c", "**/*a*a/".repeat(20)), vec!["a"; 256].join("/")),
        (format!("{}c", "**/a/".repeat(30)), vec!["a"; 256].join("/")),
        (format!("{}**", "*/".repeat(61)), vec!["a"; 256].join("/")),
    ] {
        let compiled = PathPattern::parse(&pattern).unwrap();
        let (_, steps) = steps(|| compiled.covers(Some(&path)));
        assert!(steps <= product(&pattern, &path), "{steps} steps");
    }
}

#[test]
fn a_directory_is_on_the_way_once_something_of_the_pattern_is_matched() {
    for (pattern, directory, expected) in [
        ("**/.git/**", "src", false),
        ("**/.git/**", ".git", true),
        ("**/.git/**", "a/.git/b", true),
        ("secret/keys/**", "secret", true),
        ("secret/keys/**", "secret/keys", true),
        ("secret/keys/**", "other", false),
        ("secret/keys/**", "secret/other", false),
        ("secret/keys/**", "", true),
        ("**/a/b/**", "x/a", true),
        ("**/a/b/**", "x/b", false),
        ("**/a/b/**", "a/a", true),
        ("*/keys", "anything", true),
        ("a/**/x", "a", true),
        ("a/**/x", "a/b/c", true),
        ("a/**/x", "b", false),
        ("**/.env", "x", false),
        ("**/.env", "", false),
    ] {
        let pattern = PathPattern::parse(pattern).unwrap();
        assert_eq!(pattern.is_entered_by(relative(directory)), expected, "{pattern} {directory}");
    }
}

#[test]
fn a_backslash_stands_only_before_what_has_a_meaning() {
    for pattern in [r"a\b", r"a\", r"a\/b", r"\.", r"a/\"] {
        assert_eq!(PathPattern::parse(pattern), Err(PatternError::Reserved('\\')), "{pattern}");
    }
    assert_eq!(PathPattern::parse(r"\\["), Err(PatternError::Reserved('[')));
    assert_eq!(PathPattern::parse(r"\\**"), Err(PatternError::DoubleStar(r"\\**".to_owned())));
}

#[test]
fn bounds_its_own_length() {
    let longest = vec!["a"; PATTERN_SEGMENTS_MAX].join("/");
    assert!(PathPattern::parse(&longest).is_ok());
    assert!(covers(&longest, &longest));
    assert_eq!(PathPattern::parse(&format!("{longest}/a")), Err(PatternError::TooLong));
    assert_eq!(PathPattern::parse(&"a".repeat(PATTERN_BYTES_MAX + 1)), Err(PatternError::TooLong));
    assert_eq!(PathPattern::parse("a\nb"), Err(PatternError::Control));
}

/// The grammar, implemented as directly as possible.
pub(crate) fn naive(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => {
            naive(rest, path) || path.split_first().is_some_and(|(_, below)| naive(pattern, below))
        }
        (Some((segment, rest)), Some((name, below))) => {
            let segment: Vec<char> = segment.chars().collect();
            let name: Vec<char> = name.chars().collect();
            naive_segment(&segment, &name) && naive(rest, below)
        }
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn naive_segment(pattern: &[char], name: &[char]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some(('\\', quoted)), _) => match (quoted.split_first(), name.split_first()) {
            (Some((token, rest)), Some((character, below))) => token == character && naive_segment(rest, below),
            _ => false,
        },
        (Some(('*', rest)), _) => {
            naive_segment(rest, name) || name.split_first().is_some_and(|(_, below)| naive_segment(pattern, below))
        }
        (Some((token, rest)), Some((character, below))) => {
            (*token == '?' || token == character) && naive_segment(rest, below)
        }
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn pattern_text() -> impl Strategy<Value = String> {
    let segment = prop_oneof![Just("**".to_owned()), "[ab?]{1,3}", "[ab*?]{1,2}", "a\\*b\\*", r"([ab*?]|\\[*?!]){1,3}"];
    prop::collection::vec(segment, 1..5).prop_map(|segments| segments.join("/"))
}

proptest! {
    #[test]
    fn equals_the_naive_matcher(pattern in pattern_text(), path in "([abé*?!]{1,3}(/[abé*?!]{1,3}){0,4})?") {
        if let Ok(compiled) = PathPattern::parse(&pattern) {
            let segments: Vec<&str> = pattern.split('/').collect();
            let names: Vec<&str> = relative(&path).into_iter().flat_map(|path| path.split('/')).collect();
            let expected = (0..=names.len()).any(|end| naive(&segments, &names[..end]));
            prop_assert_eq!(compiled.covers(relative(&path)), expected, "{} {}", pattern, path);
        }
    }

    /// The condition for moving a directory safely: everything that is denied below it stays denied below its new name.
    #[test]
    fn a_directory_that_is_not_on_the_way_takes_nothing_denied_with_it(
        pattern in pattern_text(),
        from in "[ab]{1,2}(/[ab]{1,2}){0,2}",
        to in "[ab]{1,2}(/[ab]{1,2}){0,2}",
        below in "[ab]{1,2}(/[ab]{1,2}){0,2}",
    ) {
        if let Ok(compiled) = PathPattern::parse(&pattern)
            && !compiled.is_entered_by(Some(&from))
            && compiled.covers(Some(&format!("{from}/{below}")))
        {
            let moved = format!("{to}/{below}");
            prop_assert!(compiled.covers(Some(&moved)));
        }
    }

    #[test]
    fn displays_what_was_parsed(pattern in "[a-z*?./é]{1,12}") {
        if let Ok(compiled) = PathPattern::parse(&pattern) {
            prop_assert_eq!(compiled.to_string(), pattern);
        }
    }
}
