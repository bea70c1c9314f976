//! Compiles a tool in this process and keeps its code in a state directory, as the first run of a tool does.
//!
//! ```text
//! cargo run --package wasm-agent-host --example keep_code -- STATE TOOL
//! ```
//!
//! Only for tools that you made yourself: nothing limits what compiling takes. It helps when another program observes
//! this one, as valgrind does: it would not see a child, and the child would compile for the real processor instead of
//! the one that valgrind shows.

use std::error::Error;
use std::path::PathBuf;

use wasm_agent_host::{Compiler, Engine, StateDir, Tool};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let state = StateDir::open(&arguments.next().ok_or("which state directory?")?)?;
    let tool = arguments.next().ok_or("which tool?")?;
    Tool::load(&Engine::new(Compiler::in_process())?, &tool, Some(&state))?;
    Ok(())
}
