//! Builds the adapter for WASI 0.1. The result is checked in, because it is a part of the host, and the same on every
//! machine that has the same compiler.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use xtask::hint::Hint;
use xtask::process;
use xtask::project::Project;

const TARGET: &str = "wasm32-unknown-unknown";

/// Builds the adapter and stores it, or with `check` compares it with the one that is stored.
///
/// # Errors
/// When the target can't be installed, the adapter does not compile, or differs from the one that is stored.
pub(crate) fn run(project: &Project, check: bool) -> Result<ExitCode> {
    let stored = project.root().join("runtime/host/adapters/wasi-0.1.wasm");
    let built = fs::read(build(project)?).context("could not read the adapter")?;
    if !check {
        fs::write(&stored, built).with_context(|| format!("could not write `{}`", stored.display()))?;
        println!("adapter: {}", stored.display());
    } else if fs::read(&stored).ok() == Some(built) {
        println!("adapter: built from its sources");
    } else {
        bail!("`{}` is not what its sources and this compiler make", stored.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn build(project: &Project) -> Result<PathBuf> {
    process::capture(Command::new("rustup").args(["target", "add", TARGET]))
        .hint(format!("install the target {TARGET} for the active toolchain"))?;
    let target = project.guest_target().join("adapter");
    let sources = project.guest_sources().join("wasi-0.1");
    process::run(
        process::cargo()
            .current_dir(sources)
            // Those of the environment would replace the adapter's own.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .args(["build", "--release", "--locked"])
            .arg("--target-dir")
            .arg(&target),
    )?;
    Ok(target.join(TARGET).join("release/wasi_0_1.wasm"))
}
