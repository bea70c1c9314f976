//! Patterns over the segments of a path: `*`, `?` and `**`.
//!
//! A pattern is compiled to a nondeterministic automaton (NFA) whose states are the positions between its segments. All
//! live states advance together, one bit each, so the cost is at most (segments of the path) × (segments of the
//! pattern), whatever either contains.

mod wild;

use crate::http::url::parameters;
use crate::work::step;
use std::fmt;

use wild::is_quotable;
pub(crate) use wild::{Dialect, Wild, segments_of};

/// Most segments of a pattern. One bit per position, and one more for the end, must fit the 64 bits of a state set.
pub const PATTERN_SEGMENTS_MAX: usize = 62;

/// Longest pattern, in bytes. No longer pattern could match a path.
pub const PATTERN_BYTES_MAX: usize = 4096;

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// The pattern is empty.
    #[error("a pattern must not be empty")]
    Empty,
    /// The pattern begins with `/`.
    #[error("a pattern is relative to its grant and must not begin with `/`")]
    Absolute,
    /// The pattern has an empty segment.
    #[error("a pattern with an empty segment can never match")]
    EmptySegment,
    /// The pattern has a segment `.` or `..`.
    #[error("a pattern with a `{0}` segment can never match")]
    DotSegment(&'static str),
    /// `**` is not a whole segment.
    #[error("`**` must be a whole segment, found `{0}`")]
    DoubleStar(String),
    /// The pattern uses a character that is special in other glob languages.
    #[error("`{0}` has no meaning in patterns, which have `*`, `?` and `**`")]
    Reserved(char),
    /// The pattern contains a control character, which is more likely a mistake than a file name.
    #[error("a pattern must not contain control characters")]
    Control,
    /// The pattern is too long.
    #[error("a pattern has at most 62 segments and 4096 bytes")]
    TooLong,
}

/// A glob pattern for guest paths, relative to its grant.
///
/// `*` matches any run of characters within a segment, `?` one character, and `**` any number of segments, even none;
/// after a `\`, these and the reserved characters stand for themselves. A match also covers everything below it.
/// Matching is case-sensitive: on a case-insensitive host file system, write one pattern for each spelling, or grant a
/// directory in which the guest cannot choose the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    segments: Segments,
}

