//! `cargo xtask bench`, `instructions` and `scale`: started here, and measured by the crate `tests/bench`.

use std::process::ExitCode;

use xtask::error::{Context, Error};
use xtask::process;
use xtask::project::Project;

/// Builds the benchmarks and runs one, with its arguments as they were typed.
///
/// # Errors
/// When they can't be built or started. What goes wrong while measuring they report themselves, and by the exit code.
pub(crate) fn run(project: &Project, benchmark: &str, arguments: &[String]) -> Result<ExitCode, Error> {
    let mut program = process::cargo();
    // In the folder that the command was typed in, which relative paths among the arguments start from.
    program.args(["run", "--quiet", "--locked", "--manifest-path"]).arg(project.root().join("Cargo.toml"));
    program.args(["--package", "wasm-agent-bench", "--", benchmark]).args(arguments);
    let status = program.status().context(|| "could not start `cargo run`".to_owned())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
