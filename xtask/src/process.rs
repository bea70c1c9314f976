//! Running other programs, with the command line in the error when one fails.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::error::{Context, Error};

/// Makes a `cargo` command that builds what a `cargo` typed by a person builds.
///
/// The `cargo` that started this program set variables about its package. Build scripts read variables of these names, and are run
/// again where one changes: `ring` and all that is built on it would be built anew whenever `cargo` and `cargo xtask` take turns.
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs a program with its output going to the terminal.
///
/// # Errors
/// When it can't be started, or ends with anything but success.
pub fn run(command: &mut Command) -> Result<(), Error> {
    let shown = show(command);
    let status = command.status().context(|| format!("could not start `{shown}`"))?;
    if status.success() { Ok(()) } else { Err(Error::new(format!("`{shown}` failed")).because(status)) }
}

/// Runs a program and returns its standard output, trimmed.
///
/// # Errors
/// When it can't be started, ends with anything but success (its standard error is then among the
/// reasons), or prints what is not UTF-8.
pub fn capture(command: &mut Command) -> Result<String, Error> {
    let shown = show(command);
    let output = command.stdin(Stdio::null()).output().context(|| format!("could not start `{shown}`"))?;
    if !output.status.success() {
        return Err(Error::new(format!("`{shown}` failed"))
            .because(output.status)
            .because(String::from_utf8_lossy(&output.stderr).trim_end()));
    }
    String::from_utf8(output.stdout)
        .map(|text| text.trim().to_owned())
        .context(|| format!("`{shown}` printed text that is not UTF-8"))
}

/// Finds a program on `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|candidate| candidate.is_file())
}

fn show(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_is_told_nothing_about_this_package() {
        // The `cargo` that runs this test has set them.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some() && std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let command = cargo();
        let removed: Vec<&OsStr> =
            command.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        for name in ["CARGO_PKG_NAME", "CARGO_PKG_VERSION_PATCH", "CARGO_MANIFEST_DIR"] {
            assert!(removed.contains(&OsStr::new(name)), "{name}");
        }
    }
}
