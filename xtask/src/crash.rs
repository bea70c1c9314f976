//! `cargo xtask crash`: kills runs of the host at every possible point, and checks what they leave behind.

use std::process::{Command, ExitCode};

use anyhow::Result;
use xtask::project::Project;
use xtask::{guests, process};

/// Builds the harness and tries all points, or `points` of them, evenly spread. The harness reports what it finds.
///
/// # Errors
/// When the guests can't be built, or `cargo` can't be started.
pub(crate) fn run(project: &Project, points: Option<usize>) -> Result<ExitCode> {
    guests::build(project, None)?;
    process::exit_code(&mut harness(project, points))
}

/// The harness, which tries `points` of all points, or all.
pub(crate) fn harness(project: &Project, points: Option<usize>) -> Command {
    let mut harness = process::cargo();
    harness
        .current_dir(project.root())
        .args(["run", "--quiet", "--package", "wasm-agent-tests", "--bin", "crash-harness", "--"])
        .args(points.into_iter().flat_map(|points| ["--points".to_owned(), points.to_string()]));
    harness
}
