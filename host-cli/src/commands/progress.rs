//! A progress bar for reading long journals.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Seek, SeekFrom};
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use indicatif::{ProgressBar, ProgressStyle};
use rustix::fs::{Mode, OFlags};
use wasm_agent_host::journal::Reader;

use crate::failure::Failure;

/// Shortest file with a progress bar, in bytes.
const LENGTH_BYTES_MIN: u64 = 64 << 20;

/// A file with a progress bar, if it is long and standard error is a terminal.
pub(super) struct Progress {
    file: File,
    bar: ProgressBar,
    /// Furthest position that was read. A reader may look at the end first, and go back for parts.
    furthest: u64,
    position: u64,
}

/// When a command prints. A bar on the same terminal would garble output that comes while the file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prints {
    AsItReads,
    AtTheEnd,
}

/// Opens a journal for a command that reads all of it.
pub(super) fn open_journal(path: &Path, prints: Prints) -> Result<Reader<Progress>, Failure> {
    Reader::open(open(path, prints)?).map_err(|error| Failure::journal(path, &error))
}

/// Opens the file of a journal.
pub(super) fn open(path: &Path, prints: Prints) -> Result<Progress, Failure> {
    // Without blocking: a folder of journals may contain a pipe that nobody writes to.
    let opened = rustix::fs::open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty());
    let opened = opened.map_err(io::Error::from).map(File::from).and_then(|file| {
        // A directory can be opened, but then fails with a misleading message about reading.
        let kind = file.metadata()?.file_type();
        if kind.is_dir() {
            Err(io::ErrorKind::IsADirectory.into())
        } else if kind.is_file() {
            Progress::new(file, prints)
        } else {
            Err(io::Error::other("not a regular file"))
        }
    });
    opened.map_err(|error| Failure::file("open", "journal", path, error))
}

impl Progress {
    fn new(file: File, prints: Prints) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let free = prints == Prints::AtTheEnd || !io::stdout().is_terminal();
        let seen = length >= LENGTH_BYTES_MIN && free && io::stderr().is_terminal();
        let bar = if seen { bar(length) } else { ProgressBar::hidden() };
        Ok(Self { file, bar, furthest: 0, position: 0 })
    }
}

impl Drop for Progress {
    /// Removes the bar from the terminal.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Read for Progress {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.position = self.position.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if self.position > self.furthest {
            self.furthest = self.position;
            self.bar.set_position(self.furthest);
        }
        Ok(read)
    }
}

impl Seek for Progress {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.file.seek(to)?;
        Ok(self.position)
    }
}

fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let template = if AutoStream::choice(&io::stderr()) == ColorChoice::Never {
        "{bar:40} {percent:>3}% {bytes} of {total_bytes}"
    } else {
        "{bar:40.cyan} {percent:>3}% {bytes} of {total_bytes}"
    };
    // The template is constant. If it were invalid, the default style would do.
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn looking_at_the_end_is_no_progress() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[1; 100]).unwrap();
        let mut progress = Progress::new(file, Prints::AtTheEnd).unwrap();
        assert_eq!(progress.seek(SeekFrom::End(0)).unwrap(), 100);
        progress.seek(SeekFrom::Start(0)).unwrap();
        progress.read_exact(&mut [0; 60]).unwrap();
        progress.seek(SeekFrom::Start(10)).unwrap();
        progress.read_exact(&mut [0; 20]).unwrap();
        assert_eq!((progress.furthest, progress.bar.position()), (60, 60));
    }
}
