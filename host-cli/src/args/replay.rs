//! Arguments of `wasm-agent replay`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::State;

#[derive(Debug, Args)]
#[command(after_help = "\
No file, no network and no policy is used. An identical replay ends with the status of the recorded run. A run that was \
killed is replayed as far as its record goes, and ends with 3.")]
pub(crate) struct Replay {
    /// The journal of the run
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) journal: PathBuf,

    /// The tool, where the state directory has no copy of it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) component: Option<PathBuf>,

    /// Prints the result of a typed call as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Leaves out the report, unless the replay differs
    #[arg(short, long)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) state: State,
}
