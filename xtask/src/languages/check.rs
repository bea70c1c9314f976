//! Runs a program under the bare engine and under the host, and compares.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use xtask::process;

use super::build::Language;

/// What every program prints.
const EXPECTED: &str = "arguments: one two\nenvironment: good morning\ninput: from standard input\nwrote: 12 bytes\n\
    names: in.txt made\nmissing: not found\nclock: ok\nrandom: ok\n";

/// What a program prints that sends a request.
const RESPONSE: &str = "response: 200 a page\n";

/// The programs under which a tool runs, and where.
pub(super) struct Bench {
    pub(super) wasmtime: PathBuf,
    pub(super) host: PathBuf,
    pub(super) place: PathBuf,
}

/// A program that is the same everywhere.
pub(super) struct Checked {
    pub(super) bytes: u64,
    /// From the start of the process to its end, with compiling.
    pub(super) first: Duration,
    /// The same with compiled code in the cache.
    pub(super) next: Duration,
}

impl Bench {
    /// # Errors
    /// When the program can't be run, or something differs.
    pub(super) fn check(&self, language: &Language, program: &Path, server: &str) -> Result<Checked> {
        let place = self.place.join(language.name.replace('+', "p"));
        let expected = if language.requests { format!("{EXPECTED}{RESPONSE}") } else { EXPECTED.to_owned() };
        let page = format!("{server}/page");
        let mut arguments = vec!["/data", "one", "two"];
        if language.requests {
            arguments.push(&page);
        }

        let folder = data(&place.join("bare"))?;
        let mut bare = Command::new(&self.wasmtime);
        bare.args(["run", "--env", "GREETING=good morning", "--dir"]).arg(format!("{}::/data", folder.display()));
        if language.requests {
            bare.args(["-S", "http,inherit-network"]);
        }
        let bare = run(bare.arg(program).args(&arguments))?;
        same("the bare engine", &bare, &expected, language.status, &folder)?;

        let (first, _) = self.host(language, program, &arguments, (&place.join("first"), server, &expected))?;
        let (next, journal) = self.host(language, program, &arguments, (&place.join("next"), server, &expected))?;
        process::capture(Command::new(&self.host).args(["journal", "verify"]).arg(&journal))?;
        // Nothing that the replay needs is left but the journal and the program.
        let replayed = run(self.command("replay", &place).args(["-q"]).arg(&journal))?;
        ensure!(replayed.status.code() == Some(i32::from(language.status != 0)), "the replay: {}", said(&replayed));
        ensure!(replayed.stdout == expected.as_bytes(), "the replay printed other text: {}", said(&replayed));
        let bytes = fs::metadata(program).context("could not look at the program")?.len();
        Ok(Checked { bytes, first, next })
    }

    fn command(&self, command: &str, place: &Path) -> Command {
        let mut program = Command::new(&self.host);
        program.arg(command).arg("--state").arg(place.join("state"));
        program
    }

    /// Runs the program under the host. Returns how long that took, and the journal.
    fn host(
        &self,
        language: &Language,
        program: &Path,
        arguments: &[&str],
        (place, server, expected): (&Path, &str, &str),
    ) -> Result<(Duration, PathBuf)> {
        let folder = data(place)?;
        let (policy, journal) = (place.join("policy.toml"), place.join("run.journal"));
        let mut text = String::from(
            "version = 1\n\n[[filesystem]]\nhost = \"data\"\nguest = \"/data\"\naccess = \"write\"\nask = []\n\n\
            [environment]\nset = { GREETING = \"good morning\" }\n",
        );
        if language.requests {
            text.push_str(&format!("\n[[http]]\nurl = \"{server}/page\"\nnetworks = [\"127.0.0.1/32\"]\n"));
        }
        fs::write(&policy, text).context("could not write the policy")?;
        let mut command = self.command("run", place.parent().unwrap_or(place));
        command.args(["--stdin", "--format", "json", "-p"]).arg(policy).arg("-j").arg(&journal);
        let start = Instant::now();
        let ran = run(command.arg(program).arg("--").args(arguments))?;
        let took = start.elapsed();
        let report = String::from_utf8_lossy(&ran.stderr);
        let status = format!("\"status\":{}", language.status);
        ensure!(report.contains(&status), "expected {status} under the host: {}", said(&ran));
        same("the host", &ran, expected, u8::from(language.status != 0), &folder)?;
        Ok((took, journal))
    }
}

/// A folder with the file that programs read.
fn data(place: &Path) -> Result<PathBuf> {
    let folder = place.join("data");
    fs::create_dir_all(&folder).with_context(|| format!("could not create `{}`", folder.display()))?;
    fs::write(folder.join("in.txt"), "hello\n").context("could not write the input")?;
    Ok(folder)
}

fn run(command: &mut Command) -> Result<Output> {
    let step = format!("could not run `{}`", command.get_program().display());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| step.clone())?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input has ended by now.
        drop(stdin.write_all(b"from standard input\n"));
    }
    child.wait_with_output().context(step)
}

fn same(under: &str, ran: &Output, expected: &str, status: u8, folder: &Path) -> Result<()> {
    if ran.stdout != expected.as_bytes() || ran.status.code() != Some(status.into()) {
        bail!("expected status {status} and\n{expected}\nunder {under}, got {}", said(ran));
    }
    let moved = fs::read_to_string(folder.join("made/out.txt"));
    let moved = moved.map_err(|error| anyhow!("under {under}, `made/out.txt` is missing: {error}"))?;
    ensure!(moved == "hello\nhello\n", "under {under}, `made/out.txt` has {moved:?}");
    ensure!(!folder.join("out.txt").exists(), "under {under}, `out.txt` was not moved");
    Ok(())
}

fn said(ran: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    format!("{}\n{}\n{}", ran.status, text(&ran.stdout), text(&ran.stderr))
}
