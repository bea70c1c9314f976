//! The benchmarks behind `cargo xtask bench`, `cargo xtask instructions` and `cargo xtask scale`.
//!
//! They start programs and measure those; nothing of the host is linked in here.

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

use xtask::error::Error;
use xtask::project::Project;

use crate::builds::Build;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprint!("{}", error.report());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode, Error> {
    let project = Project::locate()?;
    let (command, rest) = arguments.split_first().map_or(("", arguments), |(command, rest)| (command.as_str(), rest));
    match (command, rest) {
        ("bench", rest) => bench::run(&project, rest).map(|()| ExitCode::SUCCESS),
        ("instructions", []) => instructions::run(&project, Build::Released).map(|()| ExitCode::SUCCESS),
        ("instructions", [option]) if option == "--tested" => {
            instructions::run(&project, Build::Tested).map(|()| ExitCode::SUCCESS)
        }
        ("instructions", _) => Err(Error::new("`instructions` takes `--tested` or nothing")),
        ("scale", rest) => scale::run(&project, rest),
        _ => Err(Error::new(format!("there is no benchmark `{command}`"))
            .hint("there are `bench`, `instructions` and `scale`")),
    }
}
