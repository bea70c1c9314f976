//! [`Files`]: what a run did to files, and their contents at any point of it.
//!
//! It takes a journal's records in order. Contents come from the journal: bytes in records, stored blobs, and the
//! arguments of calls, if a replay makes the tool write them again. What can't be known is reported as unknown.
//! Contents are kept in a spool file, not in memory. Everything that a journal can make grow has a bound;
//! [`Files::lost`] counts what is beyond.

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

use crate::budget::WorkBudget;
use crate::view::{Activity, Effect, OpenMode, Place, Position, View, Written};
use changes::Changes;
use contents::{Contents, Source};
use spool::Spool;
use tree::{Kind, NodeId, Tree};

pub use changes::{Change, ChangeKind, State};
pub use restore::{Completeness, Folder, Restored};

/// Reads the contents of blobs.
pub trait Blobs {
    /// The contents of a blob, checked against its digest.
    ///
    /// # Errors
    ///
    /// When the journal can't be read there, or was changed.
    fn blob(&mut self, blob: &BlobRef) -> Result<Vec<u8>, ReadError>;
}

impl<R: Read + Seek> Blobs for Reader<R> {
    fn blob(&mut self, blob: &BlobRef) -> Result<Vec<u8>, ReadError> {
        Reader::blob(self, blob)
    }
}

/// A run's files can't be followed.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The spool file can't be written or read.
    #[error("cannot use the temporary file for contents: {0}")]
    Spool(#[from] io::Error),
    /// The journal can't be read.
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
    budget: WorkBudget,
    calls: u64,
    lacks_contents: bool,
    /// How many bytes may still be digested.
    digest_left: u64,
    /// How many bytes may still be restored.
    restore_left: u64,
    undigested: u64,
}

impl<S: Read + Write + Seek> Files<S> {
    /// Begins without files. Contents are kept in `spool`, which is written from its start.
    pub fn new(spool: S) -> Self {
        let (tree, changes) = (Tree::default(), Changes::default());
        let (view, spool) = (View::new(), Spool::new(spool));
        let (digest_left, restore_left) = (digest::ALL_BYTES_MAX, digest::ALL_BYTES_MAX);
        Self {
            view,
            tree,
            changes,
            spool,
            budget: WorkBudget::default(),
            calls: 0,
            lacks_contents: false,
            digest_left,
            restore_left,
            undigested: 0,
        }
    }

    /// Takes the next record.
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

    /// Takes the next call: the recorded one, or the same call from a replay, with contents in its arguments.
    ///
    /// # Errors
    ///
    /// As [`record`](Self::record).
    pub fn call(&mut self, call: &Call, blobs: &mut dyn Blobs) -> Result<(), FilesError> {
        self.calls = call.seq.0.saturating_add(1);
        self.budget.add_call();
        let read = self.view.call(call);
        self.apply(call.seq.0, read.activity, read.effect.as_ref(), blobs)
    }

    /// How many calls were taken so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Whether the tool wrote bytes that the journal has by digest only. A replay makes them again.
    #[must_use]
    pub fn lacks_contents(&self) -> bool {
        self.lacks_contents
    }

