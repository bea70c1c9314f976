//! Limits on what a process uses (`setrlimit(2)`).

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::JailError;

/// Address space that a process may reserve beyond its memory, in bytes: programs and libraries are mapped, and
/// allocators reserve 64 MiB or more per thread and use little of it. Reserved addresses cost nothing; this bounds
/// memory that is mapped in other ways.
const ADDRESSES_RESERVED: u64 = 1 << 30;

/// The same, for each thread that runs at a time.
const ADDRESSES_RESERVED_A_THREAD: u64 = 256 << 20;

/// Standard input, output and error.
const DESCRIPTORS: u64 = 3;

/// What a process may use, all its threads together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Memory that it can write to, in bytes. Allocations beyond it fail.
    pub memory_bytes: u64,
    /// Processor time, in seconds, from the start of the process. Beyond it, SIGXCPU ends the process.
    pub cpu_seconds: u64,
}

/// Sets the limits. Files and core dumps are limited to nothing.
pub(crate) fn set(limits: &Limits) -> Result<(), JailError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = u64::try_from(threads).unwrap_or(u64::MAX);
    let reserved = ADDRESSES_RESERVED.saturating_add(ADDRESSES_RESERVED_A_THREAD.saturating_mul(threads));
    // Since Linux 4.7 this counts all private writable memory, but no reserved addresses.
    limit(Resource::Data, limits.memory_bytes, 0, "limit memory")?;
    limit(Resource::As, limits.memory_bytes.saturating_add(reserved), 0, "limit addresses")?;
    // SIGKILL follows a second later.
    limit(Resource::Cpu, limits.cpu_seconds, 1, "limit processor time")?;
    limit(Resource::Core, 0, 0, "forbid core dumps")?;
    limit(Resource::Fsize, 0, 0, "forbid files")
}

/// Forbids opening anything.
pub(crate) fn no_more_descriptors() -> Result<(), JailError> {
    limit(Resource::Nofile, DESCRIPTORS, 0, "limit descriptors")
}

/// Sets a soft limit, and a hard limit that is higher by `more`. A lower limit that is set already stays.
fn limit(resource: Resource, value: u64, more: u64, what: &'static str) -> Result<(), JailError> {
    let held = getrlimit(resource);
    let least = |value: u64, held: Option<u64>| Some(held.map_or(value, |held| held.min(value)));
    let maximum = least(value.saturating_add(more), held.maximum);
    let current = least(value, held.current.or(held.maximum));
    setrlimit(resource, Rlimit { current, maximum }).map_err(JailError::new(what))
}
