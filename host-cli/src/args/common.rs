//! Arguments that several commands have.

use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, ValueEnum, ValueHint};

use super::export::ExportFormat;

/// The value of `--format`. `journal export` has formats of its own.
///
/// Both share a type: the parser keeps one value for a global argument and an argument of the same name in a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormatChoice {
    /// The format of everything.
    Report(Format),
    /// The format of an export. Everything else is text.
    Export(ExportFormat),
}

impl FormatChoice {
    /// The format of errors.
    pub(crate) fn report(self) -> Format {
        match self {
            Self::Report(format) => format,
            Self::Export(_) => Format::Text,
        }
    }
}

/// Reads the path of a file or folder. A `~` that the shell left is not one.
pub(super) fn path() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(|path| match unexpanded_home(&path) {
        Some(message) => Err(message),
        None => Ok(path),
    })
}

/// Why a path that begins with `~` is not usable: it would be the name of a folder here.
pub(crate) fn unexpanded_home(path: &Path) -> Option<String> {
    let first = path.iter().next()?.to_str().filter(|first| first.starts_with('~'))?;
    Some(format!("only a shell replaces `{first}`: write the whole path"))
}

#[derive(Debug, Default, Args)]
pub(crate) struct State {
    /// Where journals, copies of tools and compiled code are kept
    /// [default: $WASM_AGENT_STATE, $XDG_STATE_HOME/wasm-agent or ~/.local/state/wasm-agent]
    #[arg(long = "state", value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = path())]
    pub(crate) directory: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs: one object per line
    Json,
}
