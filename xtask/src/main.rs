//! `cargo xtask`: builds the guest tools, and runs the demo, the tests and the benchmarks.
//!
//! It sets up what those need, in explicit steps that it prints. Nothing of this is in a `build.rs`: building a crate
//! must not install packages.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool: printing is its purpose")]

mod adapter;
mod benchmarks;
mod crash;
mod demo;
mod languages;
mod suites;
mod summary;
mod tests_command;
mod testsuite;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use xtask::guests::{self, RouteName};
use xtask::hint;
use xtask::project::Project;

/// Build the guest tools, and run the demo, the tests and the benchmarks
///
/// Each command first sets up what it needs, and says so.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Show the main job: run, deny, approve, record, verify, replay
    ///
    /// Asks for approvals at the terminal; without one, a script approves. Fails when a call that must be denied is
    /// not, when a journal does not verify, or when a replay differs from its run.
    Demo,

    /// Build all guest tools into target/guests
    ///
    /// Without ROUTE, builds nothing if the tools there come from the same sources.
    Guests {
        /// The toolchain to build with, instead of the first that works
        #[arg(value_enum)]
        route: Option<RouteName>,
    },

    /// Build the adapter for WASI 0.1, which is checked in
    ///
    /// Journals name the adapter by its digest: after a change, keep the old file, and give the new one a name of its
    /// own in `runtime/host/src/engine`.
    Adapter {
        /// Compare the file with its sources, and write nothing
        #[arg(long)]
        check: bool,
    },

    /// Build the guest tools and run all tests
    ///
    /// Ends with one line that adds up all test binaries: `N passed, N failed, N skipped`.
    Test {
        /// Also run the suites that take long or need something from outside
        ///
        /// A suite that this machine can't run is counted as skipped, and named at the end.
        #[arg(long, conflicts_with = "arguments")]
        all: bool,

        /// Pass these to `cargo test`, instead of testing the whole workspace and the guest tools
        #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },

    /// Kill runs at every record of their journals, and check what they leave
    ///
    /// Also kills them in the middle of a record, while they ask, and while a request is under way.
    Crash {
        /// Try only N points, evenly spread
        #[arg(long, value_name = "N")]
        points: Option<usize>,
    },

    /// Build and check programs in eight languages, with tools from their package registries
    ///
    /// Prints how long each takes to start.
    Languages {
        /// Measure a host that is built for speed
        #[arg(long)]
        release: bool,
    },

    /// Measure what the gate and the journal cost, against a bare `wasmtime run`
    #[command(disable_help_flag = true)]
    Bench(PassedOn),

    /// Count the instructions of a host call with callgrind
    #[command(disable_help_flag = true)]
    Instructions(PassedOn),

    /// Read a very long journal with every command that reads one, and measure the memory
    #[command(disable_help_flag = true)]
    Scale(PassedOn),
}

/// Arguments that the benchmark parses itself, including `--help`.
#[derive(Debug, clap::Args)]
struct PassedOn {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

fn main() -> ExitCode {
    run(Arguments::parse().task).unwrap_or_else(|error| {
        eprint!("{}", hint::report(&error));
        ExitCode::FAILURE
    })
}

fn run(task: Task) -> Result<ExitCode> {
    let project = Project::locate()?;
    match task {
        Task::Demo => demo::run(&project),
        Task::Guests { route } => {
            let built = guests::build(&project, route)?;
            println!("{} guests in {}", built.count, project.guests_dir().display());
            Ok(ExitCode::SUCCESS)
        }
        Task::Adapter { check } => adapter::run(&project, check),
        Task::Test { all: true, .. } => tests_command::run_all(&project),
        Task::Test { arguments, .. } => tests_command::run(&project, &as_typed(arguments)),
        Task::Languages { release } => languages::run(&project, release),
        Task::Crash { points } => crash::run(&project, points),
        Task::Bench(PassedOn { arguments }) => benchmarks::run(&project, "bench", &arguments),
        Task::Instructions(PassedOn { arguments }) => benchmarks::run(&project, "instructions", &arguments),
        Task::Scale(PassedOn { arguments }) => benchmarks::run(&project, "scale", &arguments),
    }
}

/// Puts back a `--` right after `test`: the parser drops it, but `cargo test` needs it.
fn as_typed(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if std::env::args_os().nth(2).is_some_and(|first| first == "--") {
        arguments.insert(0, "--".into());
    }
    arguments
}
