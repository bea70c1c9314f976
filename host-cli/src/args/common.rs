//! Arguments that several commands have.

use std::path::PathBuf;

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

#[derive(Debug, Default, Args)]
pub(crate) struct State {
    /// Where journals, copies of tools and compiled code are kept
    /// [default: $WASM_AGENT_STATE, $XDG_STATE_HOME/wasm-agent or ~/.local/state/wasm-agent]
    #[arg(long = "state", value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) directory: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs: one object per line
    Json,
}
