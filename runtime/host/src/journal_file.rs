//! The file of a journal: made new, readable by its owner alone, on the disk once it is synced, and still there.

#![expect(clippy::disallowed_methods, reason = "makes the journal's file where the operator says")]

use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use wasm_agent_journal::JournalStore;

use wasm_agent_files::{FileId, look_at, look_for};

/// A new file for a journal.
///
/// A record that nobody finds is none. So with each write it is made sure that the file is still found by its path and
/// is as long as what was written: another process that removes, moves, replaces, cuts or extends it ends the run, as a
/// full disk does. Bytes that are changed in place are for verifying to find.
///
/// Syncing a file does not make its name durable: after a power cut the contents could be there and in no folder. So
/// the first sync syncs the folder as well (fsync(2), "Notes").
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
    /// When there is something at `path` already, which is never overwritten, or it can't be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let file = File::options().append(true).create_new(true).mode(0o600).open(&path)?;
        let folder = File::open(path.parent().unwrap_or(Path::new("/")))?;
        let id = look_at(&file)?.identity.file();
        Ok(Self { file, path, id, folder, written: 0, is_durable: false })
    }

    /// Where it is: an absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes sure that what was written is what stands under the journal's name.
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
