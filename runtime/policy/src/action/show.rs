//! An action on one line.

use super::Action;
use crate::escape::write_escaped;
use crate::file::text::{write_path, write_paths};
use crate::http::text::SENT_AS;
use std::fmt;

impl fmt::Display for Action {
    /// Writes one line that [`crate::Policy::explain`] reads, with the guest's text escaped.
    ///
    /// It begins with the kind of the action and has everything that decides what happens, except for parts that may be
    /// long: headers and body of a request, and the detail of a checkpoint.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())?;
        match self {
            Self::FileRead { path }
            | Self::FileCreate { path }
            | Self::FileDelete { path }
            | Self::DirCreate { path }
            | Self::DirRemove { path } => write_path(f, &[], path),
            Self::FileModify { path, truncate } => write_path(f, &[("truncate", *truncate)], path),
            Self::FileRename { from, to, replaces, directory } => {
                write_paths(f, &[("directory", *directory), ("replaces", *replaces)], from.as_str(), to.as_str())
            }
            Self::LinkCreate { kind, path, target } => write_paths(f, &[(kind.as_str(), true)], path.as_str(), target),
            Self::HttpRequest(request) => {
                write!(f, " {} {}", request.method, request.url)?;
                request.url.spelling().map_or(Ok(()), |spelling| write!(f, "{SENT_AS}{spelling})"))
            }
            Self::HttpInvalid(request) => {
                write_text(f, request.method())?;
                write_text(f, request.url())
            }
            Self::Checkpoint { title: text, .. } => write_text(f, text),
            Self::Socket { what } => write_text(f, what),
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str(" ")?;
    write_escaped(f, text)
}
