//! Collects errors, with the places they are about.

use crate::error::{PolicyError, PolicyErrors};
use crate::escape;
use std::ops::Range;

/// The errors found so far in one policy file.
pub(super) struct Report<'t> {
    text: &'t str,
    /// Where each line begins, in bytes.
    line_starts: Vec<usize>,
    errors: Vec<PolicyError>,
}

/// An error that was just reported, and may still get a hint.
pub(super) struct Reported<'r>(&'r mut Vec<PolicyError>);

impl<'t> Report<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let after_newlines = text.match_indices('\n').map(|(newline, _)| newline + 1);
        Self { text, line_starts: std::iter::once(0).chain(after_newlines).collect(), errors: Vec::new() }
    }

    /// Adds an error about a place in the text. The text of the policy is escaped in it.
    pub(super) fn error(&mut self, at: &Range<usize>, message: impl AsRef<str>) -> Reported<'_> {
        let (line, column) = self.position(at.start);
        let message = escape(message.as_ref()).into_owned();
        self.errors.push(PolicyError::new(line, column, message));
        Reported(&mut self.errors)
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, at: &Range<usize>) -> u32 {
        self.position(at.start).0
    }

    /// Line and column of a byte, from 1, the column in characters.
    fn position(&self, offset: usize) -> (u32, u32) {
        let line = self.line_starts.partition_point(|start| *start <= offset);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (number(line), number(column.saturating_add(1)))
    }

    /// Ends with the errors, where there are any.
    pub(super) fn check(&mut self) -> Result<(), PolicyErrors> {
        if self.errors.is_empty() { Ok(()) } else { Err(PolicyErrors::new(std::mem::take(&mut self.errors))) }
    }
}

impl Reported<'_> {
    /// Says what to do about the error.
    pub(super) fn hint(self, hint: impl AsRef<str>) {
        self.maybe_hint(Some(hint));
    }

    /// Says what to do about the error, where that is known.
    pub(super) fn maybe_hint(self, hint: Option<impl AsRef<str>>) {
        if let Some(error) = self.0.last_mut() {
            error.hint = hint.map(|hint| escape(hint.as_ref()).into_owned());
        }
    }
}
