//! Arguments of `wasm-agent replay`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::State;

#[derive(Debug, Args)]
#[command(after_help = "\
No file, no network and no policy is used. An identical replay ends with the status of the recorded run, one that was ended \
by `--until` with 0. A run that was killed is replayed as far as its record goes, and ends with 3. Calls are numbered from 0. \
Another build of the tool, or other arguments, may compute otherwise: only calls and result are compared then.")]
pub(crate) struct Replay {
    /// The journal of the run
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) journal: PathBuf,

    /// Arguments for the tool in place of the recorded ones, to see where it then parts from the record
    #[arg(last = true)]
    pub(crate) arguments: Option<Vec<String>>,

    /// The tool, where the state directory has no copy of it; or another build of it, to see where it parts from the record
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) component: Option<PathBuf>,

    /// Stops after the call with this number, and says what it was
    #[arg(long, value_name = "CALL")]
    pub(crate) until: Option<u64>,

    /// Where the replay differs, shows the recorded calls around that place
    #[arg(long)]
    pub(crate) from_divergence: bool,

    /// Prints the result of a typed call as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Leaves out the report, unless the replay differs
    #[arg(short, long)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) state: State,
}
