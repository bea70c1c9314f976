//! `cargo xtask`: builds the guest tools and runs the tests, with everything they need set up first.
//!
//! These are the commands of the README. Set-up happens here, in explicit steps that say what they do, and
//! never in a `build.rs`: building a crate must not install packages.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool: printing is its purpose")]

mod benchmarks;
mod crash;
mod demo;
mod summary;
mod tests_command;

use std::process::ExitCode;

use xtask::error::Error;
use xtask::guests;
use xtask::project::Project;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  demo              show the main job: run, deny, approve, record, verify, replay
  guests [ROUTE]    build all guest tools into target/guests; ROUTE is `installed`, `rustup` or
                    `packaged`, and the first of them that works where it is not given
  test [ARGS...]    build the guest tools, then run all tests; ARGS go to `cargo test`
  crash             end runs at every record of their journal and inside of it, while they ask, while a
                    request is under way, and check what they leave; --points N tries so many
  bench [ROWS...]   measure the rows, or all, against `wasmtime run` of the same component;
                    --pairs N runs each N times, --binary FILE takes that `wasm-agent`,
                    --json FILE says where the numbers go besides (target/bench/last.json),
                    --write FILE puts the table between the marks of that README
  instructions      count instructions a host call with callgrind, as a figure that no noise
                    moves; says so and does nothing where valgrind is missing; --tested counts in a
                    build that shares what is built for tests, for where a release build is too long
  scale             read a journal of many calls with every command that reads one, and measure the
                    memory; --calls N sets how many (10 million), --binary FILE takes that `wasm-agent`
";

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
    let Some((command, rest)) = arguments.split_first() else {
        eprint!("{USAGE}");
        return Ok(ExitCode::from(2));
    };
    let project = Project::locate()?;
    match (command.as_str(), rest) {
        ("guests", rest @ ([] | [_])) => {
            let only = rest.first().map(|name| name.parse()).transpose()?;
            let built = guests::build(&project, only)?;
            println!("{} guests in {}", built.count, project.guests_dir().display());
            Ok(ExitCode::SUCCESS)
        }
        ("demo", []) => demo::run(&project),
        ("crash", rest) => crash::run(&project, rest),
        ("bench" | "instructions" | "scale", rest) => benchmarks::run(&project, command, rest),
        ("test", rest) => tests_command::run(&project, rest),
        _ => {
            eprint!("error: unknown command `{}`\n\n{USAGE}", arguments.join(" "));
            Ok(ExitCode::from(2))
        }
    }
}
