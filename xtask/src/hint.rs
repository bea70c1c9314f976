//! Hints: what to do about an error. A hint stays with its [`anyhow::Error`] through any context added later.

use std::error::Error as StdError;
use std::fmt;

use anyhow::{Error, Result};

/// Adds a hint to an error.
pub trait Hint<T> {
    /// Says what to do if this is an error.
    ///
    /// # Errors
    /// When `self` is an error.
    fn hint(self, hint: impl Into<String>) -> Result<T>;
}

impl<T, E: Into<Error>> Hint<T> for Result<T, E> {
    fn hint(self, hint: impl Into<String>) -> Result<T> {
        self.map_err(|error| Error::new(Hinted { error: error.into(), hint: hint.into() }))
    }
}

/// Renders an error for the terminal: the step that failed, a line for each reason, and the hint.
pub fn report(error: &Error) -> String {
    let mut text = String::new();
    let lines = error.chain().flat_map(|cause| cause.to_string().lines().map(str::to_owned).collect::<Vec<_>>());
    for (number, line) in lines.enumerate() {
        text.push_str(if number == 0 { "error: " } else { "  " });
        text.push_str(&line);
        text.push('\n');
    }
    if let Some(hinted) = error.chain().find_map(|cause| cause.downcast_ref::<Hinted>()) {
        text.push_str(&format!("hint: {}\n", hinted.hint));
    }
    text
}

/// An error with a hint, which otherwise looks like the error alone.
#[derive(Debug)]
struct Hinted {
    error: Error,
    hint: String,
}

impl fmt::Display for Hinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for Hinted {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn shows_the_step_each_reason_and_the_hint() {
        let failed: Result<()> = Err(anyhow!("exit status: 1\nno such package")).context("`pip install` failed");
        let failed = failed.hint("install python3-venv").context("could not set up the benchmark");
        assert_eq!(
            report(&failed.unwrap_err()),
            "error: could not set up the benchmark\n  `pip install` failed\n  exit status: 1\n  no such package\n\
             hint: install python3-venv\n"
        );
    }

    #[test]
    fn shows_one_line_where_there_is_nothing_more_to_say() {
        assert_eq!(report(&anyhow!("no number")), "error: no number\n");
    }
}
