//! Programs that are Python packages, installed in a virtual environment of the project.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::hint::Hint;
use crate::process;

/// The package that turns a Python program into a component.
pub const COMPONENTIZE: &str = "componentize-py==0.25.1";

/// Installs one package, pinned to a version. Makes the environment in the cache first, if there is none.
///
/// Returns the path of the environment's interpreter.
///
/// # Errors
/// When there is no `python3` with `venv`, or when the package can't be installed.
pub fn install(cache: &Path, package: &str) -> Result<PathBuf> {
    let venv = environment(cache);
    let python = venv.join("bin/python");
    if !python.is_file() {
        println!("setup: making a Python environment");
        process::capture(Command::new("python3").args(["-m", "venv"]).arg(&venv))
            .hint("install python3 and python3-venv")?;
    }
    let installed = process::capture(Command::new(&python).args(["-m", "pip", "freeze"]))?;
    if !installed.lines().any(|line| line == package) {
        println!("setup: installing {package}");
        process::capture(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).arg(package))?;
    }
    Ok(python)
}

/// The folder of the environment, which exists once something has been installed.
pub fn environment(cache: &Path) -> PathBuf {
    cache.join("venv")
}

/// Finds the first file of this name below `dir`.
///
/// # Errors
/// When there is none.
pub fn find_file(dir: &Path, name: &str) -> Result<PathBuf> {
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("could not read `{}`", folder.display()))?;
        for entry in entries {
            let path = entry.with_context(|| format!("could not read `{}`", folder.display()))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|found| found == name) {
                return Ok(path);
            }
        }
    }
    bail!("there is no `{name}` below `{}`", dir.display())
}
