//! Restoring a run's files, as far as its journal has them.

use std::io::{self, Read, Seek, SeekFrom, Write};

use wasm_agent_policy::GuestPath;

use super::contents::{Contents, Source};
use super::digest::{ALL_BYTES_MAX, BlobCache, FILE_BYTES_MAX, cost};
use super::tree::Kind;
use super::{Blobs, Files, FilesError};

/// An empty folder to restore files into.
///
/// Paths come from a journal. Their segments are never `..` or empty, but an implementation must stay within the
/// folder, follow no links, and create only what does not exist.
pub trait Folder {
    /// A new file, open for writing.
    type File: Write + Seek;

    /// Creates a directory and its parents, unless they exist.
    ///
    /// # Errors
    ///
    /// When it can't be created.
    fn directory(&mut self, path: &GuestPath) -> io::Result<()>;

    /// Creates a new file of this length, filled with zeroes, and its parent directories.
    ///
    /// # Errors
    ///
    /// When it can't be created.
    fn file(&mut self, path: &GuestPath, length: u64) -> io::Result<Self::File>;
}

/// A file, directory or link, and how much of it was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Its name.
    pub path: GuestPath,
    /// How much of it was restored.
    pub completeness: Completeness,
}

/// How much of something was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completeness {
    /// All of it.
    Whole {
        /// Its length in bytes; `None` for a directory.
        length: Option<u64>,
    },
    /// Some of its bytes are unknown. They are zeroes in the restored file.
    Partial {
        /// Its length in bytes, if known.
        length: Option<u64>,
        /// How many bytes are known.
        known: u64,
        /// It is too long: its end was not restored.
        cut: bool,
    },
    /// None of its bytes are known: it was not created.
    Unknown {
        /// Its length in bytes, if known.
        length: Option<u64>,
    },
    /// It is a symbolic link. Links are not restored.
    Link {
        /// Its text.
        target: String,
    },
    /// It could not be created.
    Failed {
        /// Why.
        why: String,
    },
}

impl<S: Read + Write + Seek> Files<S> {
    /// Restores the files as far as the tool had read or written them by now, and reports each. Empty directories are
    /// created if the run created or listed them.
    ///
    /// # Errors
    ///
    /// When the spool or the journal fails. What can't be created in the folder is reported as failed.
    pub fn restore<F: Folder>(
        &mut self,
        folder: &mut F,
        blobs: &mut dyn Blobs,
        mut each: impl FnMut(Restored),
    ) -> Result<(), FilesError> {
        let names: Vec<GuestPath> = self.tree.names().map(|(path, _)| path.clone()).collect();
        let mut fetched = BlobCache::default();
        for path in names {
            let Some(node) = self.tree.named(&path).and_then(|node| self.tree.get(node)) else { continue };
            let completeness = match &node.kind {
                Kind::Unknown if node.contents.length.is_none() => continue,
                Kind::Directory => directory_result(folder.directory(&path)),
                Kind::Link(target) => Completeness::Link { target: target.clone() },
                Kind::File | Kind::Unknown => {
                    if !self.budget.spend(node.contents.pieces()) {
                        each(Restored {
                            path,
                            completeness: Completeness::Failed {
                                why: "all files together have too many pieces".to_owned(),
                            },
                        });
                        continue;
                    }
                    let contents = node.contents.clone();
                    match self.restore_left.checked_sub(written_bytes(&contents)) {
                        Some(left) => {
                            self.restore_left = left;
                            self.restore_file(folder, &path, &contents, &mut fetched, blobs)?
                        }
                        None => Completeness::Failed {
                            why: format!("all files together have more than {} GiB", ALL_BYTES_MAX >> 30),
                        },
                    }
                }
            };
            each(Restored { path, completeness });
        }
        Ok(())
    }

    fn restore_file<F: Folder>(
        &mut self,
        folder: &mut F,
        path: &GuestPath,
        contents: &Contents,
        fetched: &mut BlobCache,
        blobs: &mut dyn Blobs,
    ) -> Result<Completeness, FilesError> {
        let (length, known) = (contents.length, contents.known_bytes());
        if known == 0 && length != Some(0) {
            return Ok(Completeness::Unknown { length });
        }
        let last = contents.known().last().map_or(0, |(at, length, _)| at.saturating_add(length));
        let end = length.unwrap_or(last);
        let whole = contents.is_whole() && end <= FILE_BYTES_MAX;
        let mut file = match folder.file(path, end.min(FILE_BYTES_MAX)) {
            Ok(file) => file,
            Err(error) => return Ok(Completeness::Failed { why: error.to_string() }),
        };
        for (at, length, source) in contents.known() {
            let length = FILE_BYTES_MAX.saturating_sub(at).min(length);
            // A new file is zeroes already.
            if length == 0 || source == Source::Zeroes {
                continue;
            }
            let mut failed = file.seek(SeekFrom::Start(at)).err();
            self.copy_piece(source, length, fetched, blobs, &mut |bytes| {
                if failed.is_none() {
                    failed = file.write_all(bytes).err();
                }
                Ok(())
            })?;
            if let Some(error) = failed {
                return Ok(Completeness::Failed { why: error.to_string() });
            }
        }
        if let Err(error) = file.flush() {
            return Ok(Completeness::Failed { why: error.to_string() });
        }
        if whole {
            Ok(Completeness::Whole { length })
        } else {
            Ok(Completeness::Partial { length, known, cut: end > FILE_BYTES_MAX })
        }
    }
}

/// Bytes that restoring a file reads or writes: its known bytes without zeroes, up to the longest length.
fn written_bytes(contents: &Contents) -> u64 {
    let written = contents.known().filter(|(_, _, source)| *source != Source::Zeroes);
    cost(written.filter_map(|(at, length, source)| {
        let length = FILE_BYTES_MAX.checked_sub(at)?.min(length);
        (length > 0).then_some((length, source))
    }))
}

fn directory_result(result: io::Result<()>) -> Completeness {
    match result {
        Ok(()) => Completeness::Whole { length: None },
        Err(error) => Completeness::Failed { why: error.to_string() },
    }
}
