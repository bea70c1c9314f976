//! Errors before, during and after a run, sorted by who can fix them.
//!
//! - [`LoadError`]: nothing ran. The tool, the policy or the state directory is not usable.
//! - [`RunError`]: the host failed. The journal, the disk or the engine failed; what was recorded stays.
//!
//! What a *tool* does wrong is not an error: a trap, a limit or a failure that the tool reports is an outcome of a run.

mod problem;

use std::path::PathBuf;

use wasm_agent_files::OwnThingError;
use wasm_agent_ids::ToolDigest;
use wasm_agent_journal::JournalError;
use wasm_agent_policy::PolicyErrors;

use crate::engine::compile::Resource;

pub use problem::{CompilerProblem, FileRole, GrantProblem, StateProblem};

/// Why a tool, a policy or a state directory could not be loaded. Nothing ran.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The engine could not be set up on this machine.
    #[error("cannot set up the WebAssembly engine")]
    Engine {
        /// What the engine reports.
        source: wasmtime::Error,
    },
    /// The operating system could not start a thread.
    #[error("cannot start a thread")]
    Thread {
        /// What the operating system reports.
        source: std::io::Error,
    },
    /// The operating system supplied no random bytes.
    #[error("cannot make an identifier for the run")]
    Random {
        /// What the operating system reports.
        source: std::io::Error,
    },
    /// A file could not be read, opened or written.
    #[error("cannot {verb} {what} `{path}`")]
    File {
        /// What was attempted: `read`, `open`, `create`.
        verb: &'static str,
        /// What the file is to the program.
        what: FileRole,
        /// Its path.
        path: PathBuf,
        /// What the operating system reports.
        source: std::io::Error,
    },
    /// The file is larger than a tool may be.
    #[error("tool `{path}` has {bytes} bytes, more than the {max} that a tool may have")]
    TooLarge {
        /// The tool.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The limit.
        max: u64,
    },
    /// The file is neither a component nor a core module.
    #[error("`{path}` is not a WebAssembly component: {found}")]
    NotAComponent {
        /// The tool.
        path: PathBuf,
        /// What it seems to be, by its first bytes.
        found: String,
    },
    /// The bytes are a component, but not a valid one.
    #[error("`{path}` is not a valid component")]
    Invalid {
        /// The tool.
        path: PathBuf,
        /// What the engine reports.
        source: wasmtime::Error,
    },
    /// The tool has more of something than any compiler makes, and compiling it would take too long.
    #[error("`{path}` is refused before it is compiled: {found}")]
    TooMuch {
        /// The tool.
        path: PathBuf,
        /// What it has too much of, and the limit.
        found: String,
    },
    /// Compiling the tool exceeded a limit.
    #[error("compiling `{path}` takes more than {} of {which}", .which.setting(*.allowed))]
    Exceeded {
        /// The tool.
        path: PathBuf,
        /// The resource.
        which: Resource,
        /// The limit: bytes of memory, or seconds of processor time.
        allowed: u64,
    },
    /// The compiler could not be started, failed, or gave an invalid answer.
    #[error("cannot compile `{path}`: {source}")]
    Compiler {
        /// The tool.
        path: PathBuf,
        /// What went wrong.
        source: CompilerProblem,
    },
    /// The tool imports what this host does not have.
    #[error("`{path}` imports what this host does not offer:\n{}", list(.missing))]
    Imports {
        /// The tool.
        path: PathBuf,
        /// One line for each import, with the reason. If there are many, the first ones and the number of the others.
        missing: Vec<String>,
        /// How such a tool is built for this host, if it was recognised.
        advice: Option<&'static str>,
    },
    /// The tool needs a feature of WebAssembly that this host does not run.
    #[error("`{path}` needs {name}, which this host does not run")]
    Feature {
        /// The tool.
        path: PathBuf,
        /// The feature.
        name: &'static str,
        /// How a tool is built without it.
        advice: &'static str,
    },
    /// The tool is a core module without `_start` and without WIT: nothing in it can be called.
    #[error("`{path}` is a library: a core module without `_start`, whose exports have no types to call them by")]
    Library {
        /// The tool.
        path: PathBuf,
    },
    /// The policy names another component.
    #[error("policy allows only the tool with sha256 `{expected}`, and `{path}` has `{found}`")]
    Pin {
        /// The tool.
        path: PathBuf,
        /// The digest in the policy.
        expected: ToolDigest,
        /// The digest of the tool.
        found: ToolDigest,
    },
    /// The copy of a tool in the state directory is not the tool any more.
    #[error("the copy of the tool at `{path}` is damaged: its sha256 is `{found}`, expected `{expected}`")]
    KeptCopy {
        /// The copy.
        path: PathBuf,
        /// The digest of the tool.
        expected: ToolDigest,
        /// The digest of the copy.
        found: ToolDigest,
    },
    /// The policy has errors.
    #[error("policy `{path}` is not usable")]
    Policy {
        /// The policy file.
        path: PathBuf,
        /// Every error found in it.
        errors: PolicyErrors,
    },
    /// The policy is well formed, but something that it names is missing or not usable.
    #[error("policy `{path}` line {line}: {source}")]
    Grant {
        /// The policy file.
        path: PathBuf,
        /// The line of the grant, secret or setting.
        line: u32,
        /// What is wrong.
        source: GrantProblem,
    },
    /// The state directory is not private to this user.
    #[error("state directory `{path}` {problem}")]
    State {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        problem: StateProblem,
    },
    /// The policy grants a directory that belongs to the host.
    #[error("policy line {line}: `{host}` belongs to the host, and no tool may reach it")]
    GrantOfOwnThing {
        /// The directory as the policy names it.
        host: String,
        /// The line of the grant.
        line: u32,
    },
    /// One of the host's own things could not be found, so it could not be protected from the tool.
    #[error(transparent)]
    OwnThing(#[from] OwnThingError),
    /// The tool does not have the export, or it can't be called like this.
    #[error("{message}")]
    Invocation {
        /// What was asked for, and what there is.
        message: String,
        /// What to do instead.
        hint: Option<String>,
    },
}

