//! Finds files by name and handle, and applies what calls changed.

use std::io::{self, Read, Seek, Write};

use wasm_agent_policy::{GuestPath, LinkKind};

use super::changes::State;
use super::contents::{Contents, Source};
use super::spool::{Chunks, wide};
use super::tree::{Kind, NodeId};
use super::{Blobs, Files, FilesError};
use crate::budget::MOVE;
use crate::view::{Effect, Place, Position};

/// Longest text of a symbolic link: the limit of Linux.
const LINK_BYTES_MAX: usize = 4096;

/// Bytes copied at a time.
const COPY_BYTES: usize = 64 << 10;

impl<S: Read + Write + Seek> Files<S> {
    /// The file that a place refers to, by its id or else by its name.
    pub(super) fn node(&mut self, place: &Place) -> Option<NodeId> {
        let opened = place.opened.and_then(|opened| self.tree.opened(opened));
        match (opened, place.opened, &place.path) {
            (Some(node), _, _) => Some(node),
            // A handle that no call opened: a directory that the tool had from the start.
            (None, Some(opened), Some(path)) => {
                let node = self.known(path, Kind::Unknown)?;
                self.tree.open(opened, node);
                Some(node)
            }
            (None, None, Some(path)) => self.known(path, Kind::Unknown),
            (None, _, None) => None,
        }
    }

    /// The file with this name. A name seen for the first time existed before the run.
    pub(super) fn known(&mut self, path: &GuestPath, kind: Kind) -> Option<NodeId> {
        if let Some(node) = self.tree.named(path) {
            if let Some(found) = self.tree.get_mut(node).filter(|found| found.kind == Kind::Unknown) {
                found.kind = kind;
            }
            return Some(node);
        }
        let node = self.tree.add(kind, Contents::default())?;
        let gone = self.tree.bind(path, node);
        self.release(gone);
        self.tree.named(path)
    }

    /// Adds a new file with this name.
    pub(super) fn create(&mut self, path: &GuestPath, kind: Kind, contents: Contents) -> Option<NodeId> {
        let node = self.tree.add(kind, contents)?;
        let gone = self.tree.bind(path, node);
        self.release(gone);
        self.tree.named(path)
    }

    pub(super) fn linked(&mut self, kind: LinkKind, path: &GuestPath, target: String) {
        match kind {
            LinkKind::Symbolic => {
                let text = if target.len() <= LINK_BYTES_MAX { target } else { String::new() };
                self.create(path, Kind::Link(text), Contents::default());
            }
            LinkKind::Hard => {
                let node = GuestPath::parse(&target).ok().and_then(|target| self.known(&target, Kind::File));
                if let Some(node) = node {
                    let gone = self.tree.bind(path, node);
                    self.release(gone);
                }
            }
        }
    }

    pub(super) fn renamed(
        &mut self,
        call: u64,
        paths: (&GuestPath, &GuestPath),
        replaces: bool,
        kind: Kind,
        effect: Option<&Effect>,
        blobs: &mut dyn Blobs,
    ) -> Result<(), FilesError> {
        let (from, to) = paths;
        let node = self.known(from, kind);
        let target = self.tree.named(to);
        if from == to || (node.is_some() && node == target) {
            // Two names of one file: the system keeps both.
            return Ok(());
        }
        let was = self.before(node, None, blobs)?;
        let replaced = if replaces { self.before(target, effect, blobs)? } else { State::Absent };
        self.changed(call, from, effect, was);
        self.changed(call, to, effect, replaced);
        self.changes.moved(from, to);
        if let Some(gone) = target.and_then(|_| self.tree.unbind(to)) {
            self.release(Some(gone));
        }
        let (names, looked_at) = self.tree.below(from);
        if !self.budget.spend(names.len().saturating_mul(MOVE).saturating_add(looked_at)) {
            self.tree.give_up();
            return Ok(());
        }
        for name in names {
            let below = name.as_str().strip_prefix(from.as_str()).unwrap_or_default();
            let moved = GuestPath::parse(&format!("{}{below}", to.as_str())).ok();
            if let (Some(moved), Some(node)) = (moved, self.tree.named(&name)) {
                let gone = self.tree.bind(&moved, node);
                self.release(gone);
            }
            let gone = self.tree.unbind(&name);
            self.release(gone);
        }
        Ok(())
    }

    /// The state of something before an effect changes or removes it.
    pub(super) fn before(
        &mut self,
        node: Option<NodeId>,
        effect: Option<&Effect>,
        blobs: &mut dyn Blobs,
    ) -> Result<State, FilesError> {
        if let Some(before) = effect.and_then(|effect| effect.intent.before) {
            return Ok(State::File { length: Some(before.length), blake3: before.blake3 });
        }
        match node {
            Some(node) => self.state(node, blobs),
            None => Ok(State::Unknown),
        }
    }

    /// Notes that a name was changed.
    pub(super) fn changed(&mut self, call: u64, path: &GuestPath, effect: Option<&Effect>, before: State) {
        let effect = effect.map(|effect| (effect.intent.effect.0, effect.intent.call.0));
        self.changes.note(path, call, effect, before);
    }

