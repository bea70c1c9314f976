//! Runs a tool under a policy, reads its journal, and replays it.
//!
//! `cargo run --example run_and_replay -- POLICY TOOL [ARGS…]`

#![expect(clippy::disallowed_methods, reason = "an example is a program of its own")]

use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use wasm_agent_host::journal::{Event, Reader};
use wasm_agent_host::{Capture, Compiler, Engine, Grants, Invocation, JournalFile, Recording, Run, Stream, Tool};

fn main() -> Result<(), Box<dyn Error>> {
    // Call this first: the host compiles a tool by starting this program again, and that process ends in this call.
    let compiler = Compiler::this_program();
    let mut arguments = std::env::args().skip(1);
    let policy = PathBuf::from(arguments.next().ok_or("expected a policy file")?);
    let component = PathBuf::from(arguments.next().ok_or("expected a tool")?);

    // Loaded once, a tool can run any number of times.
    let engine = Engine::new(compiler)?;
    let tool = Tool::load(&engine, &component, None)?;
    let grants = Arc::new(Grants::load(&policy, &|name| std::env::var(name).ok())?);

    let output = Arc::new(Capture::default());
    let run = Run::new(&tool, grants, Invocation::command(&tool)?)?.arguments(arguments).output(output.clone());
    let path = std::env::temp_dir().join(format!("{}.journal", run.id()));
    let report = run.execute_blocking(JournalFile::create(&path)?)?;

    let mut out = std::io::stdout().lock();
    writeln!(out, "{:?} after {} calls in {:?}", report.outcome, report.calls, report.elapsed)?;
    out.write_all(&output.contents(Stream::Stdout))?;
    out.write_all(&output.contents(Stream::Stderr))?;

    let mut journal = Reader::open(File::open(&path)?)?;
    while let Some(record) = journal.next()? {
        match record.event {
            Event::Intent(intent) => writeln!(out, "effect {} of call {}", intent.effect, intent.call)?,
            Event::Call(call) => {
                if let Some(decision) = call.decision {
                    writeln!(out, "call {} {}: {:?}", call.seq, call.function.name, decision.verdict)?;
                }
            }
            _ => {}
        }
    }

    let replay = Recording::open(File::open(&path)?)?.replay_blocking(&tool, Arc::new(Capture::default()))?;
    writeln!(out, "replayed: {:?} after {} calls", replay.outcome, replay.calls)?;
    std::fs::remove_file(path)?;
    Ok(())
}
