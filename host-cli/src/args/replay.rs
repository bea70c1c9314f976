//! Arguments of `wasm-agent replay`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use wasm_agent_host::{REPLAY_FUEL, REPLAY_MEMORY_BYTES, Recording};

use super::common::{State, path};

#[derive(Debug, Args)]
#[command(after_help = "\
A replay uses no files, no network and no policy. If it is identical, it exits with the status of the recorded run; \
if `--until` stopped it, with 0. A run that was killed is replayed as far as its record goes, and exits with 3. Calls \
are numbered from 0. With another build of the tool, or with other arguments, calls and result are compared, but not \
fuel. A replay that reaches its own bound exits with 3: a forged journal must not decide how long a replay runs.")]
pub(crate) struct Replay {
    /// The journal of the run
    #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) journal: PathBuf,

    /// Arguments for the tool in place of the recorded ones, to see where it then differs from the record
    #[arg(last = true)]
    pub(crate) arguments: Option<Vec<String>>,

    /// The tool, if the state directory has no copy of it; or another build of it, to see where it differs from the
    /// record
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = path())]
    pub(crate) component: Option<PathBuf>,

    /// Stops after the call with this number, and shows it
    #[arg(long, value_name = "CALL")]
    pub(crate) until: Option<u64>,

    /// If the replay differs, shows the recorded calls around that point
    #[arg(long)]
    pub(crate) from_divergence: bool,

    /// Prints the result of a typed call as JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) bounds: ReplayBounds,

    /// Prints no report; one line if the run was stopped, and errors
    #[arg(short, long)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) state: State,
}

/// Bounds on a replay, whatever its journal says.
#[derive(Debug, Args)]
pub(crate) struct ReplayBounds {
    /// Most fuel that the replay may use; each byte of contents counts as a unit
    #[arg(long, value_name = "UNITS", default_value_t = REPLAY_FUEL)]
    max_fuel: u64,

    /// Most memory that the tool may use, in bytes, even if the journal allows more
    #[arg(long, value_name = "BYTES", default_value_t = REPLAY_MEMORY_BYTES)]
    max_memory: u64,
}

impl ReplayBounds {
    /// Sets the bounds.
    pub(crate) fn of(&self, recording: Recording) -> Recording {
        recording.fuel_max(self.max_fuel).memory_max(self.max_memory)
    }
}
