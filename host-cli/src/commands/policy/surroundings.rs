//! A policy's surroundings on this machine: the real paths of its directories, and directories that are too private.

use std::path::{Path, PathBuf};

use wasm_agent_host::policy::{Policy, Surroundings, Warnings};

use crate::state;

/// The warnings about a policy.
pub(super) fn warnings(policy: &Policy, file: &Path) -> Warnings {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let real = |host: &str| std::fs::canonicalize(folder.join(host)).ok();
    policy.warnings(&Surroundings { real: Some(&real), private: private() })
}

/// Directories that no tool should have as a whole. A warning names the first that applies.
fn private() -> Vec<(&'static str, PathBuf)> {
    let home = std::env::home_dir().filter(|home| home.is_absolute());
    let known = [("your home directory", home), ("the state directory of `wasm-agent`", state::of_user())];
    known.into_iter().filter_map(|(name, path)| Some((name, real(&path?)?))).collect()
}

/// The real path of a directory. If it does not exist, that of its nearest parent, extended by the rest.
fn real(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let existing = absolute.ancestors().find_map(|above| Some((above, std::fs::canonicalize(above).ok()?)));
    let (above, real) = existing?;
    Some(real.join(absolute.strip_prefix(above).ok()?))
}
