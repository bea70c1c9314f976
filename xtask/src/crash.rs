//! `cargo xtask crash`: ends runs of the host at every point there is, and checks what they leave.

use std::process::ExitCode;

use xtask::error::{Context, Error};
use xtask::project::Project;
use xtask::{guests, process};

/// Builds what it takes and tries the points; `arguments` go to the harness.
///
/// # Errors
/// When something can't be built or started. What the harness finds is told by it, and by the exit code.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<ExitCode, Error> {
    guests::build(project, None)?;
    let mut harness = process::cargo();
    harness
        .current_dir(project.root())
        .args(["run", "--quiet", "--package", "wasm-agent-tests", "--bin", "crash-harness", "--"])
        .args(arguments);
    let status = harness.status().context(|| "could not start `cargo run`".to_owned())?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
