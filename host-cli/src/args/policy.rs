//! Arguments of `wasm-agent policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Reports what is wrong with a policy, and what looks tighter than it is
    Check {
        /// The policy
        #[arg(value_hint = ValueHint::FilePath)]
        policy: PathBuf,

        /// Ends with status 2 where there is a warning
        #[arg(long)]
        deny_warnings: bool,
    },
    /// Says what a policy decides about an action, and why; without one, what no policy gives
    ///
    /// Without an action it lists what belongs to the host and is kept from every tool, and where the policy's grants cover it.
    Explain {
        /// The policy
        #[arg(value_hint = ValueHint::FilePath)]
        policy: PathBuf,

        /// The action, such as 'DELETE /notes/a.md' or 'POST https://example.com/'
        action: Option<String>,
    },
    /// Says what another policy would have decided about what runs did; runs nothing
    ///
    /// Ends with status 4 if a decision changes, with 6 if a journal is not what was written; the others are judged all the same.
    Judge(Judge),
    /// Prints the smallest policy that allows what runs did
    ///
    /// What can't be undone asks in it, whatever the recorded policies said. The runs are judged again by it before it is printed.
    Suggest(Suggest),
}

#[derive(Debug, Args)]
pub(crate) struct Judge {
    #[command(flatten)]
    pub(crate) journals: Journals,

    /// The policy to judge by
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) policy: PathBuf,
}

/// The journals of several runs.
#[derive(Debug, Args)]
pub(crate) struct Journals {
    /// Journals; folders, for every `*.journal` in them; or patterns in quotes, such as 'runs/**/*.journal'
    #[arg(value_name = "JOURNAL", required = true, value_hint = ValueHint::AnyPath)]
    pub(crate) journals: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Suggest {
    #[command(flatten)]
    pub(crate) journals: Journals,

    /// How far paths and URLs are generalised
    #[arg(long, value_enum, default_value_t = Paths::Exact)]
    pub(crate) paths: Paths,

    /// Lets the policy run the recorded tool alone, by its digest
    #[arg(long)]
    pub(crate) pin: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Paths {
    /// Each by itself
    Exact,
    /// To the directory that it is in, and all below
    Dir,
    /// To patterns, where several differ in one name
    Glob,
}
