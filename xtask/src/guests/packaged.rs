//! The route for machines where `rustup` can't add the target: the distribution's compiler with the sources of `std`, a
//! C library for WASI built with Zig's C compiler, and the linkers of the active toolchain.
//!
//! Debian has a `wasi-libc`, but it dates from 2022 and opens preopens inside `cabi_realloc`. A component linked with
//! it traps with "cannot leave component instance".

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, bail};

use crate::hint::Hint;
use crate::process;
use crate::project::Project;
use crate::python::{self, find_file};

/// The packages of the compiler, its build tool and the sources of `std`.
pub(crate) const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// Where those packages put the two programs.
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";

/// The Python package of Zig's C compiler. Pinned, because the layout of its build cache may change at any time.
const ZIG: &str = "ziglang==0.17.1";

/// The archives that make up the C library.
const ARCHIVES: [&str; 3] = ["libc.a", "libzigc.a", "libcompiler_rt.a"];

/// The start-up object of a command.
const START: &str = "crt1-command.o";

/// A compiler that is ready to use, made by [`set_up`].
#[derive(Debug)]
pub(crate) struct Toolchain {
    libc: PathBuf,
    path: OsString,
}

impl Toolchain {
    /// Makes the `cargo` command, with its environment.
    pub(crate) fn cargo(&self) -> Command {
        let mut rustflags = OsString::from("-L native=");
        rustflags.push(&self.libc);
        let mut command = Command::new(CARGO);
        command
            // Set by the `cargo` that started `xtask`. They would lead back to its own toolchain.
            .env_remove("RUSTUP_TOOLCHAIN")
            .env_remove("CARGO")
            .env("RUSTC", RUSTC)
            // Allows `-Zbuild-std`, the only unstable feature in use.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", rustflags)
            .env("PATH", &self.path)
            .arg("-Zbuild-std=std,panic_abort");
        command
    }
}

/// Installs what is missing, builds the C library once, and finds the linkers below `sysroot`.
///
/// # Errors
/// When the packages are missing and can't be installed, or when the C library can't be built.
pub(crate) fn set_up(project: &Project, sysroot: &Path) -> Result<Toolchain> {
    install_packages()?;
    let linkers = linkers(sysroot)?;
    let libc = libc(&project.cache())?;
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(linkers.into_iter().chain(std::env::split_paths(&inherited)))
        .context("could not put the linkers on `PATH`")?;
    Ok(Toolchain { libc, path })
}

/// Installs the packages with `apt-get`: directly as root, otherwise through `sudo`.
fn install_packages() -> Result<()> {
    let library = process::capture(Command::new(RUSTC).args(["--print", "sysroot"]))
        .map(|sysroot| Path::new(&sysroot).join("lib/rustlib/src/rust/library/std"));
    if library.is_ok_and(|library| library.is_dir()) && Path::new(CARGO).is_file() {
        return Ok(());
    }
    if process::find("apt-get").is_none() {
        bail!("there is no `apt-get` here to install the packaged compiler with");
    }
    println!("guests: installing {}", PACKAGES.join(", "));
    let is_root = process::capture(Command::new("id").arg("-u"))? == "0";
    let apt = |arguments: &[&str]| {
        let mut command = if is_root {
            Command::new("apt-get")
        } else {
            // Never ask for a password: there may be nobody to type it.
            let mut sudo = Command::new("sudo");
            sudo.args(["--non-interactive", "apt-get"]);
            sudo
        };
        command.args(["--quiet", "--yes"]).args(arguments);
        process::run(&mut command)
    };
    let install: Vec<&str> = ["install", "--no-install-recommends"].into_iter().chain(PACKAGES).collect();
    // The package lists may be stale or missing, which only shows when installing fails.
    apt(&install).or_else(|_| apt(&["update"]).and_then(|()| apt(&install)))
}

/// The folders with `wasm-component-ld` and `wasm-ld`.
fn linkers(sysroot: &Path) -> Result<Vec<PathBuf>> {
    let host = process::capture(Command::new("rustc").args(["--print", "host-tuple"]))?;
    let bin = sysroot.join("lib/rustlib").join(host).join("bin");
    let dirs = vec![bin.join("gcc-ld"), bin];
    for program in ["wasm-ld", "wasm-component-ld"] {
        if !dirs.iter().any(|dir| dir.join(program).is_file()) {
            return Err(anyhow!("the active toolchain has no `{program}`"))
                .hint("install a toolchain with rustup: it brings the linkers");
        }
    }
    Ok(dirs)
}

/// Builds the C library into the cache, unless it is there already.
fn libc(cache: &Path) -> Result<PathBuf> {
    let finished = cache.join("wasi-libc");
    if finished.is_dir() {
        return Ok(finished);
    }
    let python = python::install(cache, ZIG)?;
    println!("guests: building the C library (half a minute, once)");
    let work = cache.join(format!("wasi-libc.{}", std::process::id()));
    let zig_cache = work.join("zig");
    fs::create_dir_all(&zig_cache).with_context(|| format!("could not create `{}`", work.display()))?;
    let program = work.join("empty.c");
    fs::write(&program, "int main(void) { return 0; }\n")
        .with_context(|| format!("could not write `{}`", program.display()))?;
    let zig = || {
        let mut command = Command::new(&python);
        command.args(["-m", "ziglang"]).env("ZIG_GLOBAL_CACHE_DIR", &zig_cache).env("ZIG_LOCAL_CACHE_DIR", &zig_cache);
        command
    };
    // Linking any program makes Zig build the whole library.
    process::capture(
        zig().args(["cc", "-target", "wasm32-wasi", "-O2"]).arg(&program).arg("-o").arg(work.join("empty.wasm")),
    )?;

    let made = work.join("lib");
    fs::create_dir_all(&made).with_context(|| format!("could not create `{}`", made.display()))?;
    let mut script = format!("create {}\n", made.join("libc.a").display());
    for archive in ARCHIVES {
        script.push_str(&format!("addlib {}\n", find_file(&zig_cache, archive)?.display()));
    }
    script.push_str("save\nend\n");
    merge(zig().args(["ar", "-M"]), &script)?;
    fs::copy(find_file(&zig_cache, START)?, made.join(START)).with_context(|| format!("could not copy `{START}`"))?;
    // Renamed once it is complete, so that an interrupted set-up starts over.
    fs::rename(&made, &finished).context("could not put the C library in place")?;
    fs::remove_dir_all(&work).with_context(|| format!("could not remove `{}`", work.display()))?;
    Ok(finished)
}

/// Feeds a script to the archiver.
fn merge(archiver: &mut Command, script: &str) -> Result<()> {
    use std::io::Write;
    use std::process::Stdio;

    let step = "could not merge the C library";
    let mut child = archiver.stdin(Stdio::piped()).spawn().context(step)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(script.as_bytes()).context(step)?;
    }
    let status = child.wait().context(step)?;
    if status.success() { Ok(()) } else { Err(anyhow!("{status}").context(step)) }
}
