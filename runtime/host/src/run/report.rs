//! The result of a run.

use std::time::Duration;

use wasm_agent_ids::RunId;
use wasm_agent_journal::Summary;
use wasm_agent_policy::Denied;
use wasmtime::Store;

use crate::call::Host;
use crate::gate::LimitReached;
use crate::run::Outcome;
use crate::run::execute::fuel_used;
use crate::world::Folders;

/// The result of a run.
#[derive(Debug)]
#[non_exhaustive]
pub struct RunReport {
    /// The run's identifier.
    pub run: RunId,
    /// How it ended.
    pub outcome: Outcome,
    /// Host calls made.
    pub calls: u64,
    /// Calls that the policy denied, because of the action or the addresses that it resolved to.
    pub denied: u64,
    /// The first denials, but only one for each change to the policy that would lift them. At most three.
    pub denials: Vec<Denied>,
    /// Limits that held the run back without ending it.
    pub limits_reached: Vec<LimitReached>,
    /// What the tool did with its folders.
    pub folders: Folders,
    /// Whether the tool read standard input that was given in advance, which is empty unless `Run::stdin` gave some.
    pub read_given_input: bool,
    /// Crossings from guest to host as the engine counts them, its own helper functions included.
    pub crossings: u64,
    /// Fuel used: about one unit for each instruction.
    pub fuel: u64,
    /// Time from start to end.
    pub elapsed: Duration,
    /// The part of it in which the run could only wait for answers.
    pub waited: Duration,
    /// Largest size of the tool's memory, in bytes.
    pub memory_high_bytes: u64,
    /// What the journal contains, and its last seal.
    pub journal: Summary,
}

/// The resources that a run used.
pub(crate) struct Usage {
    pub(crate) calls: u64,
    pub(crate) crossings: u64,
    pub(crate) fuel: u64,
    pub(crate) memory_high_bytes: u64,
    pub(crate) folders: Folders,
    pub(crate) read_given_input: bool,
}

impl Usage {
    pub(crate) fn of(store: &Store<Host>) -> Self {
        let host = store.data();
        Self {
            calls: host.calls(),
            crossings: host.meter.crossings,
            fuel: fuel_used(store),
            memory_high_bytes: u64::try_from(host.limiter.memory_bytes_high()).unwrap_or(u64::MAX),
            folders: host.folders(),
            read_given_input: host.has_read_input(),
        }
    }
}
