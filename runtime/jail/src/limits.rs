//! What a process may use up (`setrlimit(2)`).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::JailError;

/// Addresses that a process may reserve on top of its memory, in bytes: programs and libraries are mapped, allocators
/// reserve 64 MiB and more a thread and use little of it. Reserved addresses cost nothing; this bounds what is mapped
/// by other ways.
const ADDRESSES_RESERVED: u64 = 1 << 30;

/// The same for each thread that runs at a time.
const ADDRESSES_RESERVED_A_THREAD: u64 = 256 << 20;

/// Standard input, output and error.
const DESCRIPTORS: u64 = 3;

/// What a process may use up, all its threads together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory that it can write to, in bytes. What is over fails to be allocated.
    pub memory_bytes: u64,
    /// Processor time, in seconds, from its start. What is over ends it by SIGXCPU.
    pub cpu_seconds: u64,
}

/// Sets the limits, those of files and core dumps to nothing.
pub(crate) fn set(limits: &Limits) -> Result<(), JailError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = u64::try_from(threads).unwrap_or(u64::MAX);
    let reserved = ADDRESSES_RESERVED.saturating_add(ADDRESSES_RESERVED_A_THREAD.saturating_mul(threads));
    // Since Linux 4.7 this counts all private writable memory, reserved addresses left out.
    limit(Resource::Data, limits.memory_bytes, 0, "limit memory")?;
    limit(Resource::As, limits.memory_bytes.saturating_add(reserved), 0, "limit addresses")?;
    // A second later it is SIGKILL.
    limit(Resource::Cpu, limits.cpu_seconds, 1, "limit processor time")?;
    limit(Resource::Core, 0, 0, "forbid core dumps")?;
    limit(Resource::Fsize, 0, 0, "forbid files")
}

/// Forbids to open anything.
pub(crate) fn no_more_descriptors() -> Result<(), JailError> {
    limit(Resource::Nofile, DESCRIPTORS, 0, "limit descriptors")
}

/// Sets a limit, and one that is higher by `more` which nothing raises it over. A lower one that holds already stays.
fn limit(resource: Resource, value: u64, more: u64, what: &'static str) -> Result<(), JailError> {
    let held = getrlimit(resource);
    let least = |value: u64, held: Option<u64>| Some(held.map_or(value, |held| held.min(value)));
    let maximum = least(value.saturating_add(more), held.maximum);
    let current = least(value, held.current.or(held.maximum));
    setrlimit(resource, Rlimit { current, maximum }).map_err(JailError::new(what))
}