    /// How many files, handles, effects and changes were not followed, as there were too many.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.view.lost().saturating_add(self.tree.lost).saturating_add(self.changes.lost)
    }

    /// How many digests are missing, as the file, or all files together, are too long.
    #[must_use]
    pub fn undigested(&self) -> u64 {
        self.undigested
    }

    fn apply(
        &mut self,
        call: u64,
        what: Activity<'_>,
        effect: Option<&Effect>,
        blobs: &mut dyn Blobs,
    ) -> Result<(), FilesError> {
        match what {
            Activity::Opened { place, mode } => self.opened(call, &place, mode, effect, blobs)?,
            Activity::Closed { opened } => {
                let gone = self.tree.close(opened);
                self.release(gone);
            }
            Activity::Looked { place, size: Some(size) } => {
                if let Some(node) = self.node(&place) {
                    self.is_file(node);
                    self.tree.change(node, |contents| {
                        contents.length.get_or_insert(size);
                    });
                }
            }
            Activity::Listed { place, .. } => {
                if let Some(node) = self.node(&place).and_then(|node| self.tree.get_mut(node)) {
                    node.kind = Kind::Directory;
                }
            }
            Activity::Read { place, offset, payload, end } => self.read(&place, offset, &payload, end)?,
            Activity::Wrote { place, at, length, contents } => self.wrote(call, &place, at, length, contents, blobs)?,
            Activity::InDoubt { place, at, length } => self.in_doubt(call, &place, at, length, blobs)?,
            Activity::Resized { place, size } => {
                if let Some(node) = self.node(&place) {
                    self.modified(call, node, blobs)?;
                    self.tree.change(node, |contents| contents.resize(size));
                }
            }
            Activity::Retimed { place } => {
                if let Some(node) = self.node(&place) {
                    self.note_before(node, effect);
                    self.modified(call, node, blobs)?;
                }
            }
            Activity::MadeDirectory { path } => {
                self.changed(call, &path, effect, State::Absent);
                self.create(&path, Kind::Directory, Contents::default());
            }
            Activity::Linked { kind, path, target } => {
                self.changed(call, &path, effect, State::Absent);
                self.linked(kind, &path, target);
            }
            Activity::Renamed { from, to, replaces, directory } => {
                let kind = if directory { Kind::Directory } else { Kind::Unknown };
                self.renamed(call, (&from, &to), replaces, kind, effect, blobs)?;
            }
            Activity::Removed { path, directory } => {
                let kind = if directory { Kind::Directory } else { Kind::Unknown };
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
        mode: OpenMode,
        effect: Option<&Effect>,
        blobs: &mut dyn Blobs,
    ) -> Result<(), FilesError> {
        if self.tree.opened_count() > 2 * crate::view::HANDLES_MAX {
            let view = &self.view;
            let gone = self.tree.retain_open(|opened| view.is_open(opened));
            gone.into_iter().for_each(|chunks| self.release(Some(chunks)));
        }
        let node = match &place.path {
            Some(path) if mode.created => {
                self.changed(call, path, effect, State::Absent);
                self.create(path, Kind::File, Contents::empty())
            }
            Some(path) => {
                let kind = if mode.directory {
                    Kind::Directory
                } else if mode.writable {
                    Kind::File
                } else {
                    Kind::Unknown
                };
                self.known(path, kind)
            }
            // Known by its handle only.
            None => self.tree.add(Kind::Unknown, Contents::default()),
        };
        let Some(node) = node else { return Ok(()) };
        if let Some(opened) = place.opened {
            self.tree.open(opened, node);
        }
        self.note_before(node, effect);
        if mode.truncated {
            self.modified(call, node, blobs)?;
            self.tree.change(node, |contents| *contents = Contents::empty());
            if let Some(node) = self.tree.get_mut(node) {
                self.spool.release(&mut node.chunks);
            }
        }
        Ok(())
    }

    /// Applies what an intent says about its file.
    fn note_before(&mut self, node: NodeId, effect: Option<&Effect>) {
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
            PayloadRef::Inline(bytes) => self.keep(node, offset, bytes, Contents::observe)?,
            PayloadRef::Stored(blob) => {
                self.tree.change(node, |contents| contents.observe(offset, length, Source::Blob { blob, skip: 0 }));
            }
            PayloadRef::DigestOnly { digest, length: whole } => {
                let told = Source::DigestOnly { digest, whole, skip: 0 };
                self.tree.change(node, |contents| contents.observe(offset, length, told));
            }
        }
        let behind = offset.checked_add(length).filter(|_| end);
        if let Some(behind) = behind {
            // An empty read past the end does not say where the end is.
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
        at: Position,
        length: u64,
        contents: Written<'_>,
        blobs: &mut dyn Blobs,
    ) -> Result<(), FilesError> {
        let Some(node) = self.node(place) else { return Ok(()) };
        self.modified(call, node, blobs)?;
        self.is_file(node);
        let end = self.tree.get(node).and_then(|node| node.contents.length);
        let Some(start) = (match at {
            Position::Offset(offset) => Some(offset),
            Position::End => end,
        }) else {
            return Ok(());
        };
        if start.checked_add(length).is_none() {
            // A file can't be that long.
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
                let told = Source::DigestOnly { digest, whole, skip: 0 };
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
