//! Errors of policy files.

use crate::bounds::MESSAGE_CHARS_MAX;
use std::borrow::Cow;
use std::fmt;

/// One thing that is wrong with a policy file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct PolicyError {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, counted in characters.
    pub column: u32,
    /// The error.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl PolicyError {
    pub(crate) fn new(line: u32, column: u32, message: String) -> Self {
        Self { line, column, message, hint: None }
    }
}

impl fmt::Display for PolicyError {
    /// Writes the place and the message. The hint is for a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for PolicyError {}

/// The errors of a policy file, in the order of the file: at least one, and no more than
/// [`LISTED_MAX`](crate::LISTED_MAX).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyErrors {
    listed: Vec<PolicyError>,
    more: usize,
}

impl PolicyErrors {
    pub(crate) fn new(listed: Vec<PolicyError>, more: usize) -> Self {
        Self { listed, more }
    }

    /// The errors that are listed.
    #[must_use]
    pub fn as_slice(&self) -> &[PolicyError] {
        &self.listed
    }

    /// How many more errors there are than are listed.
    #[must_use]
    pub fn more(&self) -> usize {
        self.more
    }

    /// The errors, one at a time.
    pub fn iter(&self) -> std::slice::Iter<'_, PolicyError> {
        self.listed.iter()
    }
}

impl<'e> IntoIterator for &'e PolicyErrors {
    type Item = &'e PolicyError;
    type IntoIter = std::slice::Iter<'e, PolicyError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for PolicyErrors {
    /// Writes one error per line, each hint on the line below its error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
            if let Some(hint) = &error.hint {
                write!(f, "\nhint: {hint}")?;
            }
        }
        if self.more > 0 {
            write!(f, "\nand {} more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}

/// The text; if it is longer than [`MESSAGE_CHARS_MAX`], with `…` for its middle. An error quotes the policy in the
/// middle and says what is wrong at the end.
pub(crate) fn clipped(text: &str) -> Cow<'_, str> {
    const HALF: usize = MESSAGE_CHARS_MAX / 2;
    let end_of_first = text.char_indices().nth(HALF).map(|(place, _)| place);
    let start_of_last = text.char_indices().rev().nth(HALF - 1).map(|(place, _)| place);
    match (end_of_first, start_of_last) {
        (Some(first), Some(last)) if first < last => {
            let (head, tail) = (text.get(..first).unwrap_or_default(), text.get(last..).unwrap_or_default());
            Cow::Owned(format!("{head}…{tail}"))
        }
        _ => Cow::Borrowed(text),
    }
}
