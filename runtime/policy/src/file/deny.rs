//! `deny`: what a directory's grant withholds, however it is reached.
//!
//! Most patterns name one segment at any depth, such as `**/.git/**` and `**/*.pem`. They are compared with each
//! segment of the path directly, without running the automaton of a pattern.

use crate::path_pattern::{PathPattern, Wild, segments_of};

/// The patterns of one grant.
#[derive(Clone, Debug, Default)]
pub(crate) struct DenyPatterns {
    /// As they are written.
    patterns: Vec<PathPattern>,
    /// Those that name one segment at any depth.
    names: Vec<Wild>,
    /// All others.
    others: Vec<PathPattern>,
}

impl DenyPatterns {
    pub(crate) fn new(patterns: Vec<PathPattern>) -> Self {
        let mut deny = Self::default();
        for pattern in &patterns {
            match pattern.name_at_any_depth() {
                Some(name) => deny.names.push(name.clone()),
                None => deny.others.push(pattern.clone()),
            }
        }
        Self { patterns, ..deny }
    }

    pub(crate) fn patterns(&self) -> &[PathPattern] {
        &self.patterns
    }

    /// Whether a pattern covers the path, as in [`PathPattern::covers`].
    #[inline]
    pub(crate) fn covers(&self, relative: Option<&str>) -> bool {
        (!self.names.is_empty() && self.has_name_in(relative))
            || self.others.iter().any(|pattern| pattern.covers(relative))
    }

    fn has_name_in(&self, relative: Option<&str>) -> bool {
        segments_of(relative).any(|segment| self.names.iter().any(|name| name.matches_segment(segment)))
    }
}
