//! Fetches the programs of wasi-testsuite.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use xtask::process;

/// The environment variable with the folder of the repository, for the tests. If it is set, nothing is fetched.
pub(crate) const FOLDER_VARIABLE: &str = "WASM_AGENT_WASI_TESTSUITE";

/// The repository.
const REPOSITORY: &str = "https://github.com/WebAssembly/wasi-testsuite";

/// A commit of the branch `prod/testsuite-base`, where the programs are built. Git checks what it fetches against it.
const COMMIT: &str = "9f80ca35444cfd9e63100725615140a346652e6c";

/// The files that are needed.
const FILES: &str = "/tests/*/testsuite/wasm32-wasip1/";

/// The folder of the repository, fetched into the cache unless it is there.
///
/// # Errors
/// When there is no Git, or the repository can't be reached.
pub(crate) fn fetch(cache: &Path) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
        return Ok(folder.into());
    }
    let folder = cache.join("wasi-testsuite");
    if has_commit(&folder) {
        return Ok(folder);
    }
    println!("setup: fetching the programs of {REPOSITORY}");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("could not remove `{}`", folder.display()))?;
    }
    process::capture(Command::new("git").args(["init", "--quiet"]).arg(&folder))?;
    process::capture(git(&folder).args(["remote", "add", "origin", REPOSITORY]))?;
    process::capture(git(&folder).args(["sparse-checkout", "set", "--no-cone", FILES]))?;
    process::capture(git(&folder).args([
        "fetch",
        "--quiet",
        "--depth",
        "1",
        "--filter",
        "blob:none",
        "origin",
        COMMIT,
    ]))?;
    process::capture(git(&folder).args(["checkout", "--quiet", "--detach", COMMIT]))?;
    Ok(folder)
}

/// Whether the commit is checked out, as the last step leaves it.
fn has_commit(folder: &Path) -> bool {
    folder.join(".git").is_dir()
        && process::capture(git(folder).args(["rev-parse", "HEAD"])).is_ok_and(|head| head == COMMIT)
        && process::capture(git(folder).args(["status", "--porcelain"])).is_ok_and(|changes| changes.is_empty())
}

/// Git in a folder. It asks nobody for a password.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).env("GIT_TERMINAL_PROMPT", "0");
    command
}
