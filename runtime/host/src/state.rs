//! The state directory: compiled code, copies of components, journals. Private to one user.
//!
//! Compiled code is native code that is mapped and run, so whoever can write it can do anything this process can.
//! The directory is therefore used only when it belongs to this user and nobody else can write to it.

#![expect(clippy::disallowed_methods, reason = "looks after the state directory, and names runs")]

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::error::{FileRole, LoadError, StateProblem};

/// Where a host keeps what outlives a run.
#[derive(Clone, Debug)]
pub struct StateDir {
    root: PathBuf,
    code: CodeSource,
}

/// How kept code comes into a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodeSource {
    /// Mapped from its file, of which only what runs is read. The file must stay as it was when it was checked.
    #[default]
    Mapped,
    /// Copied, then checked: for a directory that a grant of a policy reaches, where a tool could change what is
    /// mapped.
    Copied,
}

impl StateDir {
    /// Opens a state directory, and makes it where it does not exist.
    ///
    /// It holds `components/` (each tool that ran, by digest, so that a replay finds it), `code/` (compiled
    /// components), `code.key` (which tells those from what others put there) and `journals/`.
    ///
    /// # Authority
    ///
    /// Reads and writes below `root`.
    ///
    /// # Errors
    ///
    /// When it can't be made, belongs to another user, or others can write to it.
    pub fn open(root: &Path) -> Result<Self, LoadError> {
        for dir in [root.to_owned(), root.join("components"), root.join("code"), root.join("journals")] {
            private_dir(&dir)?;
        }
        Ok(Self { root: root.to_owned(), code: CodeSource::default() })
    }

    /// Says how kept code comes into this process: [`CodeSource::Copied`] where a grant reaches the directory.
    #[must_use]
    pub fn code_source(mut self, source: CodeSource) -> Self {
        self.code = source;
        self
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a run's journal goes when the operator names no other place.
    pub fn journal_path(&self, run: &str) -> PathBuf {
        self.root.join("journals").join(format!("{run}.journal"))
    }

    /// The kept copy of a component, by the digest of its bytes in hexadecimal.
    pub fn component_path(&self, sha256: &str) -> PathBuf {
        self.root.join("components").join(format!("{sha256}.wasm"))
    }

    /// The key that compiled code is kept under: 32 random bytes that nobody else may read.
    pub fn code_key_path(&self) -> PathBuf {
        self.root.join("code.key")
    }

    pub(crate) fn source(&self) -> CodeSource {
        self.code
    }

    pub(crate) fn code_path(&self, sha256: &str, engine: &str) -> PathBuf {
        self.root.join("code").join(format!("{sha256}-{engine}.cwasm"))
    }

    /// Keeps a copy of a component, unless there is one.
    pub(crate) fn keep_component(&self, sha256: &str, bytes: &[u8]) -> Result<(), LoadError> {
        let path = self.component_path(sha256);
        if path.exists() {
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

/// Writes a file so that it is there whole or not at all, whoever writes it at the same time, and whenever the machine
/// stops.
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
            // A file system may keep a name and lose what was written under it. Compiled code with zeros in it would be
            // run.
            file.sync_data()
        })
        .and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        // The error that matters is the first; what is left behind is a hidden file in a private directory.
        drop(std::fs::remove_file(&temporary));
    }
    written
}

/// Whether a file or directory is this user's and closed to writing by others.
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
/// When the operating system has none to give.
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
        state.keep_component("ab", b"one").unwrap();
        state.keep_component("ab", b"two").unwrap();
        assert_eq!(std::fs::read(state.component_path("ab")).unwrap(), b"one");
    }
}
