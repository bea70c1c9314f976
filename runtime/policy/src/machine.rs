//! Settings of the machine rather than of a policy: `config.toml`, which the operator writes once for all tools.

use crate::error::PolicyErrors;
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

impl Machine {
    /// Reads the text of `config.toml`.
    ///
    /// ```
    /// use wasm_agent_policy::Machine;
    ///
    /// let machine = Machine::parse("[compile]\nmemory = \"2GiB\"\ncpu = \"120s\"\n")?;
    /// assert_eq!(machine.compile.memory_bytes, Some(2 << 30));
    /// # Ok::<(), wasm_agent_policy::PolicyErrors>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns everything that is wrong with it, with line and column. Unknown keys are errors.
    pub fn parse(text: &str) -> Result<Self, PolicyErrors> {
        crate::parse::machine(text)
    }
}
