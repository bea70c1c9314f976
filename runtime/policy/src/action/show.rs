//! An action on one line.

use super::Action;
use crate::escape::write_escaped;
use crate::file::action::LinkKind;
use std::fmt;

impl fmt::Display for Action {
    /// Writes one line that [`crate::Policy::explain`] understands, with the guest's text escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FileRead { path }
            | Self::FileCreate { path }
            | Self::FileModify { path, .. }
            | Self::FileDelete { path }
            | Self::DirCreate { path }
            | Self::DirRemove { path } => {
                write!(f, "{} ", self.kind())?;
                write_escaped(f, path.as_str())
            }
            Self::FileRename { from, to, directory, .. } => {
                f.write_str(if *directory { "RENAME-DIR " } else { "file.rename " })?;
                arrow(f, from.as_str(), to.as_str())
            }
            Self::LinkCreate { kind, path, target } => {
                f.write_str(match kind {
                    LinkKind::Hard => "link.create ",
                    LinkKind::Symbolic => "SYMLINK ",
                })?;
                arrow(f, path.as_str(), target)
            }
            Self::HttpRequest(request) => {
                write!(f, "{} {}", request.method, request.url)
            }
            Self::Checkpoint { title, .. } => {
                f.write_str("checkpoint ")?;
                write_escaped(f, title)
            }
            Self::Socket { what } => {
                f.write_str("socket.use ")?;
                write_escaped(f, what)
            }
        }
    }
}

fn arrow(f: &mut fmt::Formatter<'_>, from: &str, to: &str) -> fmt::Result {
    write_escaped(f, from)?;
    f.write_str(" -> ")?;
    write_escaped(f, to)
}
