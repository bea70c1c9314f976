//! One process, many runs: loads a tool once, runs it for some seconds, each run with its own journal, and prints the
//! number of runs per second.
//!
//! ```text
//! cargo run --release --package wasm-agent-host --example run_many -- TOOL [ARGUMENTS...]
//! ```
//!
//! The tool is granted nothing. The journals are held in memory and dropped; each is complete, chained and sealed, as
//! in a file.

#![expect(clippy::disallowed_methods, reason = "an example is a program of its own")]
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasm_agent_host::journal::testing::Memory;
use wasm_agent_host::{Compiler, Engine, Grants, Invocation, Outcome, Run, Tool};

/// For how long runs are counted.
const COUNTED: Duration = Duration::from_secs(5);

/// Runs before that, to warm up caches.
const WARM_UP: u32 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    // Call this first: the host compiles a tool by starting this program again, and that process ends in this call.
    let compiler = Compiler::this_program();
    let mut arguments = std::env::args().skip(1);
    let path = PathBuf::from(arguments.next().ok_or("which tool?")?);
    let arguments: Vec<String> = arguments.collect();

    // Once: compile, check what the tool imports, link, and read the policy.
    let engine = Engine::new(compiler)?;
    let tool = Tool::load(&engine, &path, None)?;
    let grants = Arc::new(Grants::none());
    let invocation = Invocation::command(&tool)?;

    // Many times: a fresh instance, a fresh journal; runs share nothing but the code.
    let once = || -> Result<(), Box<dyn Error>> {
        let run = Run::new(&tool, Arc::clone(&grants), invocation.clone())?.arguments(arguments.clone());
        match run.execute_blocking(Memory::default())?.outcome {
            Outcome::Exited(0) => Ok(()),
            other => Err(format!("the tool ended with {other:?}").into()),
        }
    };
    for _ in 0..WARM_UP {
        once()?;
    }
    let start = Instant::now();
    let mut runs = 0_u32;
    while start.elapsed() < COUNTED {
        once()?;
        runs += 1;
    }
    println!("{:.0} runs a second", f64::from(runs) / start.elapsed().as_secs_f64());
    Ok(())
}
