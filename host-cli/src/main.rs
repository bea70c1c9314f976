//! `wasm-agent`: the command line of the host.

#![forbid(unsafe_code)]

mod args;
mod commands;
mod descriptors;
mod divergence;
mod engine;
mod exit;
mod failure;
mod fresh_line;
mod host_names;
mod loading;
mod machine;
mod own;
mod process;
mod prompt;
mod report;
mod show;
mod signals;
mod sink;
mod state;
mod timeline;
mod usage;
mod writing;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use args::{Arguments, Command};
use exit::Exit;
use failure::Failure;
use report::Report;
use wasm_agent_host::Compiler;

/// The variable with the filter for diagnostics.
const LOG_VARIABLE: &str = "WASM_AGENT_LOG";

fn main() -> ExitCode {
    // The program also starts itself to compile tools. Then it does only that, and does not return.
    drop(Compiler::this_program());
    descriptors::raise();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage::report(error).into(),
    };
    let report = Report { format: arguments.format.report() };
    let ended = diagnose().and_then(|()| guarded(|| dispatch(arguments.command, &report)));
    ended
        .unwrap_or_else(|failure| {
            report.failure(&failure);
            failure.exit
        })
        .into()
}

/// Turns a panic into a failure of the host. The event loop panics where the operating system has no thread for it.
fn guarded(command: impl FnOnce() -> Result<Exit, Failure>) -> Result<Exit, Failure> {
    catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("without a message");
        Err(Failure::new(Exit::HostFailed, format!("the host failed unexpectedly: {text}")))
    })
}

fn dispatch(command: Command, report: &Report) -> Result<Exit, Failure> {
    match command {
        Command::Run(run) => commands::run::run(run, report),
        Command::Replay(replay) => commands::replay::replay(&replay, report),
        Command::Journal(journal) => commands::journal::journal(&journal, report),
        Command::Policy(policy) => commands::policy::policy(&policy, report),
        Command::Approvals(approvals) => commands::approvals::approvals(&approvals, report),
        Command::Keys(keys) => commands::keys::keys(&keys, report),
        Command::Inspect(inspect) => commands::inspect::inspect(&inspect, report),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "wasm-agent", &mut script);
            report.data(|out| out.write_all(&script))?;
            Ok(Exit::Finished)
        }
    }
}

/// Sends diagnostics to standard error.
fn diagnose() -> Result<(), Failure> {
    let base = tracing_subscriber::fmt().with_writer(|| sink::Diagnostics).without_time();
    // Without a filter, none is built: that would slow down every start.
    match std::env::var(LOG_VARIABLE) {
        Ok(filter) if !filter.is_empty() => {
            let filter = EnvFilter::try_new(&filter).map_err(|error| {
                Failure::new(Exit::NothingRan, format!("`{LOG_VARIABLE}={filter}` is not a filter: {error}"))
                    .hint("use a level such as `debug`, or `wasm_agent_host=trace`")
            })?;
            base.with_env_filter(filter).init();
        }
        _ => base.with_max_level(LevelFilter::WARN).init(),
    }
    Ok(())
}
