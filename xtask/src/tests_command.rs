//! `cargo xtask test`: builds the guests, runs every test, and adds them up at the end.

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use xtask::project::Project;
use xtask::{guests, process};

use crate::suites::SUITES;
use crate::summary::Summary;

/// The environment variable with the folder of the guests, for the tests.
const GUESTS_VARIABLE: &str = "WASM_AGENT_GUESTS";

/// Runs all tests, or `cargo test` with these arguments.
///
/// The last line of the output is the sum over all test binaries.
///
/// # Errors
/// When the guests can't be built, or when `cargo` can't be started.
pub(crate) fn run(project: &Project, arguments: &[OsString]) -> Result<ExitCode> {
    guests::build(project, None)?;
    let mut summary = Summary::default();
    if arguments.is_empty() {
        everything(project, &mut summary)?;
    } else {
        test(workspace(project).args(arguments), &mut summary)?;
    }
    Ok(end(&summary))
}

/// Runs all tests and all suites. A suite that can't be run does not keep the next from running.
///
/// # Errors
/// When the guests can't be built, or when `cargo` can't be started.
pub(crate) fn run_all(project: &Project) -> Result<ExitCode> {
    guests::build(project, None)?;
    let mut summary = Summary::default();
    everything(project, &mut summary)?;
    for suite in SUITES {
        println!("test: {}", suite.name);
        if let Err(error) = (suite.run)(project, &mut summary) {
            summary.note_failed(suite.name, format!("{error:#}"));
        }
    }
    Ok(end(&summary))
}

/// The tests of the guest tools and of the workspace.
fn everything(project: &Project, summary: &mut Summary) -> Result<()> {
    // The parts of a tool that only compute are tested natively, where there is a test harness.
    println!("test: the guest tools");
    let mut tools = process::cargo();
    tools
        .current_dir(project.guest_sources())
        .args(["test", "--workspace", "--locked", "--no-fail-fast", "--target-dir"])
        .arg(project.guest_target());
    test(&mut tools, summary)?;
    println!("test: the workspace");
    test(workspace(project).arg("--workspace"), summary)
}

/// `cargo test` in the workspace, which finds the guests.
pub(crate) fn workspace(project: &Project) -> Command {
    let mut command = process::cargo();
    command.current_dir(project.root()).args(["test", "--no-fail-fast"]).env(GUESTS_VARIABLE, project.guests_dir());
    command
}

fn end(summary: &Summary) -> ExitCode {
    println!("{summary}");
    if summary.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs `cargo test`, prints the output as it comes, and counts the tests in it.
///
/// # Errors
/// When it can't be started, or its output can't be read.
pub(crate) fn test(command: &mut Command, summary: &mut Summary) -> Result<()> {
    let step = "could not run `cargo test`";
    let mut child = command.stdout(Stdio::piped()).spawn().context(step)?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.context(step)?;
            // A test may print bytes that are not text.
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            summary.read_line(&line);
        }
    }
    let status = child.wait().context(step)?;
    summary.note_end(status.success());
    Ok(())
}
