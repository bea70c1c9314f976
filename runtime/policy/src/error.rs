//! What is wrong with a policy file.

use std::fmt;

/// One thing that is wrong with a policy file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct PolicyError {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, counted in characters.
    pub column: u32,
    /// What is wrong.
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

/// Everything that is wrong with a policy file, in the order of the file. At least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyErrors(Vec<PolicyError>);

impl PolicyErrors {
    pub(crate) fn new(mut errors: Vec<PolicyError>) -> Self {
        errors.sort();
        errors.dedup();
        Self(errors)
    }

    /// The errors.
    #[must_use]
    pub fn as_slice(&self) -> &[PolicyError] {
        &self.0
    }

    /// The errors, one at a time.
    pub fn iter(&self) -> std::slice::Iter<'_, PolicyError> {
        self.0.iter()
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
    /// Writes one error a line, each hint on a line below its error.
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
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}