impl PathPattern {
    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// Refuses patterns that can never match, and the characters `[ ] { } \ !` of other glob languages without a `\` in
    /// front: taken literally, `*.{pem,key}` would silently protect nothing.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.len() > PATTERN_BYTES_MAX {
            return Err(PatternError::TooLong);
        }
        if text.starts_with('/') {
            return Err(PatternError::Absolute);
        }
        if text.chars().any(char::is_control) {
            return Err(PatternError::Control);
        }
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let is_quoted = character == '\\' && characters.next().is_some_and(is_quotable);
            if !is_quoted && matches!(character, '[' | ']' | '{' | '}' | '\\' | '!') {
                return Err(PatternError::Reserved(character));
            }
        }
        let segments = Segments::compile(text, Dialect::File)?;
        Ok(Self { text: text.to_owned(), segments })
    }

    /// The pattern as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern matches the path or any directory above it.
    ///
    /// `relative` is the path below the grant, without a leading `/`; `None` is the grant's own directory.
    #[must_use]
    pub fn covers(&self, relative: Option<&str>) -> bool {
        let mut states = self.segments.start();
        if self.segments.accepts(states) {
            return true;
        }
        for segment in segments_of(relative) {
            states = self.segments.step(states, segment, Wild::matches_segment);
            if self.segments.accepts(states) {
                return true;
            }
            if states == 0 {
                return false;
            }
        }
        false
    }

    /// Whether renaming this directory could move something that the pattern covers to a name that it does not cover.
    ///
    /// True if part of the pattern has matched on the way to `relative`. A leading `**` does not count: it matches at
    /// any depth, so it still matches after the rename.
    #[must_use]
    pub fn is_entered_by(&self, relative: Option<&str>) -> bool {
        self.live_after(relative) & !self.segments.anywhere() != 0
    }

    /// Whether anything below this directory could be covered.
    #[must_use]
    pub fn reaches_below(&self, relative: Option<&str>) -> bool {
        self.live_after(relative) != 0
    }

    /// Whether the pattern begins with `**`, so that it matches the same names at every depth.
    #[must_use]
    pub fn is_for_any_depth(&self) -> bool {
        self.segments.anywhere() != 0
    }

    /// Whether the pattern covers every path.
    #[must_use]
    pub fn covers_everything(&self) -> bool {
        self.covers(None)
    }

    /// Whether the pattern matches this path itself, not just a directory above it.
    #[must_use]
    pub fn matches(&self, relative: Option<&str>) -> bool {
        self.segments.accepts(self.states_at(relative))
    }

    /// Whether the pattern matches this path, or could match one below it.
    #[must_use]
    pub fn leads_through(&self, relative: Option<&str>) -> bool {
        self.states_at(relative) != 0
    }

    /// Whether the pattern matches this path and every one below it.
    #[must_use]
    pub fn matches_all_below(&self, relative: Option<&str>) -> bool {
        self.segments.accepts_all(self.states_at(relative))
    }

    /// The name, if the pattern is `**/NAME` or `**/NAME/**`, which cover the same paths.
    pub(crate) fn name_at_any_depth(&self) -> Option<&Wild> {
        match &*self.segments.segments {
            [Segment::Any, Segment::One(name)] | [Segment::Any, Segment::One(name), Segment::Any] => Some(name),
            _ => None,
        }
    }

    fn states_at(&self, relative: Option<&str>) -> u64 {
        let segments = segments_of(relative);
        segments
            .fold(self.segments.start(), |states, segment| self.segments.step(states, segment, Wild::matches_segment))
    }

    fn live_after(&self, relative: Option<&str>) -> u64 {
        let mut states = self.segments.start();
        for segment in segments_of(relative) {
            if self.segments.accepts(states) {
                return u64::MAX;
            }
            states = self.segments.step(states, segment, Wild::matches_segment);
        }
        if self.segments.accepts(states) { u64::MAX } else { states }
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The compiled segments of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segments {
    segments: Box<[Segment]>,
    /// One bit for each position before a `**`.
    any_mask: u64,
    /// The bit of the position after the last segment.
    end: u64,
    /// The bit of the position after the leading literal segments.
    behind_prefix: u64,
    /// Whether there is a wildcard within a segment.
    has_wild: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    /// `**`: any number of segments.
    Any,
    /// One segment.
    One(Wild),
}

impl Segments {
    /// Compiles the segments of `text`, which are separated by `/`.
    pub(crate) fn compile(text: &str, dialect: Dialect) -> Result<Self, PatternError> {
        let mut segments = Vec::new();
        for part in text.split('/') {
            let segment = match part {
                "" if dialect == Dialect::File => return Err(PatternError::EmptySegment),
                "." => return Err(PatternError::DotSegment(".")),
                ".." => return Err(PatternError::DotSegment("..")),
                // `**/**` is the same as `**`. With only one of them, `skip_any` needs a single pass.
                "**" if segments.last() == Some(&Segment::Any) => continue,
                "**" => Segment::Any,
                _ if dialect.has_double_star(part) => return Err(PatternError::DoubleStar(part.to_owned())),
                _ => Segment::One(Wild::compile(part, dialect)),
            };
            segments.push(segment);
        }
        if segments.len() > PATTERN_SEGMENTS_MAX {
            return Err(PatternError::TooLong);
        }
        let any_mask = segments
            .iter()
            .zip(bits())
            .filter(|(segment, _)| **segment == Segment::Any)
            .fold(0, |mask, (_, bit)| mask | bit);
        let mut compiled = Self {
            any_mask,
            end: 1u64 << segments.len(),
            behind_prefix: 0,
            has_wild: segments.iter().any(|segment| matches!(segment, Segment::One(Wild::Star | Wild::Tokens(_)))),
            segments: segments.into_boxed_slice(),
        };
        compiled.behind_prefix = 1u64 << compiled.literal_prefix().count();
        Ok(compiled)
    }

    /// The states before anything is consumed.
    pub(crate) fn start(&self) -> u64 {
        self.skip_any(1)
    }

    /// The states after one more segment, which `matches` compares with those that are not `**`.
    #[inline]
    fn step(&self, states: u64, text: &str, matches: impl Fn(&Wild, &str) -> bool) -> u64 {
        let mut next = states & self.any_mask;
        let mut rest = states & !self.any_mask & !self.end;
        while rest != 0 {
            let bit = rest & rest.wrapping_neg();
            rest ^= bit;
            step();
            if let Some(Segment::One(wild)) =
                usize::try_from(bit.trailing_zeros()).ok().and_then(|position| self.segments.get(position))
                && matches(wild, text)
            {
                next |= bit << 1;
            }
        }
        self.skip_any(next)
    }

    /// Whether the pattern has been matched to its end.
    pub(crate) fn accepts(&self, states: u64) -> bool {
        states & self.end != 0
    }

    /// Whether the pattern has been matched and stays matched by anything that follows: its last segment is `**`.
    fn accepts_all(&self, states: u64) -> bool {
        states & (self.end >> 1) & self.any_mask != 0
    }

    /// Whether the pattern matches exactly these segments of a URL, separated by `/`.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.matches_from(self.start(), text)
    }

    /// Whether the pattern matches a path that begins as [`Segments::literal_prefix`] does, and has `rest` below that.
    pub(crate) fn matches_below_prefix(&self, rest: Option<&str>) -> bool {
        let states = self.skip_any(self.behind_prefix);
        match rest {
            Some(text) => self.matches_from(states, text),
            None => self.accepts(states),
        }
    }

    fn matches_from(&self, states: u64, text: &str) -> bool {
        self.follow(states, text, Wild::matches_segment)
            && (!self.has_wild || parameters(text) == 0 || self.follow(states, text, Wild::matches_with_parameters))
    }

    #[inline]
    fn follow(&self, mut states: u64, text: &str, matches: impl Fn(&Wild, &str) -> bool) -> bool {
        for segment in text.split('/') {
            states = self.step(states, segment, &matches);
            if states == 0 {
                return false;
            }
        }
        self.accepts(states)
    }

    /// The leading literal segments, up to the first wildcard.
    pub(crate) fn literal_prefix(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().map_while(|segment| match segment {
            Segment::One(Wild::Literal(text)) => Some(&**text),
            Segment::One(_) | Segment::Any => None,
        })
    }

    /// The states that are live at every depth because of a leading `**`.
    fn anywhere(&self) -> u64 {
        if self.any_mask & 1 == 1 { self.skip_any(1) } else { 0 }
    }

    /// Adds the position behind each live `**`, which may match no segment at all.
    fn skip_any(&self, states: u64) -> u64 {
        states | (states & self.any_mask) << 1
    }
}

/// One bit for each position, from the first.
fn bits() -> impl Iterator<Item = u64> {
    (0..64u32).map(|shift| 1u64 << shift)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use tests::naive as naive_match;
