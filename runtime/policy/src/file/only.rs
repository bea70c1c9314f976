//! `only`: the paths that a directory's grant is limited to (an allowlist).
//!
//! A pattern grants exactly the paths that it matches. Unlike in `deny`, a match does not extend to the paths below:
//! `sub` is the directory itself, so that it can be listed, and `sub/**` is everything in it.

use crate::path_pattern::PathPattern;

/// The pattern for the grant's own directory.
pub(crate) const OWN_DIRECTORY: &str = ".";

/// The listed paths of one grant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OnlyPatterns {
    /// Whether `.` is listed.
    own_directory: bool,
    patterns: Vec<PathPattern>,
}

impl OnlyPatterns {
    /// Adds the grant's own directory.
    pub(crate) fn add_own_directory(&mut self) {
        self.own_directory = true;
    }

    /// Adds a pattern that is not listed yet.
    pub(crate) fn add(&mut self, pattern: PathPattern) {
        self.patterns.push(pattern);
    }

    /// The patterns other than `.`.
    pub(crate) fn patterns(&self) -> &[PathPattern] {
        &self.patterns
    }

    /// Whether the path is listed. `relative` is as in [`PathPattern::covers`].
    pub(crate) fn gives(&self, relative: Option<&str>) -> bool {
        (self.own_directory && relative.is_none()) || self.patterns.iter().any(|pattern| pattern.matches(relative))
    }

    /// Whether the path is listed or could lead to a listed one.
    pub(crate) fn leads_through(&self, relative: Option<&str>) -> bool {
        relative.is_none() || self.patterns.iter().any(|pattern| pattern.leads_through(relative))
    }

    /// Whether one pattern lists the path and everything that could lie below it.
    pub(crate) fn gives_all_below(&self, relative: Option<&str>) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches_all_below(relative))
    }

    /// The patterns as written.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.own_directory.then_some(OWN_DIRECTORY).into_iter().chain(self.patterns.iter().map(PathPattern::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(patterns: &[&str]) -> OnlyPatterns {
        let mut only = OnlyPatterns::default();
        for pattern in patterns {
            match *pattern {
                OWN_DIRECTORY => only.add_own_directory(),
                pattern => only.add(PathPattern::parse(pattern).unwrap()),
            }
        }
        only
    }

    #[test]
    fn a_match_says_nothing_of_what_lies_below_it() {
        let only = only(&["sub", "a/*.md"]);
        for path in [None, Some("b"), Some("sub/x"), Some("a"), Some("a/b/c.md"), Some("subs"), Some("a/x.txt")] {
            assert!(!only.gives(path), "{path:?}");
        }
        assert!(only.gives(Some("sub")) && only.gives(Some("a/x.md")));
    }

    #[test]
    fn leads_through_no_more_than_the_way() {
        let only = only(&["a/b/c", "x/**"]);
        for path in [None, Some("a"), Some("a/b"), Some("a/b/c"), Some("x"), Some("x/y/z")] {
            assert!(only.leads_through(path), "{path:?}");
        }
        for path in [Some("b"), Some("a/c"), Some("a/b/c/d"), Some("a/b/d")] {
            assert!(!only.leads_through(path), "{path:?}");
        }
    }

    #[test]
    fn only_a_last_double_star_gives_all_below() {
        let all = only(&["a/**", "b/**/c", "d"]);
        assert!(all.gives_all_below(Some("a")) && all.gives_all_below(Some("a/x/y")));
        for path in [None, Some("b"), Some("b/c"), Some("d")] {
            assert!(!all.gives_all_below(path), "{path:?}");
        }
        assert!(only(&["**"]).gives_all_below(None));
        assert!(!only(&["."]).gives_all_below(None) && only(&["."]).gives(None));
    }

    #[test]
    fn shows_its_patterns_as_they_are_written() {
        assert_eq!(only(&["a", "."]).texts().collect::<Vec<_>>(), [".", "a"]);
    }
}
