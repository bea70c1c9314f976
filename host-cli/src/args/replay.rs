//! Arguments of `wasm-agent replay`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use wasm_agent_host::{REPLAY_FUEL, REPLAY_MEMORY_BYTES, Recording};

use super::State;

#[derive(Debug, Args)]
#[command(after_help = "\
No file, no network and no policy is used. An identical replay ends with the status of the recorded run, one that was ended \
by `--until` with 0. A run that was killed is replayed as far as its record goes, and ends with 3. Calls are numbered from 0. \
Another build of the tool, or other arguments, may compute otherwise: only calls and result are compared then. \
A replay that comes to a bound of its own ends with 3: how long it takes is not for the journal to say, which somebody may have forged.")]
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

    #[command(flatten)]
    pub(crate) bounds: ReplayBounds,

    /// Leaves out the report, unless the replay differs
    #[arg(short, long)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) state: State,
}

/// What a replay may use up, whatever its journal says.
#[derive(Debug, Args)]
pub(crate) struct ReplayBounds {
    /// Most fuel that the replay may use, whatever the journal says; contents count too, a unit a byte
    #[arg(long, value_name = "UNITS", default_value_t = REPLAY_FUEL)]
    max_fuel: u64,

    /// Most memory that the replay gives the tool, in bytes, where the journal gives it more
    #[arg(long, value_name = "BYTES", default_value_t = REPLAY_MEMORY_BYTES)]
    max_memory: u64,
}

impl ReplayBounds {
    /// Sets the bounds.
    pub(crate) fn of(&self, recording: Recording) -> Recording {
        recording.fuel_max(self.max_fuel).memory_max(self.max_memory)
    }
}
