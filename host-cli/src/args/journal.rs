//! Arguments of `wasm-agent journal`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::common::{State, path};
use super::export::Export;
use super::replay::ReplayBounds;

#[derive(Debug, Subcommand)]
pub(crate) enum Journal {
    /// Shows what happened, in order; with `--format json`, one event per line
    Show {
        /// The journal
        #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
        journal: PathBuf,

        /// Which host calls are shown: those with an effect or a denial, or all
        #[arg(long, value_enum, default_value_t = Calls::Effects)]
        calls: Calls,
    },
    /// Checks that a journal is unchanged, and shows whether it is complete
    Verify(Verify),
    /// Copies the intact part of a journal that a crash cut off, and seals the copy
    Recover(Recover),
    /// Shows where two runs of a tool differ, and exits with 4 if they do
    Diff {
        /// The journal of the first run
        #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
        first: PathBuf,

        /// The journal of the second run
        #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
        second: PathBuf,

        /// Also compares what differs in every run: handle numbers, clocks, random numbers, file times, fuel
        #[arg(long)]
        strict: bool,
    },
    /// Shows what a run cost: calls, time and bytes, by function and by kind
    Stats {
        /// The journal
        #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
        journal: PathBuf,
    },
    /// Lists what the run did to files, or restores them as they were at a call
    Files(Files),
    /// Shows what led to the effects on a file or a URL: the reason, what was read before, who approved
    #[command(after_help = "\
A file is followed back through its earlier names. If nothing in the journal touched the file or URL, the command says \
so, suggests similar names, and exits with 0: the question was answered.")]
    Why {
        /// The journal of the run
        #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
        journal: PathBuf,

        /// The file as the tool named it, such as `/notes/a.md`, or a URL
        target: String,
    },
    /// Writes a journal in a format that other programs read
    Export(Export),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Without DIR, lists every name that the run created, changed, renamed or removed, its state before and after, and the \
calls that did it. With DIR, restores the tool's view of its files into that folder: the parts that it read, and what \
it wrote. A journal has what a tool wrote by digest only. A replay makes it again, with the copy of the tool in the \
state directory or the one that `--component` names.")]
pub(crate) struct Files {
    /// The journal of the run
    #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) journal: PathBuf,

    /// An empty or a new folder to restore files into
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = path())]
    pub(crate) folder: Option<PathBuf>,

    /// The state after this call [default: at the end]
    #[arg(long, value_name = "CALL")]
    pub(crate) at: Option<u64>,

    /// The tool, if the state directory has no copy of it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) component: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) bounds: ReplayBounds,

    #[command(flatten)]
    pub(crate) state: State,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The copy has every complete record of the journal, byte for byte. A note then says how many bytes were left out, and \
their digest. A seal ends the copy. Neither outcomes nor an end are added.")]
pub(crate) struct Recover {
    /// The journal, which is only read
    #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) journal: PathBuf,

    /// Where the copy goes; the file must not exist
    #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) copy: PathBuf,

    /// Signs the copy's seal; if the run was signed, this must be the same key
    #[arg(long, value_name = "KEY", value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) sign: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The journal
    #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) journal: PathBuf,

    /// Also fails if the end of the run is missing
    #[arg(long)]
    pub(crate) complete: bool,

    /// Also fails if a part of the journal is not signed with this public key
    #[arg(long, value_name = "PUB", value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) key: Option<PathBuf>,

    /// Also fails if it is not a redaction of FILE; `--key` is then the key of FILE
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) original: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Calls {
    /// Effects, denials and approvals; other calls are counted
    Effects,
    /// Every call
    All,
}
