//! Collects errors with their places.

use crate::bounds::{GUESSES_MAX, LISTED_MAX, PATTERNS_MAX};
use crate::error::{PolicyError, PolicyErrors, clipped};
use crate::escape;
use crate::parse::suggest;
use crate::work::step;
use std::ops::Range;

/// The errors found so far in one policy file, and counters for the whole file.
///
/// Only the first errors of the file are kept, and columns are counted only for these: on a line of a megabyte, each
/// column costs a walk along the line.
pub(crate) struct Report<'t> {
    text: &'t str,
    /// Where each line begins, in bytes.
    line_starts: Vec<usize>,
    errors: Vec<Located>,
    /// How many errors were dropped.
    more: usize,
    /// Unknown words for which a known one was sought.
    guesses: usize,
    /// Patterns in `deny` and `only` so far.
    patterns: usize,
}

/// An error and its place in the text, in bytes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Located {
    at: usize,
    message: String,
    hint: Option<String>,
}

/// An error that was just reported, and may still get a hint.
pub(crate) struct Reported<'r>(&'r mut Vec<Located>);

impl<'t> Report<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let after_newlines = text.match_indices('\n').map(|(newline, _)| newline + 1);
        let line_starts = std::iter::once(0).chain(after_newlines).collect();
        Self { text, line_starts, errors: Vec::new(), more: 0, guesses: 0, patterns: 0 }
    }

    /// Adds an error at a place in the text. The message is escaped.
    pub(crate) fn error(&mut self, at: &Range<usize>, message: impl AsRef<str>) -> Reported<'_> {
        // Sorting only now and then keeps the cost per error constant.
        if self.errors.len() >= 2 * LISTED_MAX {
            self.keep_first();
        }
        self.errors.push(Located { at: at.start, message: shown(message.as_ref()), hint: None });
        Reported(&mut self.errors)
    }

    fn keep_first(&mut self) {
        self.errors.sort();
        self.errors.dedup();
        self.more += self.errors.len().saturating_sub(LISTED_MAX);
        self.errors.truncate(LISTED_MAX);
    }

    /// The line of a place, from 1.
    pub(crate) fn line(&self, at: &Range<usize>) -> u32 {
        number(self.line_of(at.start))
    }

    fn line_of(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    /// Line and column of a byte, from 1, the column in characters.
    fn position(&self, offset: usize) -> (u32, u32) {
        step();
        let line = self.line_of(offset);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        (number(line), number(column.saturating_add(1)))
    }

    /// The known word closest to an unknown one, if one is close. Gives up after [`GUESSES_MAX`] unknown words.
    pub(crate) fn guess<'k>(&mut self, written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
        self.guesses = self.guesses.saturating_add(1);
        if self.guesses > GUESSES_MAX { None } else { suggest::closest(written, known) }
    }

    /// Counts the patterns of the array at `at`. `false`, and an error, if the policy has too many: they must not be
    /// read then.
    pub(crate) fn take_patterns(&mut self, count: usize, at: &Range<usize>) -> bool {
        let had_room = self.patterns <= PATTERNS_MAX;
        self.patterns = self.patterns.saturating_add(count);
        let has_room = self.patterns <= PATTERNS_MAX;
        if had_room && !has_room {
            self.error(at, format!("a policy has at most {PATTERNS_MAX} patterns in `deny` and `only` together"))
                .hint("grant narrower directories instead of denying what is in them");
        }
        has_room
    }

    /// Fails with the errors, if there are any.
    pub(crate) fn check(&mut self) -> Result<(), PolicyErrors> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.take()) }
    }

    /// The errors.
    pub(crate) fn take(&mut self) -> PolicyErrors {
        self.keep_first();
        let found = std::mem::take(&mut self.errors);
        let errors = found.into_iter().map(|Located { at, message, hint }| {
            let (line, column) = self.position(at);
            PolicyError { hint, ..PolicyError::new(line, column, message) }
        });
        PolicyErrors::new(errors.collect(), self.more)
    }
}

impl Reported<'_> {
    /// Says what to do about the error.
    pub(crate) fn hint(self, hint: impl AsRef<str>) {
        self.maybe_hint(Some(hint));
    }

    /// Says what to do about the error, if that is known.
    pub(crate) fn maybe_hint(self, hint: Option<impl AsRef<str>>) {
        if let Some(error) = self.0.last_mut() {
            error.hint = hint.map(|hint| shown(hint.as_ref()));
        }
    }
}

/// The text as shown: cut to length and escaped.
fn shown(text: &str) -> String {
    escape(&clipped(text)).into_owned()
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
