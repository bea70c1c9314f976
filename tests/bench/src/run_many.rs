//! Runs a second through the library: the example `run_many` of the host, on one core.

use std::process::Command;

use anyhow::{Context, Result};
use xtask::process;
use xtask::project::Project;

use crate::builds::Build;

/// Builds the example and runs it on the first core, or on any core if the machine has no `taskset`.
///
/// # Errors
/// When it can't be built, fails, or does not end with a number.
pub(crate) fn measure(project: &Project) -> Result<f64> {
    let program = Build::Released.example(project, "run_many")?;
    let mut command = match process::find("taskset") {
        Some(taskset) => {
            let mut command = Command::new(taskset);
            command.args(["--cpu-list", "0"]).arg(program);
            command
        }
        None => Command::new(program),
    };
    let printed = process::capture(command.arg(project.guests_dir().join("bench.wasm")).arg("noop"))?;
    let last = printed.lines().last().unwrap_or_default();
    let rate = last.split_whitespace().next().unwrap_or_default();
    rate.parse().with_context(|| format!("the example printed `{last}` instead of its rate"))
}
