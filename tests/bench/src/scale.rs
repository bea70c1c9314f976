//! `cargo xtask scale`: reads a very long journal with every command that reads one, and measures the memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use xtask::project::Project;
use xtask::{guests, process};

use crate::builds::Build;

/// How much more memory a command may take for a long journal than for a short one, in bytes.
const ABOVE_OWN_BYTES_MAX: u64 = 64 << 20;

/// The commands, with their arguments: `J` is the journal, `O` a file to create, `P` the policy, `T` the tool.
const COMMANDS: &[(&str, &[&str])] = &[
    ("show, effects", &["journal", "show", "J"]),
    ("show, all calls", &["journal", "show", "--calls", "all", "J"]),
    ("show, JSON", &["journal", "show", "--format", "json", "J"]),
    ("verify", &["journal", "verify", "J"]),
    ("diff with itself", &["journal", "diff", "J", "J"]),
    ("stats", &["journal", "stats", "J"]),
    ("files", &["journal", "files", "J"]),
    ("why", &["journal", "why", "J", "/notes/today.md"]),
    ("export, lines", &["journal", "export", "--format", "jsonl", "J"]),
    ("export, OTLP", &["journal", "export", "--format", "otlp", "J"]),
    ("export, trace", &["journal", "export", "--format", "chrome-trace", "J"]),
    ("export, redacted", &["journal", "export", "--redact", "bodies,paths", "--output", "O", "J"]),
    ("judge", &["policy", "judge", "J", "--policy", "P"]),
    ("suggest", &["policy", "suggest", "J"]),
    ("replay", &["replay", "J", "--component", "T"]),
];

/// Runs a command, discards its output, and prints its peak resident set in KiB, its time in seconds, and its exit
/// code. The kernel reports the first for a child that has ended, but Rust's standard library does not pass it on.
const MEASURE: &str = "import resource, subprocess, sys, time
start = time.monotonic()
status = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, time.monotonic() - start, status.returncode)
sys.stdout.write(status.stderr.decode(errors='replace')[-300:])";

/// What one command used.
struct Usage {
    peak_bytes: u64,
    seconds: f64,
    status: i32,
    said: String,
}

/// The files of one measurement.
struct Stage {
    program: PathBuf,
    dir: PathBuf,
    tool: PathBuf,
}

/// Read a very long journal with every command that reads one, and measure the memory
///
/// Fails when a command takes over 64 MiB more for that journal than for one of ten calls.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many calls the journal has
    #[arg(long, value_name = "N", default_value_t = 10_000_000)]
    calls: u64,
    /// Measure this `wasm-agent` instead of building one
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// Writes the journal, runs every command on it, and prints a table.
///
/// # Errors
/// When something can't be built, or the journal can't be made.
pub(crate) fn run(project: &Project, options: Options) -> Result<ExitCode> {
    let calls = options.calls;
    guests::build(project, None)?;
    let program = match options.binary {
        Some(binary) => binary,
        None => Build::Released.program(project)?,
    };
    let stage = Stage::set_up(project, program)?;
    let (own, journal) = (stage.record("small", 10)?, stage.record("large", calls)?);
    let length = fs::metadata(&journal).with_context(|| format!("could not look at `{}`", journal.display()))?.len();
    println!("{calls} calls, {length} bytes of journal, {} a call", length / calls.max(1));
    let mut within = true;
    for (name, command) in COMMANDS {
        let (few, many) = (stage.measure(command, &own)?, stage.measure(command, &journal)?);
        let above = many.peak_bytes.saturating_sub(few.peak_bytes);
        let fits = above <= ABOVE_OWN_BYTES_MAX && many.status == 0;
        within &= fits;
        println!(
            "{name:<20} {:>8.1} MiB {:>+8.1} MiB above its own {:>9.2} s   {}",
            mebibytes(many.peak_bytes),
            mebibytes(above),
            many.seconds,
            if fits { "ok".to_owned() } else { format!("FAILED with {}: {}", many.status, many.said.trim()) }
        );
    }
    Ok(if within { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Stage {
    fn set_up(project: &Project, program: PathBuf) -> Result<Self> {
        let dir = project.bench_dir().with_file_name("scale");
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("could not empty `{}`", dir.display()))?;
        }
        fs::create_dir_all(&dir).with_context(|| format!("could not make `{}`", dir.display()))?;
        let policy = "version = 1\n[limits]\ntime = \"1h\"\njournal = \"64GiB\"\n";
        fs::write(dir.join("policy.toml"), policy).context("could not write the policy")?;
        Ok(Self { program, tool: project.guests_dir().join("bench.wasm"), dir })
    }

    /// Runs a tool that reads the clock `calls` times, and returns its journal.
    fn record(&self, name: &str, calls: u64) -> Result<PathBuf> {
        let journal = self.dir.join(format!("{name}.journal"));
        let mut command = self.command(&["run", "--policy", "P", "--journal"], &journal);
        process::capture(command.arg(&journal).arg(&self.tool).args(["--", "clock", &calls.to_string()]))?;
        Ok(journal)
    }

    fn command(&self, arguments: &[&str], journal: &Path) -> Command {
        let mut command = Command::new(&self.program);
        for argument in arguments {
            match *argument {
                "J" => command.arg(journal),
                "T" => command.arg(&self.tool),
                "O" => command.arg(self.output()),
                "P" => command.arg(self.dir.join("policy.toml")),
                other => command.arg(other),
            };
        }
        command.env("WASM_AGENT_STATE", self.dir.join("state"));
        command
    }

    /// The file that a command creates. It must not exist when the command starts.
    fn output(&self) -> PathBuf {
        self.dir.join("output")
    }

    fn measure(&self, arguments: &[&str], journal: &Path) -> Result<Usage> {
        if self.output().exists() {
            fs::remove_file(self.output())
                .with_context(|| format!("could not remove `{}`", self.output().display()))?;
        }
        let command = self.command(arguments, journal);
        let mut wrapped = Command::new("python3");
        wrapped.args(["-c", MEASURE]).arg(command.get_program()).args(command.get_args());
        wrapped.env("WASM_AGENT_STATE", self.dir.join("state"));
        let printed = process::capture(&mut wrapped)?;
        let (figures, said) = printed.split_once('\n').unwrap_or((&printed, ""));
        let unreadable = || anyhow!("`{figures}` is not a measurement");
        let [peak, seconds, status] = figures.split(' ').collect::<Vec<_>>()[..] else { return Err(unreadable()) };
        Ok(Usage {
            peak_bytes: peak.parse::<u64>().map_err(|_| unreadable())? << 10,
            seconds: seconds.parse().map_err(|_| unreadable())?,
            status: status.parse().map_err(|_| unreadable())?,
            said: said.to_owned(),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "for showing, with one digit")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
