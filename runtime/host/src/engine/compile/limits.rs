//! What compiling may use up if the operator sets no limits.

use std::fmt;

use wasm_agent_jail::Limits;
use wasm_agent_policy::CompileLimits;

const MIB: u64 = 1 << 20;

/// Memory for the compiler itself, and for tools that are small and dense.
const MEMORY_BYTES: u64 = 512 * MIB;

/// Memory for each byte of a tool. Measured on two cores: CPython (18 MB) 412 MiB, SpiderMonkey (14 MB) 473 MiB, clang
/// with lld (76 MB) 2506 MiB. More threads take more.
const MEMORY_A_BYTE: u64 = 80;

/// Processor time for tools that are small and dense, in seconds.
const CPU_SECONDS: u64 = 30;

/// Bytes of a tool for each further second. Measured with a test build on a busy machine, which is some three times
/// slower than a release: CPython 31 s, SpiderMonkey 36 s, clang with lld 255 s.
const BYTES_A_CPU_SECOND: u64 = 128 << 10;

/// The resource that a compiler ran out of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Memory: bytes.
    Memory,
    /// Processor time: seconds.
    Cpu,
}

impl Resource {
    /// Its key in `[compile]`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Cpu => "cpu",
        }
    }

    /// An amount of it as `[compile]` takes it: `2048MiB`, `120s`.
    pub fn setting(self, amount: u64) -> String {
        match self {
            Self::Memory if amount.is_multiple_of(MIB) => format!("{}MiB", amount / MIB),
            Self::Memory => amount.to_string(),
            Self::Cpu => format!("{amount}s"),
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Memory => "memory",
            Self::Cpu => "processor time",
        })
    }
}

/// The limits for a tool of this size.
pub(super) fn of(set: &CompileLimits, tool_bytes: usize) -> Limits {
    let bytes = u64::try_from(tool_bytes).unwrap_or(u64::MAX);
    let memory = MEMORY_BYTES.saturating_add(bytes.div_ceil(MIB).saturating_mul(MIB).saturating_mul(MEMORY_A_BYTE));
    let cpu = CPU_SECONDS.saturating_add(bytes.div_ceil(BYTES_A_CPU_SECOND));
    Limits {
        memory_bytes: set.memory_bytes.unwrap_or(memory),
        cpu_seconds: set.cpu.map_or(cpu, |cpu| cpu.as_secs().saturating_add(u64::from(cpu.subsec_nanos() > 0))),
    }
}
