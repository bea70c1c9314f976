//! Chooses the toolchain that compiles to WebAssembly.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, anyhow, bail};
use clap::ValueEnum;

use super::packaged;
use crate::hint::{self, Hint};
use crate::process;
use crate::project::Project;

/// The target that the guests are compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// A way to compile the guests, ready to use.
#[derive(Debug)]
pub(crate) enum Route {
    /// The active toolchain, which already has the target.
    Installed,
    /// The active toolchain, after `rustup` added the target.
    Added,
    /// The distribution's compiler, which brings the sources of `std`.
    Packaged(packaged::Toolchain),
}

impl Route {
    /// The route in words.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Installed => format!("the installed target {TARGET}"),
            Self::Added => format!("the target {TARGET}, added by rustup"),
            Self::Packaged(_) => "the distribution's packaged compiler".to_owned(),
        }
    }

    /// A `cargo` command that lacks only its subcommand.
    pub(crate) fn cargo(&self) -> Command {
        match self {
            Self::Installed | Self::Added => process::cargo(),
            Self::Packaged(toolchain) => toolchain.cargo(),
        }
    }
}

/// A route that has not been tried yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RouteName {
    /// The target that the active toolchain has already
    Installed,
    /// The active toolchain, after `rustup` added the target to it
    Rustup,
    /// The distribution's compiler, with the sources of `std`
    Packaged,
}

impl RouteName {
    /// In the order in which they are tried: the quickest and most common first.
    const ALL: [Self; 3] = [Self::Installed, Self::Rustup, Self::Packaged];

    fn take(self, project: &Project, sysroot: &Path) -> Result<Route> {
        match self {
            Self::Installed if has_target(sysroot) => Ok(Route::Installed),
            Self::Installed => bail!("the active toolchain lacks {TARGET}"),
            Self::Rustup => {
                println!("guests: trying `rustup target add {TARGET}`");
                process::capture(Command::new("rustup").args(["target", "add", TARGET]))?;
                if has_target(sysroot) {
                    Ok(Route::Added)
                } else {
                    bail!("rustup added it to another toolchain than the active one")
                }
            }
            Self::Packaged => {
                println!("guests: setting up the packaged compiler");
                packaged::set_up(project, sysroot).map(Route::Packaged)
            }
        }
    }
}

/// Takes the first route that works, or the one that is named.
///
/// # Errors
/// When none works. The error says why each failed, and what to install.
pub(crate) fn choose(project: &Project, only: Option<RouteName>) -> Result<Route> {
    let sysroot = active_sysroot()?;
    let mut reasons = String::new();
    for name in RouteName::ALL.into_iter().filter(|name| only.is_none_or(|only| only == *name)) {
        match name.take(project, &sysroot) {
            Ok(route) => return Ok(route),
            Err(error) => reasons += &hint::report(&error),
        }
    }
    Err(anyhow!(reasons).context(format!("no toolchain here compiles to {TARGET}"))).hint(format!(
        "run `rustup target add {TARGET}` where the network allows it, or install {} and python3-venv",
        packaged::PACKAGES.join(", ")
    ))
}

fn active_sysroot() -> Result<PathBuf> {
    process::capture(Command::new("rustc").args(["--print", "sysroot"])).map(PathBuf::from)
}

/// Looks for the library itself: a toolchain without the target can still have a folder of that name.
fn has_target(sysroot: &Path) -> bool {
    let lib = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    std::fs::read_dir(lib).is_ok_and(|mut entries| {
        entries.any(|entry| {
            entry.is_ok_and(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                name.starts_with("libstd-") && name.ends_with(".rlib")
            })
        })
    })
}