fn list(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// Why the host could not carry a run to its end. Effects that took place are in the journal up to that point.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The journal could not be written; the run was ended before anything unrecorded could happen.
    #[error("cannot write journal")]
    Journal {
        /// What the writer reports.
        source: JournalError,
    },
    /// A task of the run outlives it, and could still record something. The journal has no end.
    #[error("cannot end the journal: a task of the run still holds it")]
    Unfinished,
    /// The engine failed, and the tool is not the reason.
    #[error("the host failed")]
    Host {
        /// What the engine reports.
        source: wasmtime::Error,
    },
    /// This machine, or this process by its own limits, lacks memory, descriptors or threads for the tool.
    #[error("this machine lacks memory, descriptors or threads for the tool")]
    Shortage {
        /// What is lacking.
        source: wasmtime::Error,
    },
    /// One of the host's own things could not be protected from the tool, so nothing ran.
    #[error(transparent)]
    OwnThing {
        /// What could not be found.
        source: OwnThingError,
    },
    /// The event loop of the run's thread could not be started, or the thread has one already.
    #[error("cannot start the run")]
    Start {
        /// What the operating system reports.
        source: std::io::Error,
    },
}

/// An error with its causes, on one line.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    chain_with(error, |cause| cause)
}

/// As [`chain`], with each cause put in other words.
#[must_use]
pub fn chain_with(error: &dyn std::error::Error, words: impl Fn(String) -> String) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let shown = words(cause.to_string());
        // Some errors repeat their cause in their own words.
        if !text.ends_with(&shown) {
            text.push_str(": ");
            text.push_str(&shown);
        }
        source = cause.source();
    }
    text
}
