//! The benchmarks behind `cargo xtask bench`, `cargo xtask instructions` and `cargo xtask scale`.
//!
//! They start programs and measure them; the host is not linked in.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool: printing is its purpose")]

mod bench;
mod builds;
mod contender;
mod inputs;
mod instructions;
mod machine;
mod measure;
mod pieces;
mod rows;
mod run_many;
mod scale;
mod statistics;
mod table;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use xtask::hint;
use xtask::project::Project;

/// Measure the program
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
enum Benchmark {
    Bench(bench::Options),
    Instructions(instructions::Options),
    Scale(scale::Options),
}

fn main() -> ExitCode {
    run(Benchmark::parse()).unwrap_or_else(|error| {
        eprint!("{}", hint::report(&error));
        ExitCode::FAILURE
    })
}

fn run(benchmark: Benchmark) -> Result<ExitCode> {
    let project = Project::locate()?;
    match benchmark {
        Benchmark::Bench(options) => bench::run(&project, options).map(|()| ExitCode::SUCCESS),
        Benchmark::Instructions(options) => instructions::run(&project, &options).map(|()| ExitCode::SUCCESS),
        Benchmark::Scale(options) => scale::run(&project, options),
    }
}