    /// Notes that a file is about to change, under each of its names.
    pub(super) fn modified(&mut self, call: u64, node: NodeId, blobs: &mut dyn Blobs) -> Result<(), FilesError> {
        let Some(found) = self.tree.get(node) else { return Ok(()) };
        if !self.budget.spend(found.names.len()) {
            self.tree.give_up();
            return Ok(());
        }
        let (names, effect) = (found.names.clone(), found.effect);
        let is_new = names.iter().any(|name| !self.changes.contains(name));
        let before = if is_new { self.state(node, blobs)? } else { State::Unknown };
        for name in names {
            self.changes.note(&name, call, effect, before.clone());
        }
        Ok(())
    }

    /// Notes that something is a file, as it is read or written.
    pub(super) fn is_file(&mut self, node: NodeId) {
        if let Some(node) = self.tree.get_mut(node) {
            node.kind = Kind::File;
        }
    }

    /// Stores bytes of a file in the spool, in place of the bytes that it has there for the same range.
    pub(super) fn keep(
        &mut self,
        node: NodeId,
        start: u64,
        bytes: &[u8],
        put: fn(&mut Contents, u64, u64, Source),
    ) -> io::Result<()> {
        let Some(ranges) = self.tree.get(node).map(|node| node.contents.range(start, wide(bytes.len()))) else {
            return Ok(());
        };
        let mut rest = bytes;
        for (at, length, source) in ranges {
            let part = usize::try_from(length).unwrap_or(usize::MAX);
            let Some((bytes, behind)) = rest.split_at_checked(part) else { break };
            rest = behind;
            match source {
                Some(Source::Spool { at: kept }) => {
                    self.spool.write(kept, bytes)?;
                    self.tree.change(node, |contents| put(contents, at, length, Source::Spool { at: kept }));
                }
                _ => self.keep_new(node, at, bytes, put)?,
            }
        }
        Ok(())
    }

    fn keep_new(
        &mut self,
        node: NodeId,
        mut start: u64,
        mut bytes: &[u8],
        put: fn(&mut Contents, u64, u64, Source),
    ) -> io::Result<()> {
        while !bytes.is_empty() {
            let Some(found) = self.tree.get_mut(node) else { return Ok(()) };
            let Some((at, length)) = self.spool.keep(&mut found.chunks, bytes)? else {
                self.blank(node, start, wide(bytes.len()));
                return Ok(());
            };
            self.tree.change(node, |contents| put(contents, start, length, Source::Spool { at }));
            start = start.saturating_add(length);
            let part = usize::try_from(length).unwrap_or(usize::MAX);
            bytes = bytes.get(part..).unwrap_or_default();
        }
        Ok(())
    }

    /// Copies a range from one file to another, as far as it is known.
    pub(super) fn copy(
        &mut self,
        from: Option<NodeId>,
        offset: u64,
        to: NodeId,
        start: u64,
        length: u64,
    ) -> io::Result<()> {
        let ranges = from.and_then(|from| self.tree.get(from)).map(|from| from.contents.range(offset, length));
        let ranges = ranges.filter(|ranges| self.budget.spend(ranges.len()));
        let Some(ranges) = ranges else {
            self.blank(to, start, length);
            return Ok(());
        };
        for (at, length, source) in ranges {
            let start = start.saturating_add(at - offset);
            match source {
                Some(Source::Spool { at }) => self.copy_kept(at, to, start, length)?,
                Some(source) => self.tree.change(to, |contents| contents.write(start, length, source)),
                None => self.blank(to, start, length),
            }
        }
        Ok(())
    }

    fn copy_kept(&mut self, mut at: u64, to: NodeId, mut start: u64, mut left: u64) -> io::Result<()> {
        let mut buffer = vec![0; COPY_BYTES];
        while left > 0 {
            let part = usize::try_from(left).unwrap_or(usize::MAX).min(COPY_BYTES);
            let Some(part) = buffer.get_mut(..part) else { return Ok(()) };
            self.spool.read(at, part)?;
            let bytes = part.to_vec();
            self.keep(to, start, &bytes, Contents::write)?;
            let length = wide(bytes.len());
            (at, start, left) = (at.saturating_add(length), start.saturating_add(length), left - length);
        }
        Ok(())
    }

    /// Notes a write of unknown bytes.
    pub(super) fn blank(&mut self, node: NodeId, start: u64, length: u64) {
        self.tree.change(node, |contents| {
            // Writing zeroes first fills a gap before the range, and sets the length.
            contents.write(start, length, Source::Zeroes);
            contents.forget(start, start.saturating_add(length));
        });
    }

    pub(super) fn release(&mut self, chunks: Option<Chunks>) {
        if let Some(mut chunks) = chunks {
            self.spool.release(&mut chunks);
        }
    }

    pub(super) fn in_doubt(
        &mut self,
        call: u64,
        place: &Place,
        at: Position,
        length: u64,
        blobs: &mut dyn Blobs,
    ) -> Result<(), FilesError> {
        let Some(node) = self.node(place) else { return Ok(()) };
        self.modified(call, node, blobs)?;
        self.tree.change(node, |contents| {
            let end = contents.length;
            let start = match at {
                Position::Offset(offset) => offset,
                Position::End => end.map_or(0, |end| end.saturating_sub(length)),
            };
            contents.forget(start, start.saturating_add(length));
            contents.length = end.filter(|end| start.saturating_add(length) < *end);
        });
        Ok(())
    }
}
