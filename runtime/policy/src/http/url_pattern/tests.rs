//! Patterns against URLs, refused cases first.

use super::*;

fn matches(pattern: &str, url: &str) -> bool {
    UrlPattern::parse(pattern).unwrap().matches(&Url::parse_str(url).unwrap())
}

#[test]
fn refuses_other_scheme_host_and_port() {
    for url in [
        "http://example.com/",
        "http://example.com:443/",
        "https://example.com:8443/",
        "https://example.com.evil.test/",
        "https://evil-example.com/",
        "https://www.example.com/",
        "https://example.co/",
    ] {
        assert!(!matches("https://example.com/**", url), "{url}");
    }
    assert!(matches("https://example.com/**", "https://EXAMPLE.com.:443/a"));
}

#[test]
fn host_wildcard_is_below_the_name_and_never_the_name() {
    for (url, expected) in [
        ("https://a.example.com/", true),
        ("https://a.b.example.com/", true),
        ("https://example.com/", false),
        ("https://aexample.com/", false),
        ("https://a.example.com.evil.test/", false),
        ("https://127.0.0.1/", false),
    ] {
        assert_eq!(matches("https://*.example.com/**", url), expected, "{url}");
    }
}

#[test]
fn path_wildcards_stay_in_their_segments() {
    for (pattern, path, expected) in [
        ("/", "/", true),
        ("/", "/a", false),
        ("/**", "/", true),
        ("/**", "/a//b/", true),
        ("/repos/**", "/repos", true),
        ("/repos/**", "/repos/", true),
        ("/repos/**", "/repos/a/b", true),
        ("/repos/**", "/repository", false),
        ("/repos/**", "/repos/../admin", false),
        ("/repos/**", "/repos/%2e%2e/admin", false),
        ("/repos/*/issues", "/repos/a/issues", true),
        ("/repos/*/issues", "/repos/a/b/issues", false),
        ("/repos/*/issues", "/repos//issues", false),
        ("/repos/*/issues", "/repos/a/issues/", false),
        ("/repos/*", "/repos/", false),
        ("/a*c", "/abc", true),
        ("/a*c", "/ab/c", false),
        ("/**/x", "/a/b/x", true),
        ("/**/x", "/x", true),
        ("/caf%c3%a9", "/café", true),
        ("/café", "/caf%C3%A9", true),
        ("/%61", "/a", true),
    ] {
        let pattern = format!("https://example.com{pattern}");
        let url = format!("https://example.com{path}");
        assert_eq!(matches(&pattern, &url), expected, "{pattern} {url}");
    }
}

#[test]
fn query_is_free_unless_the_pattern_has_one() {
    for (pattern, url, expected) in [
        ("/a", "/a?x=1", true),
        ("/a?x=1", "/a?x=1", true),
        ("/a?x=1", "/a?x=1&y=2", false),
        ("/a?x=1", "/a", false),
        ("/a?x=*", "/a?x=", true),
        ("/a?x=*", "/a?y=&x=", false),
        ("/a?", "/a?", true),
        ("/a?", "/a?x", false),
        ("/a?", "/a", true),
        ("/a?*", "/a", false),
    ] {
        let pattern = format!("https://example.com{pattern}");
        let url = format!("https://example.com{url}");
        assert_eq!(matches(&pattern, &url), expected, "{pattern} {url}");
    }
}

#[test]
fn refuses_patterns_that_could_mean_two_things() {
    for (text, message) in [
        ("https://example.com", "the URL has no path"),
        ("https://example.com?x", "the URL has no path"),
        ("example.com/", "a URL must begin with `http://` or `https://`"),
        ("https://*/", "a host may only have a wildcard as its first label, found `*`"),
        ("https://*.*.com/", "a host may only have a wildcard as its first label, found `*.*.com`"),
        ("https://a*.com/", "a host may only have a wildcard as its first label, found `a*.com`"),
        ("https://a.*.com/", "a host may only have a wildcard as its first label, found `a.*.com`"),
        ("https://example.com:*/", "`*` is not a port"),
        ("https://*.1.2.3.4/", "an address has no names below it, found `*.1.2.3.4`"),
        ("https://user@example.com/", "a URL must not contain a user name or password"),
        ("https://example.com/a/../b", "a pattern with a `..` segment can never match"),
        ("https://example.com/%2e/b", "a pattern with a `.` segment can never match"),
        ("https://example.com/a%2Fb", "`%2F` is ambiguous: some servers take it for a `/`"),
        ("https://example.com/a**", "`**` must be a whole segment, found `a**`"),
        ("https://example.com/{a,b}", "`{` has no meaning in patterns, which have `*`, `?` and `**`"),
    ] {
        let error = UrlPattern::parse(text).unwrap_err();
        assert_eq!(error.to_string(), message, "{text}");
    }
}

