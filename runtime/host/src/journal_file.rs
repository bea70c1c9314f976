//! The file of a journal: new, readable only by its owner, on the disk once it is synced, and still at its path.

#![expect(clippy::disallowed_methods, reason = "makes the journal's file where the operator says")]

use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use wasm_agent_journal::JournalStore;

use wasm_agent_files::{FileId, look_at, look_for};

/// A new file for a journal.
///
/// A journal that nobody can find is worthless. So each write checks that the file is still at its path and has the
/// expected length: if another process removes, moves, replaces, cuts or extends it, the run ends, as it does when the
/// disk is full. Bytes that are changed in place are for `verify` to find.
///
/// Syncing a file does not make its name durable: after a power cut, its contents could be on the disk but in no
/// folder. So the first sync also syncs the folder (fsync(2), "Notes").
#[derive(Debug)]
pub struct JournalFile {
    file: File,
    path: PathBuf,
    id: FileId,
    folder: File,
    written: u64,
    /// Whether the folder's entry for the file is on the disk.
    is_durable: bool,
}

impl JournalFile {
    /// Makes the file.
    ///
    /// # Authority
    ///
    /// Creates `path` and opens its folder.
    ///
    /// # Errors
    ///
    /// When something exists at `path`, which is never overwritten, or the file can't be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let file = File::options().append(true).create_new(true).mode(0o600).open(&path)?;
        let folder = File::open(path.parent().unwrap_or(Path::new("/")))?;
        let id = look_at(&file)?.identity.file();
        Ok(Self { file, path, id, folder, written: 0, is_durable: false })
    }

    /// Its absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that the file at the journal's path is the one that was written.
    fn check(&self) -> io::Result<()> {
        match look_for(rustix::fs::CWD, self.path.as_path())? {
            None => Err(io::Error::other("another process removed the journal")),
            Some(found) if found.identity.file() != self.id => {
                Err(io::Error::other("another process put another file in the journal's place"))
            }
            Some(found) if found.size != self.written => Err(io::Error::other(format!(
                "another process changed the journal: it has {} bytes, expected {}",
                found.size, self.written
            ))),
            Some(_) => Ok(()),
        }
    }

    fn wrote(&mut self, bytes: usize) -> io::Result<()> {
        self.written = self.written.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        self.check()
    }
}

impl JournalStore for JournalFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        Write::write_all(&mut self.file, bytes)?;
        self.wrote(bytes.len())
    }

    fn write_all_parts(&mut self, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        let bytes = parts.iter().map(|part| part.len()).sum();
        self.file.write_all_parts(parts)?;
        self.wrote(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        if !self.is_durable {
            self.folder.sync_all()?;
            self.is_durable = true;
        }
        self.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn is_new_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.journal");
        let mut file = JournalFile::create(&path).unwrap();
        file.write_all(b"one").unwrap();
        file.sync_data().unwrap();
        file.sync_data().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(JournalFile::create(&path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
    #[test]
    fn a_journal_that_is_not_what_was_written_takes_no_more() {
        type Act = fn(&Path);
        let acts: [(&str, Act); 5] = [
            ("removed", |path| std::fs::remove_file(path).unwrap()),
            ("another file", |path| {
                std::fs::write(path.with_extension("new"), "one").unwrap();
                std::fs::rename(path.with_extension("new"), path).unwrap();
            }),
            ("removed", |path| std::fs::rename(path, path.with_extension("old")).unwrap()),
            ("has 0 bytes", |path| drop(File::create(path).unwrap())),
            ("has 4 bytes", |path| {
                Write::write_all(&mut File::options().append(true).open(path).unwrap(), b"!").unwrap();
            }),
        ];
        for (expected, act) in acts {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("a.journal");
            let mut file = JournalFile::create(&path).unwrap();
            file.write_all(b"one").unwrap();
            file.sync_data().unwrap();
            act(&path);
            let error = file.sync_data().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(file.write_all(b"two").is_err(), "{expected}");
            assert!(file.write_all_parts(&mut [IoSlice::new(b"two")]).is_err(), "{expected}");
        }
    }
}
