//! What is around a policy on this machine: where its directories really are, and what no tool should have all of.

use std::path::{Path, PathBuf};

use wasm_agent_host::policy::{Policy, Surroundings, Warnings};

use crate::state;

/// The warnings about a policy in this file.
pub(super) fn warnings(policy: &Policy, file: &Path) -> Warnings {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let real = |host: &str| std::fs::canonicalize(folder.join(host)).ok();
    policy.warnings(&Surroundings { real: Some(&real), private: private() })
}

/// Directories that no tool should have all of. A warning names the first that it is about.
fn private() -> Vec<(&'static str, PathBuf)> {
    let home = std::env::home_dir().filter(|home| home.is_absolute());
    let known = [("your home directory", home), ("the state directory of `wasm-agent`", state::of_user())];
    known.into_iter().filter_map(|(name, path)| Some((name, real(&path?)?))).collect()
}

/// The directory without links. One that is not there yet lies where the directories above it do.
fn real(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let existing = absolute.ancestors().find_map(|above| Some((above, std::fs::canonicalize(above).ok()?)));
    let (above, real) = existing?;
    Some(real.join(absolute.strip_prefix(above).ok()?))
}
