//! Putting a run's files back, as far as a journal tells of them.

use std::io::{self, Read, Seek, SeekFrom, Write};

use wasm_agent_policy::GuestPath;

use super::contents::{Contents, Source};
use super::digest::{ALL_BYTES_MAX, FILE_BYTES_MAX, Fetched, cost};
use super::tree::Kind;
use super::{Blobs, Files, FilesError};

/// An empty folder that files are restored into.
///
/// A path's segments come from a journal: none is `..` or empty, but whoever writes has to keep within the folder, and
/// to make only what is not there yet.
pub trait Folder {
    /// A new file that is written to.
    type File: Write + Seek;

    /// Makes a directory, and those above it, unless they are there.
    ///
    /// # Errors
    ///
    /// When it can't be made.
    fn directory(&mut self, path: &GuestPath) -> io::Result<()>;

    /// Makes a new file of this length, filled with zeroes, and the directories above it.
    ///
    /// # Errors
    ///
    /// When it can't be made.
    fn file(&mut self, path: &GuestPath, length: u64) -> io::Result<Self::File>;
}

/// How much of a file, directory or link was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Its name.
    pub path: GuestPath,
    /// What became of it.
    pub left: Left,
}

/// What is missing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// Nothing: it is whole.
    Whole {
        /// Its length; none for a directory.
        length: Option<u64>,
    },
    /// Some of its bytes are not known; they are zeroes in the restored file.
    Partial {
        /// Its length, where it is known.
        length: Option<u64>,
        /// How many bytes are known.
        known: u64,
        /// Some of them lie beyond what is restored of a file.
        cut: bool,
    },
    /// None of its bytes is known; it was not made.
    Unknown {
        /// Its length, where it is known.
        length: Option<u64>,
    },
    /// It is a symbolic link, which are not made.
    Link {
        /// Its text.
        target: String,
    },
    /// It could not be made.
    Failed {
        /// Why.
        why: String,
    },
}

impl<S: Read + Write + Seek> Files<S> {
    /// Restores what the tool knew of its files by now, and says of each how much. Directories that hold nothing known
    /// are made where the run made them, or looked into them.
    ///
    /// # Errors
    ///
    /// When the spool or the journal fails. What can't be made in the folder is listed.
    pub fn restore<F: Folder>(
        &mut self,
        folder: &mut F,
        blobs: &mut dyn Blobs,
        mut each: impl FnMut(Restored),
    ) -> Result<(), FilesError> {
        let names: Vec<GuestPath> = self.tree.names().map(|(path, _)| path.clone()).collect();
        let mut fetched = Fetched::default();
        for path in names {
            let Some(node) = self.tree.named(&path).and_then(|node| self.tree.get(node)) else { continue };
            let left = match &node.kind {
                Kind::Unsaid if node.contents.length.is_none() => continue,
                Kind::Directory => made(folder.directory(&path)),
                Kind::Link(target) => Left::Link { target: target.clone() },
                Kind::File | Kind::Unsaid => {
                    if !self.steps.take(node.contents.pieces()) {
                        each(Restored { path, left: Left::Failed { why: "too many pieces in all".to_owned() } });
                        continue;
                    }
                    let contents = node.contents.clone();
                    match self.restore_left.checked_sub(written_bytes(&contents)) {
                        Some(left) => {
                            self.restore_left = left;
                            self.restore_file(folder, &path, &contents, &mut fetched, blobs)?
                        }
                        None => Left::Failed { why: format!("more than {} GiB in all", ALL_BYTES_MAX >> 30) },
                    }
                }
            };
            each(Restored { path, left });
        }
        Ok(())
    }

    fn restore_file<F: Folder>(
        &mut self,
        folder: &mut F,
        path: &GuestPath,
        contents: &Contents,
        fetched: &mut Fetched,
        blobs: &mut dyn Blobs,
    ) -> Result<Left, FilesError> {
        let (length, known) = (contents.length, contents.known_bytes());
        if known == 0 && length != Some(0) {
            return Ok(Left::Unknown { length });
        }
        let last = contents.known().last().map_or(0, |(at, length, _)| at.saturating_add(length));
        let end = length.unwrap_or(last);
        let whole = contents.is_whole() && end <= FILE_BYTES_MAX;
        let mut file = match folder.file(path, end.min(FILE_BYTES_MAX)) {
            Ok(file) => file,
            Err(error) => return Ok(Left::Failed { why: error.to_string() }),
        };
        for (at, length, source) in contents.known() {
            let length = FILE_BYTES_MAX.saturating_sub(at).min(length);
            // The file is zeroes where nothing is written.
            if length == 0 || source == Source::Zeroes {
                continue;
            }
            let mut failed = file.seek(SeekFrom::Start(at)).err();
            self.pour(source, length, fetched, blobs, &mut |bytes| {
                if failed.is_none() {
                    failed = file.write_all(bytes).err();
                }
                Ok(())
            })?;
            if let Some(error) = failed {
                return Ok(Left::Failed { why: error.to_string() });
            }
        }
        if let Err(error) = file.flush() {
            return Ok(Left::Failed { why: error.to_string() });
        }
        if whole { Ok(Left::Whole { length }) } else { Ok(Left::Partial { length, known, cut: end > FILE_BYTES_MAX }) }
    }
}

/// What restoring a file reads or writes: all that is known of it but zeroes, as far as it is restored.
fn written_bytes(contents: &Contents) -> u64 {
    let written = contents.known().filter(|(_, _, source)| *source != Source::Zeroes);
    cost(written.filter_map(|(at, length, source)| {
        let length = FILE_BYTES_MAX.checked_sub(at)?.min(length);
        (length > 0).then_some((length, source))
    }))
}

fn made(result: io::Result<()>) -> Left {
    match result {
        Ok(()) => Left::Whole { length: None },
        Err(error) => Left::Failed { why: error.to_string() },
    }
}
