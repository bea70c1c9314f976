//! `cargo xtask bench`, `instructions` and `scale`: starts the program of `tests/bench`, which does the measuring.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;
use xtask::process;
use xtask::project::Project;

/// Builds the benchmarks and runs one of them. That program parses the arguments and reports its own failures.
///
/// # Errors
/// When `cargo` can't be started.
pub(crate) fn run(project: &Project, benchmark: &str, arguments: &[OsString]) -> Result<ExitCode> {
    let mut program = process::cargo();
    // The working directory must stay: relative paths among the arguments start from it.
    program.args(["run", "--quiet", "--locked", "--manifest-path"]).arg(project.root().join("Cargo.toml"));
    program.args(["--package", "wasm-agent-bench", "--", benchmark]).args(arguments);
    process::exit_code(&mut program)
}
