//! The one error type of `xtask`: what could not be done, why, and what to do about it.

use std::fmt::Display;

/// A failed step.
#[derive(Debug)]
pub struct Error {
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Error {
    /// Makes an error from the step that failed.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), causes: Vec::new(), hint: None }
    }

    /// Adds a reason, below the ones that are there.
    pub fn because(mut self, cause: impl Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// Adds what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Renders the error as it is printed, with a line for each reason and one for the hint.
    pub fn report(&self) -> String {
        let mut text = format!("error: {}\n", self.message);
        for cause in &self.causes {
            for line in cause.lines() {
                text.push_str("  ");
                text.push_str(line);
                text.push('\n');
            }
        }
        if let Some(hint) = &self.hint {
            text.push_str("hint: ");
            text.push_str(hint);
            text.push('\n');
        }
        text
    }
}

/// Adds the step that failed to an error from below.
pub trait Context<T> {
    /// Turns an error into [`Error`], with `message` as the step that failed.
    fn context(self, message: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T, E: Display> Context<T> for Result<T, E> {
    fn context(self, message: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|cause| Error::new(message()).because(cause))
    }
}
