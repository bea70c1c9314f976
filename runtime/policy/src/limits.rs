//! Limits of a run.

use std::time::Duration;

const MIB: u64 = 1 << 20;

/// Limits of one run. Each field states its unit and its default.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// `memory`: linear memory of all instances together, in bytes. 256 MiB.
    pub memory_bytes: u64,
    /// `time`: running time without the time that a person takes to answer. 30 s.
    pub time: Duration,
    /// `fuel`: units of WebAssembly fuel. No limit by default: it counts instructions, and `time` holds anyway.
    pub fuel: Option<u64>,
    /// `request-body`: largest request body, in bytes. 16 MiB.
    pub request_body_bytes: u64,
    /// `response-body`: largest response body, in bytes. 16 MiB.
    pub response_body_bytes: u64,
    /// `output`: standard output and standard error together, in bytes. 16 MiB.
    pub output_bytes: u64,
    /// `journal`: size of the run's journal, in bytes, which holds everything the tool reads. 1 GiB.
    pub journal_bytes: u64,
    /// `handles`: open resources at a time. 1024.
    pub handles: u32,
    /// `http-requests`: HTTP requests in flight at a time; others wait. 16.
    pub http_requests: u32,
    /// `http-requests-total`: HTTP requests of the whole run. 10,000.
    pub http_requests_total: u64,
    /// `files`: bytes by which the run may make files longer, less what it gives back. 1 GiB, as much as its journal.
    pub files_bytes: u64,
    /// `file-count`: files, directories and links that the run may make, less what it removes. 10,000.
    pub file_count: u64,
    /// `denials`: different actions that the run may be denied. 10,000.
    pub denials: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 256 * MIB,
            time: Duration::from_secs(30),
            fuel: None,
            request_body_bytes: 16 * MIB,
            response_body_bytes: 16 * MIB,
            output_bytes: 16 * MIB,
            journal_bytes: 1024 * MIB,
            handles: 1024,
            http_requests: 16,
            http_requests_total: 10_000,
            files_bytes: 1024 * MIB,
            file_count: 10_000,
            denials: 10_000,
        }
    }
}
