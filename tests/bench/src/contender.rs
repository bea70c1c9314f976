//! The programs to compare, each set up to do the same work on the same files.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use xtask::project::Project;
use xtask::{process, python, wasmtime};

use crate::inputs::{GUEST_DIR, LARGE_FILE};

/// Which component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GuestKind {
    /// The guest `bench`, about 100 KB.
    Small,
    /// CPython, 18 MB.
    Large,
}

/// When a journal is synced to disk: the values of `--fsync`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fsync {
    Effects,
    All,
    None,
}

impl Fsync {
    fn name(self) -> &'static str {
        match self {
            Self::Effects => "effects",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

/// A component, and the compiled code that the baseline runs instead.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) component: PathBuf,
    compiled: PathBuf,
}

impl Guest {
    /// A component that the baseline does not run.
    pub(crate) fn uncompiled(component: PathBuf) -> Self {
        Self { component, compiled: PathBuf::new() }
    }
}

/// A bare `wasmtime run`.
#[derive(Debug)]
pub(crate) struct Baseline {
    program: PathBuf,
    work: PathBuf,
}

impl Baseline {
    /// Installs the program.
    pub(crate) fn set_up(project: &Project, work: &Path) -> Result<Self> {
        Ok(Self { program: wasmtime::install(&project.cache())?, work: work.to_owned() })
    }

    /// The program's name and version.
    pub(crate) fn version(&self) -> Result<String> {
        process::capture(Command::new(&self.program).arg("--version"))
    }

    /// Compiles a guest ahead of time, as `wasm-agent` does on the first run, with extra flags.
    pub(crate) fn compile(&self, component: &Path, flags: &[&str]) -> Result<Guest> {
        let name = component.file_name().unwrap_or_default().to_string_lossy();
        let compiled = self.work.join(format!("{name}{}.cwasm", flags.concat()));
        if !compiled.is_file() {
            let mut command = Command::new(&self.program);
            command.arg("compile").args(flags).arg(component).arg("-o").arg(&compiled);
            process::capture(&mut command)?;
        }
        Ok(Guest { component: component.to_owned(), compiled })
    }

    /// The command that runs a guest.
    pub(crate) fn command(&self, guest: &Guest, arguments: &[String], is_compiled: bool, flags: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("run").args(flags).args(["-C", "cache=n", "-S", "http", "--dir"]);
        command.arg(format!("{}::{GUEST_DIR}", self.work.join("files").display()));
        if is_compiled {
            command.arg("--allow-precompiled").arg(&guest.compiled);
        } else {
            command.arg(&guest.component);
        }
        command.args(arguments);
        command
    }

    /// The command that copies the large file, and the copy.
    pub(crate) fn copy(&self) -> (Command, PathBuf) {
        let copy = self.work.join("copy.bin");
        let mut command = Command::new("cp");
        // A real copy, even where the file system could share the contents.
        command.arg("--reflink=never").arg(self.work.join("files").join(LARGE_FILE)).arg(&copy);
        (command, copy)
    }
}

/// The URL of the server under the name that is granted a secret.
pub(crate) fn searched(server: &str) -> String {
    server.replace("127.0.0.1", "localhost")
}

/// `wasm-agent run`, with a policy that allows everything the rows do, and a journal that records it.
#[derive(Debug)]
pub(crate) struct WasmAgent {
    program: PathBuf,
    policy: PathBuf,
    work: PathBuf,
    state: PathBuf,
    runs: Cell<u64>,
}

impl WasmAgent {
    /// Writes the policy. The first run fills the cache of compiled code.
    pub(crate) fn set_up(program: PathBuf, work: &Path, server: &str) -> Result<Self> {
        let policy = work.join("policy.toml");
        let token = work.join("token");
        fs::write(&token, "tok-4f2a9c71d0e84b6f").with_context(|| format!("could not write `{}`", token.display()))?;
        let searched = searched(server);
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

# The same server by another name: its responses are searched.
[[http]]
url = "{searched}/**"
secrets = ["token"]
networks = ["127.0.0.0/8", "::1"]

[secrets.token]
file = "token"
header = "authorization"
value = "Bearer {{}}"

[limits]
time = "10m"
response-body = "300MiB"
journal = "4GiB"
"#
        );
        fs::write(&policy, text).with_context(|| format!("could not write `{}`", policy.display()))?;
        Ok(Self { program, policy, work: work.to_owned(), state: work.join("state"), runs: Cell::new(0) })
    }

    /// Another build, with the same policy and a state directory of its own.
    pub(crate) fn earlier(&self, program: PathBuf) -> Self {
        let (policy, work) = (self.policy.clone(), self.work.clone());
        Self { program, policy, state: work.join("state-earlier"), work, runs: Cell::new(1 << 32) }
    }

    /// A path for the journal of the next run.
    pub(crate) fn journal(&self) -> PathBuf {
        let run = self.runs.get() + 1;
        self.runs.set(run);
        self.work.join(format!("run-{run}.journal"))
    }

    /// The command that runs a guest and records it.
    pub(crate) fn command(&self, guest: &Guest, arguments: &[String], fsync: Fsync, journal: &Path) -> Command {
        let mut command = self.program();
        command
            .args(["run", "--approve", "refuse", "--fsync", fsync.name(), "--policy"])
            .arg(&self.policy)
            .arg("--journal")
            .arg(journal)
            .arg(&guest.component)
            .arg("--")
            .args(arguments);
        command
    }

    /// The command of another program that compiles a guest and caches the code for this one.
    pub(crate) fn keep_code(&self, program: &Path, guest: &Guest) -> Command {
        let mut command = Command::new(program);
        command.arg(self.state.join("wasm-agent")).arg(&guest.component);
        command
    }

    /// The command that replays a journal.
    pub(crate) fn replay(&self, guest: &Guest, journal: &Path) -> Command {
        let mut command = self.program();
        command.arg("replay").arg("--component").arg(&guest.component).arg(journal);
        command
    }

    /// Deletes compiled code and stored components, so that the next run compiles.
    pub(crate) fn forget(&self) -> Result<()> {
        if self.state.exists() {
            fs::remove_dir_all(&self.state).with_context(|| format!("could not remove `{}`", self.state.display()))?;
        }
        Ok(())
    }

    /// The program, shut off from the folders and settings of the user.
    fn program(&self) -> Command {
        let mut command = Command::new(&self.program);
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
            command.env(name, &self.state);
        }
        for name in ["SSL_CERT_FILE", "SSL_CERT_DIR"] {
            command.env_remove(name);
        }
        command
    }
}

/// Builds the large component, unless it is in the cache.
///
/// # Errors
/// When the package that builds it can't be installed, or fails.
pub(crate) fn large_component(project: &Project) -> Result<PathBuf> {
    let component = project.cache().join("large.wasm");
    if !component.is_file() {
        python::install(&project.cache(), python::COMPONENTIZE)?;
        println!("setup: building the large component");
        // Renamed once it is complete, so that a half-written file is never used.
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
        fs::rename(&unfinished, &component).context("could not put the large component in place")?;
    }
    Ok(component)
}
