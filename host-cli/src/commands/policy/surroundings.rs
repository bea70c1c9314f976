//! A policy's surroundings on this machine: the real paths of its directories, and directories that are too private.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use wasm_agent_host::policy::{FilesystemGrant, Policy, Surroundings, Warnings};

use crate::state;

/// The warnings about a policy.
pub(super) fn warnings(policy: &Policy, file: &Path) -> Warnings {
    let real = |host: &str| std::fs::canonicalize(folder_of(file).join(host)).ok();
    policy.warnings(&Surroundings { real: Some(&real), is_file: Some(&Path::is_file), private: private() })
}

/// The grants whose directories do not exist on this machine.
pub(super) fn missing<'p>(policy: &'p Policy, file: &'p Path) -> impl Iterator<Item = &'p FilesystemGrant> {
    let there = |grant: &FilesystemGrant| std::fs::metadata(folder_of(file).join(&grant.host));
    policy.filesystem().iter().filter(move |grant| {
        there(grant).is_err_and(|error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory))
    })
}

/// Where relative paths of a policy begin.
fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
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
