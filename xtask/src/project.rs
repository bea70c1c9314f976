//! Where things are: the source tree, its target directory, and the cache of downloaded tools.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folders that the commands work in.
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// Finds the project from the place of this crate, and its target directory from the environment.
    pub fn locate() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .map(Path::to_path_buf)
            .context("the folder of `xtask` has no parent")?;
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            // Cargo takes a relative one from where it was called, and so does this.
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

    /// The command line program, as `cargo build` of this profile leaves it.
    pub fn host_binary(&self, profile_dir: &str) -> PathBuf {
        self.target.join(profile_dir).join("wasm-agent")
    }

    /// Where the benchmark keeps its files; emptied when it starts.
    pub fn bench_dir(&self) -> PathBuf {
        self.target.join("bench")
    }

    /// Where the demo takes place; emptied when it starts.
    pub fn demo_dir(&self) -> PathBuf {
        self.target.join("demo")
    }

    /// Tools that were downloaded or built by a set-up step; safe to delete.
    pub fn cache(&self) -> PathBuf {
        self.root.join(".cache")
    }
}
