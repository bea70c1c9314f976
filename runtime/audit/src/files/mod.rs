//! [`Files`]: what a run did to files, and what was in them at any point of it.
//!
//! Fed a journal's records in order. Contents come from what the journal holds: bytes in a record, kept blobs, and,
//! where a replay makes the tool write them again, the arguments of its calls. What can't be known is said to be
//! unknown. Contents are kept in a spool, not in memory, and everything that a journal could make grow has a bound;
//! what lies beyond the bounds is counted in [`Files::lost`].

mod changes;
mod contents;
mod digest;
mod follow;
mod restore;
mod spool;
mod tree;

#[cfg(test)]
mod tests;

use std::io::{self, Read, Seek, Write};

use wasm_agent_journal::{BlobRef, Call, PayloadRef, ReadError, Reader, Record};

use crate::steps::Steps;
use crate::view::{At, Contents as Written, Effect, How, Place, View, What};
use changes::Changes;
use contents::{Contents, Source};
use spool::Spool;
use tree::{Kind, NodeId, Tree};

pub use changes::{Change, ChangeKind, State};
pub use restore::{Folder, Left, Restored};

/// Where the contents of blobs come from.
pub trait Blobs {
    /// The contents of a blob, checked against its digest.
    ///
    /// # Errors
    ///
    /// When the journal can't be read there, or is not what was written.
    fn blob(&mut self, blob: &BlobRef) -> Result<Vec<u8>, ReadError>;
}

impl<R: Read + Seek> Blobs for Reader<R> {
    fn blob(&mut self, blob: &BlobRef) -> Result<Vec<u8>, ReadError> {
        Reader::blob(self, blob)
    }
}

