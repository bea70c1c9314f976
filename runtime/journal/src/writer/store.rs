//! [`JournalStore`]: where a journal's bytes go.

use std::fs::File;
use std::io::{self, Write as _};

/// Where a journal's bytes go. Passed in, so that tests can fail any write or sync.
pub trait JournalStore: Send {
    /// Appends all bytes.
    ///
    /// # Errors
    ///
    /// When not all of them could be appended. The journal writes nothing more after that.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Returns once everything appended so far survives a loss of power.
    ///
    /// # Errors
    ///
    /// When that is not certain. The journal writes nothing more after that: a second try could report
    /// success for pages that the first one dropped.
    fn sync_data(&mut self) -> io::Result<()>;
}

impl JournalStore for File {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(self, bytes)?;
        self.flush()
    }

    fn sync_data(&mut self) -> io::Result<()> {
        Self::sync_data(self)
    }
}
