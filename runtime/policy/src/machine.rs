//! Settings of the machine rather than of a policy: `config.toml`, which the operator writes once for all tools.

use std::time::Duration;

/// Largest `config.toml`, in bytes.
pub const MACHINE_BYTES_MAX: usize = 64 << 10;

/// The settings of a machine. A missing file is the same as an empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Machine {
    /// `[compile]`: limits for compiling one tool.
    pub compile: CompileLimits,
}

/// Limits for compiling one tool. Without a value, the limit grows with the size of the tool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompileLimits {
    /// `memory`: in bytes, from [`CompileLimits::MEMORY_BYTES_MIN`].
    pub memory_bytes: Option<u64>,
    /// `cpu`: processor time of all threads together, rounded up to whole seconds.
    pub cpu: Option<Duration>,
}

impl CompileLimits {
    /// Least memory that a compiler needs to start, in bytes. 64 MiB.
    pub const MEMORY_BYTES_MIN: u64 = 64 << 20;
}
