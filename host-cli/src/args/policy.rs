//! Arguments of `wasm-agent policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use super::common::path;

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Reports errors in a policy, and rules that are less strict than they look
    Check {
        /// The policy
        #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
        policy: PathBuf,

        /// Exits with 2 if there is a warning
        #[arg(long)]
        deny_warnings: bool,
    },
    /// Explains what a policy decides about an action; without an action, lists what is kept from every tool
    ///
    /// The list has the host's own files, and where the policy's grants cover them.
    Explain {
        /// The policy
        #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
        policy: PathBuf,

        /// The action, such as 'DELETE /notes/a.md' or 'POST https://example.com/'
        action: Option<String>,
    },
    /// Shows what another policy would have decided in recorded runs; runs nothing
    ///
    /// Exits with 4 if a decision changes, and with 6 if a journal was changed. The other journals are judged anyway.
    Judge(Judge),
    /// Prints the smallest policy that allows what runs did
    ///
    /// It asks about everything that can't be undone, whatever the recorded policies said. Before it is printed, the
    /// runs are judged by it.
    Suggest(Suggest),
}

#[derive(Debug, Args)]
pub(crate) struct Judge {
    #[command(flatten)]
    pub(crate) journals: Journals,

    /// The policy to judge by
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) policy: PathBuf,
}

/// The journals of several runs.
#[derive(Debug, Args)]
pub(crate) struct Journals {
    /// Journals; folders, for every `*.journal` in them; or patterns in quotes, such as 'runs/**/*.journal'
    #[arg(value_name = "JOURNAL", required = true, value_hint = ValueHint::AnyPath, value_parser = path())]
    pub(crate) journals: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Suggest {
    #[command(flatten)]
    pub(crate) journals: Journals,

    /// How far paths and URLs are generalised
    #[arg(long, value_enum, default_value_t = Paths::Exact)]
    pub(crate) paths: Paths,

    /// Limits the policy to the recorded tool, by its digest
    #[arg(long)]
    pub(crate) pin: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Paths {
    /// Not at all
    Exact,
    /// To their directory, and everything below it
    Dir,
    /// To wildcards, where several differ in one name
    Glob,
}