/// Why a run's files can't be followed.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The spool fails.
    #[error("cannot keep contents meanwhile: {0}")]
    Spool(#[from] io::Error),
    /// The journal fails.
    #[error(transparent)]
    Journal(#[from] ReadError),
}

/// A run's files, at one point of it.
#[derive(Debug)]
pub struct Files<S> {
    view: View,
    tree: Tree,
    changes: Changes,
    spool: Spool<S>,
    steps: Steps,
    calls: u64,
    lacks_contents: bool,
    /// Bytes that may still be digested.
    digest_left: u64,
    /// Bytes that may still be restored.
    restore_left: u64,
    undigested: u64,
}

impl<S: Read + Write + Seek> Files<S> {
    /// No files yet. Contents are kept in `spool`, which is written from its start.
    pub fn new(spool: S) -> Self {
        let (tree, changes) = (Tree::default(), Changes::default());
        let (view, spool) = (View::new(), Spool::new(spool));
        let (digest_left, restore_left) = (digest::ALL_BYTES_MAX, digest::ALL_BYTES_MAX);
        Self {
            view,
            tree,
            changes,
            spool,
            steps: Steps::default(),
            calls: 0,
            lacks_contents: false,
            digest_left,
            restore_left,
            undigested: 0,
        }
    }

    /// Takes in the next record.
    ///
    /// # Errors
    ///
    /// When the spool or the journal fails.
    pub fn record(&mut self, record: &Record, blobs: &mut dyn Blobs) -> Result<(), FilesError> {
        if let wasm_agent_journal::Event::Call(call) = &record.event {
            return self.call(call, blobs);
        }
        self.view.record(record);
        Ok(())
    }

    /// Takes in the next call. In place of the recorded one it may be the same call with contents in its arguments.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub fn call(&mut self, call: &Call, blobs: &mut dyn Blobs) -> Result<(), FilesError> {
        self.calls = call.seq.0.saturating_add(1);
        self.steps.call();
        let seen = self.view.call(call);
        self.happened(call.seq.0, seen.what, seen.effect.as_ref(), blobs)
    }

    /// Calls taken in so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Whether the tool wrote bytes to a file that only a replay makes again.
    #[must_use]
    pub fn lacks_contents(&self) -> bool {
        self.lacks_contents
    }

    /// How many files, handles, effects and changes a journal told of beyond what is followed.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.view.lost().saturating_add(self.tree.lost).saturating_add(self.changes.lost)
    }

    /// How many digests are missing because the file, or all files together, are longer than what is digested.
    #[must_use]
    pub fn undigested(&self) -> u64 {
        self.undigested
    }

    fn happened(
        &mut self,
        call: u64,
        what: What<'_>,
        effect: Option<&Effect>,
        blobs: &mut dyn Blobs,
    ) -> Result<(), FilesError> {
        match what {
            What::Opened { place, how } => self.opened(call, &place, how, effect, blobs)?,
            What::Closed { opened } => {
                let gone = self.tree.close(opened);
                self.release(gone);
            }
            What::Looked { place, size: Some(size) } => {
                if let Some(node) = self.node(&place) {
                    self.is_file(node);
                    self.tree.change(node, |contents| {
                        contents.length.get_or_insert(size);
                    });
                }
            }
            What::Listed { place, .. } => {
                if let Some(node) = self.node(&place).and_then(|node| self.tree.get_mut(node)) {
                    node.kind = Kind::Directory;
                }
            }
            What::Read { place, offset, payload, end } => self.read(&place, offset, &payload, end)?,
            What::Wrote { place, at, length, contents } => self.wrote(call, &place, at, length, contents, blobs)?,
            What::InDoubt { place, at, length } => self.in_doubt(call, &place, at, length, blobs)?,
            What::Resized { place, size } => {
                if let Some(node) = self.node(&place) {
                    self.modified(call, node, blobs)?;
                    self.tree.change(node, |contents| contents.resize(size));
                }
            }
            What::Retimed { place } => {
                if let Some(node) = self.node(&place) {
                    self.had(node, effect);
                    self.modified(call, node, blobs)?;
                }
            }
            What::MadeDirectory { path } => {
                self.changed(call, &path, effect, State::Absent);
                self.made(&path, Kind::Directory, Contents::default());
            }
            What::Linked { kind, path, target } => {
                self.changed(call, &path, effect, State::Absent);
                self.linked(kind, &path, target);
            }
            What::Renamed { from, to, replaces, directory } => {
                let kind = if directory { Kind::Directory } else { Kind::Unsaid };
                self.renamed(call, (&from, &to), replaces, kind, effect, blobs)?;
            }
            What::Removed { path, directory } => {
                let kind = if directory { Kind::Directory } else { Kind::Unsaid };
                let node = self.known(&path, kind);
                let before = self.before(node, effect, blobs)?;
                self.changed(call, &path, effect, before);
                let gone = self.tree.unbind(&path);
                self.release(gone);
            }
            _ => {}
        }
        Ok(())
    }

    fn opened(
        &mut self,
        call: u64,
        place: &Place,
        how: How,
        effect: Option<&Effect>,
        blobs: &mut dyn Blobs,
    ) -> Result<(), FilesError> {
        if self.tree.opened_count() > 2 * crate::view::HANDLES_MAX {
            let view = &self.view;
            let gone = self.tree.retain_open(|opened| view.is_open(opened));
            gone.into_iter().for_each(|chunks| self.release(Some(chunks)));
        }
        let node = match &place.path {
            Some(path) if how.created => {
                self.changed(call, path, effect, State::Absent);
                self.made(path, Kind::File, Contents::empty())
            }
            Some(path) => {
                let kind = if how.directory {
                    Kind::Directory
                } else if how.writable {
                    Kind::File
                } else {
                    Kind::Unsaid
                };
                self.known(path, kind)
            }
            // Reached by its handle alone.
            None => self.tree.add(Kind::Unsaid, Contents::default()),
        };
        let Some(node) = node else { return Ok(()) };
        if let Some(opened) = place.opened {
            self.tree.open(opened, node);
        }
        self.had(node, effect);
        if how.truncated {
            self.modified(call, node, blobs)?;
            self.tree.change(node, |contents| *contents = Contents::empty());
            if let Some(node) = self.tree.get_mut(node) {
                self.spool.release(&mut node.chunks);
            }
        }
        Ok(())
    }

    /// Takes in what an intent says of the file that it is about.
    fn had(&mut self, node: NodeId, effect: Option<&Effect>) {
        let Some(effect) = effect else { return };
        let Some(found) = self.tree.get_mut(node) else { return };
        found.effect = Some((effect.intent.effect.0, effect.intent.call.0));
        let Some(before) = effect.intent.before else { return };
        found.before = Some(before);
        self.tree.change(node, |contents| {
            contents.ends_at(before.length);
            contents.digest = before.blake3;
        });
    }

    fn read(&mut self, place: &Place, offset: u64, payload: &PayloadRef<'_>, end: bool) -> Result<(), FilesError> {
        let Some(node) = self.node(place) else { return Ok(()) };
        self.is_file(node);
        let length = payload.length();
        match *payload {
            PayloadRef::Inline(bytes) => self.keep(node, offset, bytes, Contents::tell)?,
            PayloadRef::Stored(blob) => {
                self.tree.change(node, |contents| contents.tell(offset, length, Source::Blob { blob, skip: 0 }));
            }
            PayloadRef::DigestOnly { digest, length: whole } => {
                let told = Source::Told { digest, whole, skip: 0 };
                self.tree.change(node, |contents| contents.tell(offset, length, told));
            }
        }
        let behind = offset.checked_add(length).filter(|_| end);
        if let Some(behind) = behind {
            // A read behind the end says only that there is nothing.
            self.tree.change(node, |contents| match contents.length {
                Some(known) if known <= behind && length == 0 => {}
                _ => contents.ends_at(behind),
            });
        }
        Ok(())
    }

    fn wrote(
        &mut self,
        call: u64,
        place: &Place,
        at: At,
        length: u64,
        contents: Written<'_>,
        blobs: &mut dyn Blobs,
    ) -> Result<(), FilesError> {
        let Some(node) = self.node(place) else { return Ok(()) };
        self.modified(call, node, blobs)?;
        self.is_file(node);
        let end = self.tree.get(node).and_then(|node| node.contents.length);
        let Some(start) = (match at {
            At::Offset(offset) => Some(offset),
            At::End => end,
        }) else {
            return Ok(());
        };
        if start.checked_add(length).is_none() {
            // No file is that long.
            self.tree.change(node, Contents::give_up);
            return Ok(());
        }
        match contents {
            Written::Bytes(PayloadRef::Inline(bytes)) => {
                let part = usize::try_from(length).ok().and_then(|length| bytes.get(..length)).unwrap_or(bytes);
                self.keep(node, start, part, Contents::write)?;
            }
            Written::Bytes(PayloadRef::Stored(blob)) => {
                self.tree.change(node, |contents| contents.write(start, length, Source::Blob { blob, skip: 0 }));
            }
            Written::Bytes(PayloadRef::DigestOnly { digest, length: whole }) => {
                self.lacks_contents = true;
                let told = Source::Told { digest, whole, skip: 0 };
                self.tree.change(node, |contents| contents.write(start, length, told));
            }
            Written::Zeroes => self.tree.change(node, |contents| contents.write(start, length, Source::Zeroes)),
            Written::FileAt(from, offset) => {
                let source = self.node(&from);
                self.copy(source, offset, node, start, length)?;
            }
            Written::Unknown => self.blank(node, start, length),
        }
        Ok(())
    }
}
