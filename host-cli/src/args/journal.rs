//! Arguments of `wasm-agent journal`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum, ValueHint};

use super::Export;

#[derive(Debug, Subcommand)]
pub(crate) enum Journal {
    /// Shows what happened, in order; with `--format json` one event a line
    Show {
        /// The journal
        #[arg(value_hint = ValueHint::FilePath)]
        journal: PathBuf,

        /// Which host calls are shown: those with an effect or a denial, or all
        #[arg(long, value_enum, default_value_t = Calls::Effects)]
        calls: Calls,
    },
    /// Says whether a journal is whole and unchanged
    Verify {
        /// The journal
        #[arg(value_hint = ValueHint::FilePath)]
        journal: PathBuf,

        /// Also fails where the end of the run is missing
        #[arg(long)]
        complete: bool,
    },
    /// Shows what a run cost: calls, time and bytes, by function and by kind
    Stats {
        /// The journal
        #[arg(value_hint = ValueHint::FilePath)]
        journal: PathBuf,
    },
    /// Writes a journal in a format that other programs read
    Export(Export),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Calls {
    /// Effects, denials and approvals; other calls are counted
    Effects,
    /// Every call
    All,
}
