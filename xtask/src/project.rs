//! Where things are: the source tree, its target directory, and the cache of downloaded tools.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folders that the commands use.
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// Finds the project by the path of this crate, and its target directory by the environment.
    pub fn locate() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .map(Path::to_path_buf)
            .context("the folder of `xtask` has no parent")?;
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            // A relative one starts from the working directory, as for Cargo.
            Some(dir) => std::path::absolute(PathBuf::from(dir)).context("could not resolve `CARGO_TARGET_DIR`")?,
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// The root of the source tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The workspace of the guest tools.
    pub fn guest_sources(&self) -> PathBuf {
        self.root.join("guest-tools")
    }

    /// Cargo's target directory for the guest workspace.
    pub fn guest_target(&self) -> PathBuf {
        self.target.join("guest-build")
    }

    /// Where the finished components are put, as `NAME.wasm`.
    pub fn guests_dir(&self) -> PathBuf {
        self.target.join("guests")
    }

    /// The command-line program, where `cargo build` puts it for this profile.
    pub fn host_binary(&self, profile_dir: &str) -> PathBuf {
        self.target.join(profile_dir).join("wasm-agent")
    }

    /// Where the benchmark keeps its files. It empties this folder when it starts.
    pub fn bench_dir(&self) -> PathBuf {
        self.target.join("bench")
    }

    /// Where the programs of `tests/languages` are built and run.
    pub fn languages_dir(&self) -> PathBuf {
        self.target.join("languages")
    }

    /// Where the demo takes place. It empties this folder when it starts.
    pub fn demo_dir(&self) -> PathBuf {
        self.target.join("demo")
    }

    /// Tools that set-up steps have downloaded or built. Safe to delete.
    pub fn cache(&self) -> PathBuf {
        self.root.join(".cache")
    }
}
