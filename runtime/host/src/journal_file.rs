//! The file of a journal: made new, readable by its owner alone, and on the disk once it is synced.

#![expect(clippy::disallowed_methods, reason = "makes the journal's file where the operator says")]

use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use wasm_agent_journal::JournalStore;

/// A new file for a journal.
///
/// Syncing a file does not make its name durable: after a power cut the contents could be there and in no folder. So
/// the first sync syncs the folder as well (fsync(2), "Notes").
#[derive(Debug)]
pub struct JournalFile {
    file: File,
    /// The folder, until its entry for the file is on the disk.
    folder: Option<File>,
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
        let file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { file, folder: Some(File::open(folder)?) })
    }
}

impl JournalStore for JournalFile {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        Write::write_all(&mut self.file, bytes)
    }

    fn write_all_parts(&mut self, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        self.file.write_all_parts(parts)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        if let Some(folder) = &self.folder {
            folder.sync_all()?;
            self.folder = None;
        }
        Ok(())
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
}
