//! `cargo xtask instructions`: how many instructions a host call takes in the whole process, including the guest and
//! the journal's writer.
//!
//! A run with few calls is subtracted from one with many, which cancels the cost of starting. Unlike times, the numbers
//! are the same on a busy machine. They leave out the kernel and all waiting. Only numbers of the same build can be
//! compared, so the first line says which build it is.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Error, Result, anyhow};
use clap::Args;
use xtask::project::Project;
use xtask::{guests, process};

use crate::builds::Build;
use crate::contender::{Fsync, Guest, WasmAgent};
use crate::inputs::{self, GUEST_DIR, SMALL_FILE};

/// What is counted: a command of the guest `bench`, its repetitions in the short run and in the long one, and the name
/// it works on.
const COUNTED: [(&str, u64, u64, Option<&str>); 5] = [
    ("clock", 1_000, 11_000, None),
    ("random", 1_000, 11_000, None),
    ("stat", 200, 1_200, Some(SMALL_FILE)),
    ("open-read-close", 200, 1_200, Some(SMALL_FILE)),
    ("create-remove", 100, 600, Some("")),
];

/// Count the instructions of a host call with callgrind
///
/// Noise does not move these figures, and they leave out the kernel and all waiting. Without valgrind on this machine,
/// the command says so and does nothing.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Count in a build that shares its dependencies with the tests, where a release build takes too long
    ///
    /// Its numbers are 10 to 20 % above those of a release build, so compare them only with each other.
    #[arg(long)]
    tested: bool,
}

/// Counts each command, and prints a line for it.
///
/// # Errors
/// When something can't be set up, or a run fails.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let build = if options.tested { Build::Tested } else { Build::Released };
    let Some(valgrind) = process::find("valgrind") else {
        println!("instructions: not counted, as there is no valgrind on this machine");
        return Ok(());
    };
    guests::build(project, None)?;
    let binary = build.program(project)?;
    let work = project.bench_dir();
    inputs::prepare(&work)?;
    let ours = WasmAgent::set_up(binary, &work, "http://127.0.0.1:1")?;
    let guest = Guest::uncompiled(project.guests_dir().join("bench.wasm"));
    let collected = |command: &str, calls: u64, operand: Option<&str>| {
        let mut arguments = vec![command.to_owned(), calls.to_string()];
        arguments.extend(operand.map(|name| format!("{GUEST_DIR}/{name}")));
        let journal = ours.journal();
        let live = count(&valgrind, &ours.command(&guest, &arguments, Fsync::Effects, &journal))?;
        let replay = count(&valgrind, &ours.replay(&guest, &journal))?;
        fs::remove_file(&journal).with_context(|| format!("could not remove `{}`", journal.display()))?;
        Ok::<_, Error>((live, replay))
    };
    // Compiles the guest, which must not be counted. This has to happen under valgrind, whose emulated processor lacks
    // newer features: code compiled outside would not run in it. The program's own compiler is a child process, which
    // valgrind does not follow.
    count(&valgrind, &ours.keep_code(&build.example(project, "keep_code")?, &guest))?;
    println!("instructions a call, {}", build.describe());
    println!("{:<18} {:>12} {:>12}", "", "live", "replay");
    for (command, few, many, operand) in COUNTED {
        let (short, long) = (collected(command, few, operand)?, collected(command, many, operand)?);
        let each = |short: u64, long: u64| {
            long.checked_sub(short)
                .map(|more| more / (many - few))
                .with_context(|| format!("{many} calls of `{command}` took {long} instructions, {few} calls {short}"))
        };
        println!("{command:<18} {:>12} {:>12}", each(short.0, long.0)?, each(short.1, long.1)?);
    }
    Ok(())
}

/// Runs a command under callgrind, and returns how many instructions it executed.
fn count(valgrind: &Path, command: &Command) -> Result<u64> {
    let mut counted = Command::new(valgrind);
    counted.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    counted.arg(command.get_program()).args(command.get_args());
    counted.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = counted.output().context("could not start valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find_map(|line| line.split_once("Collected :"));
    let number = line.and_then(|(_, number)| number.trim().parse().ok()).filter(|_| output.status.success());
    number.ok_or_else(|| anyhow!("{}", said.trim_end()).context("callgrind gave no count"))
}
