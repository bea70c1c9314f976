//! [`JournalStore`]: where a journal's bytes go.

use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, Write as _};

/// Where a journal's bytes go. A trait, so that tests can fail any write or sync.
///
/// Called by one thread at a time, but not always by the same one. A store that panics fails its journal.
pub trait JournalStore: Send {
    /// Appends all bytes.
    ///
    /// # Errors
    ///
    /// When not all of them could be appended. The journal writes nothing more after that.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Appends all bytes of all parts, in order: by default one after the other.
    ///
    /// A file takes them in one system call. That halves the cost in the file system if the parts are contents and the
    /// few bytes between them.
    ///
    /// # Errors
    ///
    /// As [`write_all`](Self::write_all).
    fn write_all_parts(&mut self, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        parts.iter().try_for_each(|part| self.write_all(part))
    }

    /// Returns once a loss of power can't lose anything that was appended so far.
    ///
    /// # Errors
    ///
    /// When that is not certain. The journal writes nothing more after that: a second try could report success for
    /// pages that the first one dropped.
    fn sync_data(&mut self) -> io::Result<()>;
}

impl JournalStore for File {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(self, bytes)?;
        self.flush()
    }

    fn write_all_parts(&mut self, parts: &mut [IoSlice<'_>]) -> io::Result<()> {
        let mut left = parts;
        // With only empty parts, a write of nothing would look like a full disk.
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            match self.write_vectored(left) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut left, written),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        Self::sync_data(self)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    #[test]
    fn a_file_takes_parts_in_order_however_many_and_empty_ones_too() {
        // More than one system call takes.
        let parts: Vec<Vec<u8>> =
            (0..3000_u32).map(|number| number.to_le_bytes().repeat(number as usize % 3)).collect();
        let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all_parts(&mut slices).unwrap();
        file.write_all_parts(&mut []).unwrap();
        let mut contents = Vec::new();
        file.rewind().unwrap();
        file.read_to_end(&mut contents).unwrap();
        assert_eq!(contents, parts.concat());
    }
}
