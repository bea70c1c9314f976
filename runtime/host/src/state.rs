//! The state directory: compiled code, copies of components, journals. Private to one user.
//!
//! Compiled code is native code that is mapped and run, so anyone who can write it can do anything that this process
//! can. The directory is therefore used only if it belongs to this user and nobody else can write to it.

#![expect(clippy::disallowed_methods, reason = "looks after the state directory, and names runs")]

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use wasm_agent_ids::{RunId, ToolDigest};

use crate::error::{FileRole, LoadError, StateProblem};

/// Where a host stores what outlives a run.
#[derive(Clone, Debug)]
pub struct StateDir {
    root: PathBuf,
    code: CodeSource,
}

/// How stored code is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodeSource {
    /// Mapped from its file: only the parts that run are read. The file must not change after it was checked.
    #[default]
    Mapped,
    /// Copied, then checked: for a directory that a policy's grant reaches, where a tool could change a mapped file.
    Copied,
}

impl StateDir {
    /// Opens a state directory, and makes it if it does not exist.
    ///
    /// It holds `components/` (each tool that ran, by digest, so that a replay finds it), `code/` (compiled
    /// components), `code.key` (which authenticates them) and `journals/`.
    ///
    /// # Authority
    ///
    /// Reads and writes below `root`.
    ///
    /// # Errors
    ///
    /// When it can't be made, belongs to another user, or can be written by others.
    pub fn open(root: &Path) -> Result<Self, LoadError> {
        for dir in [root.to_owned(), root.join("components"), root.join("code"), root.join("journals")] {
            private_dir(&dir)?;
        }
        Ok(Self { root: root.to_owned(), code: CodeSource::default() })
    }

    /// Sets how stored code is loaded: use [`CodeSource::Copied`] if a grant reaches the directory.
    #[must_use]
    pub fn code_source(mut self, source: CodeSource) -> Self {
        self.code = source;
        self
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of a run's journal, if the operator names no other.
    pub fn journal_path(&self, run: RunId) -> PathBuf {
        self.root.join("journals").join(format!("{run}.journal"))
    }

    /// The path of a component's copy, by the digest of its bytes in hexadecimal.
    pub fn component_path(&self, sha256: ToolDigest) -> PathBuf {
        self.root.join("components").join(format!("{sha256}.wasm"))
    }

    /// The path of the key that authenticates compiled code: 32 random bytes that only this user may read.
    pub fn code_key_path(&self) -> PathBuf {
        self.root.join("code.key")
    }

    pub(crate) fn source(&self) -> CodeSource {
        self.code
    }

    pub(crate) fn code_path(&self, sha256: ToolDigest, engine: &str) -> PathBuf {
        self.root.join("code").join(format!("{sha256}-{engine}.cwasm"))
    }

    /// Stores a copy of a component, unless there is one already. A damaged one is replaced.
    pub(crate) fn keep_component(&self, sha256: ToolDigest, bytes: &[u8]) -> Result<(), LoadError> {
        let path = self.component_path(sha256);
        if std::fs::read(&path).is_ok_and(|copy| copy == bytes) {
            return Ok(());
        }
        write_whole(&path, bytes).map_err(|source| LoadError::File {
            verb: "create",
            what: FileRole::ToolCopy,
            path,
            source,
        })
    }
}

/// Writes a file completely or not at all, even if other processes write it at the same time or the machine stops.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    let temporary = parent.join(format!(".{:032x}", random()?));
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            // A file system may keep a file's name and lose its contents. Compiled code with zeros in it would be run.
            file.sync_data()
        })
        .and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one that matters. Any remains are a hidden file in a private directory.
        drop(std::fs::remove_file(&temporary));
    }
    written
}

/// Whether a file or directory belongs to this user and others can't write to it.
pub(crate) fn is_private(metadata: &std::fs::Metadata) -> Result<(), StateProblem> {
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return Err(StateProblem::Owner { owner: metadata.uid(), user });
    }
    if metadata.mode() & 0o022 != 0 {
        return Err(StateProblem::WrittenByOthers { mode: metadata.mode() & 0o7777 });
    }
    Ok(())
}

fn private_dir(path: &Path) -> Result<(), LoadError> {
    let error =
        |source| LoadError::File { verb: "create", what: FileRole::StateDirectory, path: path.to_owned(), source };
    match std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path) {
        Ok(()) => {}
        Err(source) => return Err(error(source)),
    }
    let metadata = std::fs::metadata(path).map_err(error)?;
    is_private(&metadata).map_err(|problem| LoadError::State { path: path.to_owned(), problem })
}

/// 128 random bits.
///
/// # Errors
///
/// When the operating system supplies none.
pub(crate) fn random() -> std::io::Result<u128> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(u128::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn refuses_a_directory_that_others_can_write() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let error = StateDir::open(dir.path()).unwrap_err();
        assert!(error.to_string().contains("can be written by others (mode 0777"), "{error}");
    }

    #[test]
    fn keeps_one_copy_of_a_component() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(&dir.path().join("state")).unwrap();
        let tool = ToolDigest::from_bytes([0xab; 32]);
        state.keep_component(tool, b"one").unwrap();
        let made = std::fs::metadata(state.component_path(tool)).unwrap().ino();
        state.keep_component(tool, b"one").unwrap();
        assert_eq!(std::fs::metadata(state.component_path(tool)).unwrap().ino(), made);
        std::fs::write(state.component_path(tool), b"on").unwrap();
        state.keep_component(tool, b"one").unwrap();
        assert_eq!(std::fs::read(state.component_path(tool)).unwrap(), b"one");
    }
}