#[test]
fn more_pinned_down_is_more_specific() {
    let ascending = [
        "https://*.com/a/b",
        "https://*.example.com/a/b",
        "https://a.example.com/**",
        "https://a.example.com/**/issues",
        "https://a.example.com/repos/**",
        "https://a.example.com/repos/x*",
        "https://a.example.com/repos/acme/*",
        "https://a.example.com/repos/acme/x",
        "https://a.example.com/repos/acme/x?q=*",
    ];
    let ranks: Vec<_> = ascending.iter().map(|text| UrlPattern::parse(text).unwrap().specificity()).collect();
    assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
}

#[test]
fn no_star_stands_for_the_parameters_of_a_segment() {
    for (pattern, path, expected) in [
        ("/v1/*/items", "/v1/7/items", true),
        // Tomcat and others remove `;x=1`, and look for `/v1/items`.
        ("/v1/*/items", "/v1/;x=1/items", false),
        ("/v1/*/items", "/v1/7;x=1/items", false),
        ("/v1/*/items", "/v1/%3Bx/items", false),
        ("/v1/*/items", "/v1/%253Bx/items", false),
        ("/v1/*/items", "/v1/%25253bx/items", false),
        ("/v1/*/items", "/v1/%25%33Bx/items", false),
        ("/v1/*/items", "/v1/\u{ff1b}x/items", false),
        ("/v1/*/items", "/v1/3B%20%C3%A93b/items", true),
        ("/v1/*%253Bv", "/v1/a%253Bv", true),
        ("/v1/*%253Bv", "/v1/a%253Bb%253Bv", false),
        ("/v1/*/items", "/v1/%3bx/items", false),
        ("/v1/*.json", "/v1/admin;x=.json", false),
        ("/v1/*.json", "/v1/admin%3Bx=.json", false),
        ("/v1/*.json", "/v1/a.json", true),
        ("/v1/public*", "/v1/public;x", false),
        ("/v1/*;v=1", "/v1/a;v=1", true),
        ("/v1/*;v=1", "/v1/a;x;v=1", false),
        ("/v1/*;v=*", "/v1/a;v=2", true),
        ("/v1/*;v=*", "/v1/a;v=2;x", false),
        ("/v1/*%3Bv", "/v1/a%3Bv", true),
        ("/v1/a;b/*", "/v1/a;b/c", true),
        ("/v1/a;b/*", "/v1/a;b/c;d", false),
        ("/v1/**", "/v1/a;x/b", true),
        ("/v1/**/items", "/v1/a;x/items", true),
    ] {
        let (pattern, url) = (format!("https://example.com{pattern}"), format!("https://example.com{path}"));
        assert_eq!(matches(&pattern, &url), expected, "{pattern} {url}");
    }
}

#[test]
fn no_star_stands_for_another_parameter_of_the_query() {
    for (pattern, url, expected) in [
        ("/a?q=*", "/a?q=some+words", true),
        ("/a?q=*", "/a?q=x&admin=1", false),
        ("/a?q=*", "/a?q=x;admin=1", false),
        ("/a?q=*", "/a?q=x%26admin=1", true),
        ("/a?q=*&page=*", "/a?q=x&page=2", true),
        ("/a?q=*&page=*", "/a?q=x&page=2&admin=1", false),
        ("/a?*", "/a?q=x&admin=1", true),
        ("/a?*=1", "/a?x=1", true),
        ("/a?*=1", "/a?x=1&y=1", false),
    ] {
        let (pattern, url) = (format!("https://example.com{pattern}"), format!("https://example.com{url}"));
        assert_eq!(matches(&pattern, &url), expected, "{pattern} {url}");
    }
}

#[test]
fn an_encoded_slash_is_a_character_of_its_segment_where_the_pattern_says_so() {
    for (pattern, path, expected) in [
        ("/projects/*/issues", "/projects/acme%2fsite/issues", true),
        ("/projects/*/issues", "/projects/acme/site/issues", false),
        ("/projects/acme%2F*/issues", "/projects/acme%2fsite/issues", true),
        ("/projects/acme%2f*/issues", "/projects/acme%2Fsite%2Fx/issues", true),
        ("/projects/acme%2F*/issues", "/projects/other%2Fsite/issues", false),
        ("/projects/acme%2Fsite", "/projects/acme%2fsite", true),
        ("/projects/acme%2Fsite", "/projects/acme/site", false),
        ("/projects/acme/site", "/projects/acme%2Fsite", false),
        ("/projects/**", "/projects/acme%2Fsite/files/a%2Fb", true),
        ("/projects/**", "/projects%2Facme", false),
        ("/projects/*%3Bv", "/projects/a%2Fb%3Bv", true),
        ("/projects/*", "/projects/a%2Fb;x", false),
    ] {
        let pattern = format!("https://example.com{pattern}");
        let url = Url::parse_str(&format!("https://example.com{path}")).unwrap();
        assert_eq!(UrlPattern::parse_with(&pattern, true).unwrap().matches(&url), expected, "{pattern} {path}");
        let without = UrlPattern::parse(&pattern).is_ok_and(|pattern| pattern.matches(&url));
        assert_eq!(without, expected && !url.has_encoded_slash(), "{pattern} {path}");
    }
}
