//! The host of `wasm-agent`: runs a WebAssembly component behind a gate that checks, asks, performs and records every
//! effect, and replays what was recorded.
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//! use wasm_agent_host::{
//!     Capture, Compiler, Engine, Grants, Invocation, JournalFile, OwnThings, Recording, Run, StateDir, Stream, Tool,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // First of all: tools are compiled by this same program, started again.
//! let engine = Engine::new(Compiler::this_program())?;
//! let state = StateDir::open(Path::new("state"))?;
//! // Load once …
//! let tool = Tool::load(&engine, Path::new("count-words.wasm"), Some(&state))?;
//! let grants = Arc::new(Grants::load(Path::new("policy.toml"), &|name| std::env::var(name).ok())?);
//!
//! // … run as often as you like, as the example `run_many` does.
//! let output = Arc::new(Capture::default());
//! let run = Run::new(&tool, grants, Invocation::command(&tool)?)?
//!     .arguments(["/notes".to_owned()])
//!     .output(output.clone());
//! let journal = state.journal_path(run.id());
//! // The tool can't access the state directory, the policy and the tool's own file. Name here what else it must not.
//! let run = run.keeping(&OwnThings::new().with("journal", &journal).with("signing key", "audit.key"));
//! let report = run.execute_blocking(JournalFile::create(&journal)?)?;
//! println!("{:?} after {} calls", report.outcome, report.calls);
//! print!("{}", String::from_utf8_lossy(&output.contents(Stream::Stdout)));
//!
//! // Again, without the files: the same to the byte.
//! let replay = Recording::open(std::fs::File::open(&journal)?)?.replay_blocking(&tool, output)?;
//! assert_eq!(replay.outcome, report.outcome);
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests make their own files and servers"))]

mod call;
mod engine;
mod error;
mod gate;
mod grants;
mod http;
mod journal_file;
mod replay;
mod run;
mod source;
mod state;
mod tool;
mod wasi;
mod world;

pub use engine::Engine;
pub use engine::compile::{Compiler, Resource};
pub use error::{CompilerProblem, FileRole, GrantProblem, LoadError, RunError, StateProblem, chain, chain_with};
pub use gate::{LimitReached, Progress, Stage};
pub use grants::{Environment, Grants};
pub use journal_file::JournalFile;
pub use replay::recording::{Recording, ReplayFailure, ReplayReport};
pub use replay::{
    Bound, Differs, Divergence, JournalSource, Observer, REPLAY_FUEL, REPLAY_MEMORY_BYTES, ReplayError, Replayed, Step,
};
pub use run::{Outcome, Run, RunHandle, RunReport};
pub use state::{CodeSource, StateDir};
pub use tool::describe::{Description, Exported, Exports};
pub use tool::invoke::{Call, Invocation};
pub use tool::{TOOL_BYTES_MAX, Tool};
pub use wasm_agent_approval as approval;
pub use wasm_agent_egress as egress;
pub use wasm_agent_files::{OwnThing, OwnThingError, OwnThings, Reached, reached};
pub use wasm_agent_ids as ids;
pub use wasm_agent_journal as journal;
pub use wasm_agent_policy as policy;
pub use wasm_agent_values as values;
pub use world::Folders;
pub use world::output::{Capture, Discard, OutputSink, Stream};
