//! A case and its answer, as one line: `case => answer`.

use std::fmt::{Debug, Display};

use crate::wasi::filesystem::types::{ErrorCode as FileCode, filesystem_error_code};
use crate::wasi::http::types::{ErrorCode as HttpCode, HeaderError, http_error_code};
use crate::wasi::io::streams::StreamError;

/// An error of WASI, in a form that is the same in every run.
pub(crate) trait Code {
    /// Its name, and what it carries.
    fn code(&self) -> String;
}

impl Code for FileCode {
    fn code(&self) -> String {
        self.name().to_owned()
    }
}

impl Code for HttpCode {
    fn code(&self) -> String {
        match self {
            // The text is for people, and no interface fixes it.
            Self::InternalError(_) => "InternalError".to_owned(),
            other => format!("{other:?}").replace("ErrorCode::", ""),
        }
    }
}

impl Code for HeaderError {
    fn code(&self) -> String {
        format!("{self:?}").replace("HeaderError::", "")
    }
}

impl Code for StreamError {
    fn code(&self) -> String {
        match self {
            Self::Closed => "closed".to_owned(),
            Self::LastOperationFailed(error) => {
                let file = filesystem_error_code(error).map(|code| code.code());
                let http = http_error_code(error).map(|code| code.code());
                format!("failed ({})", file.or(http).unwrap_or_else(|| "no code".to_owned()))
            }
        }
    }
}

impl Code for () {
    fn code(&self) -> String {
        "()".to_owned()
    }
}

/// Prints a case whose function can fail.
pub(crate) fn case<T: Debug, E: Code>(name: impl Display, answer: Result<T, E>) {
    match answer {
        Ok(value) => is(name, value),
        Err(error) => println!("{name} => error {}", error.code()),
    }
}

/// Prints a case whose function can't fail, or a fact about an answer.
pub(crate) fn is(name: impl Display, value: impl Debug) {
    println!("{name} => {value:?}");
}

/// Leaves an answer out, where only what follows from it matters.
pub(crate) fn ignore<T>(_: T) {}
