//! What this machine, or this process by its own limits, lacks for a run. It is never the tool's fault.

#![expect(clippy::disallowed_methods, reason = "counts the descriptors of this process")]

use rustix::process::{Resource, getrlimit};
use wasm_agent_policy::Limits;
use wasmtime::OutOfMemory;

/// Descriptors that a run leaves to the host: for the event loop, the journal, looking up names, a terminal, and an
/// approver's program with its pipes.
const KEPT: u64 = 32;

/// Descriptors for one request: its connection, and up to four addresses that are dialled at a time.
const KEPT_A_REQUEST: u64 = 5;

/// Descriptors behind one handle of a tool: that of a file, and that of its directory.
const OF_A_HANDLE: u64 = 2;

/// Fewest handles that a tool needs to do anything with files.
const HANDLES_MIN: u64 = 8;

/// Descriptors beyond those of a run, from which nobody has to count the ones that are open.
const AMPLE: u64 = 4096;

/// A tool has fewer handles than its policy allows, because this process may have too few files open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this process may have {allowed} files open, which leaves {handles} handles to the tool")]
pub(crate) struct FewerHandles {
    /// Files that the process may have open at a time.
    allowed: u64,
    /// What is left for the tool.
    pub(crate) handles: u32,
}

/// Whether the tool has to do with fewer handles than its limit, so that the host can still act when all are in use.
///
/// # Errors
///
/// When there are too few even to begin.
pub(crate) fn handles(limits: &Limits, requests: bool) -> Result<Option<FewerHandles>, FewerHandles> {
    let Some(allowed) = getrlimit(Resource::Nofile).current else { return Ok(None) };
    let kept = KEPT + if requests { KEPT_A_REQUEST.saturating_mul(limits.http_requests.into()) } else { 0 };
    let wanted = kept.saturating_add(OF_A_HANDLE.saturating_mul(limits.handles.into()));
    if allowed >= wanted.saturating_add(AMPLE) {
        return Ok(None);
    }
    let open = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    left(allowed, u64::try_from(open).unwrap_or(u64::MAX).saturating_add(kept), limits.handles)
}

fn left(allowed: u64, used: u64, wanted: u32) -> Result<Option<FewerHandles>, FewerHandles> {
    let left = allowed.saturating_sub(used) / OF_A_HANDLE;
    let handles = u32::try_from(left).unwrap_or(u32::MAX);
    if handles >= wanted {
        return Ok(None);
    }
    let fewer = FewerHandles { allowed, handles };
    if left < HANDLES_MIN { Err(fewer) } else { Ok(Some(fewer)) }
}

/// Whether the operating system refused something that the host needed. A tool's own errors are traps, or codes.
pub(crate) fn is_one(error: &wasmtime::Error) -> bool {
    error
        .chain()
        .any(|cause| cause.is::<std::io::Error>() || cause.is::<rustix::io::Errno>() || cause.is::<OutOfMemory>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_keeps_descriptors_for_itself() {
        assert_eq!(left(1 << 16, 64, 1024), Ok(None));
        assert_eq!(left(64 + 2048, 64, 1024), Ok(None));
        assert_eq!(left(64 + 2047, 64, 1024), Ok(Some(FewerHandles { allowed: 2111, handles: 1023 })));
        assert_eq!(left(76, 64, 1024), Err(FewerHandles { allowed: 76, handles: 6 }));
        assert_eq!(left(10, 64, 1024), Err(FewerHandles { allowed: 10, handles: 0 }));
        // Fewer are fine where the policy wants no more.
        assert_eq!(left(76, 64, 4), Ok(None));
    }

    #[test]
    fn only_the_operating_system_makes_a_shortage() {
        let of_system = wasmtime::Error::from(rustix::io::Errno::NOMEM).context("growing");
        assert!(is_one(&of_system));
        assert!(is_one(&wasmtime::Error::from(std::io::Error::from_raw_os_error(24))));
        assert!(!is_one(&wasmtime::Error::msg("cannot allocate memory")));
        assert!(!is_one(&wasmtime::Error::from(wasmtime::Trap::UnreachableCodeReached)));
    }
}
