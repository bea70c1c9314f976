//! The files of a run, by name and by handle.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasm_agent_journal::Before;
use wasm_agent_policy::GuestPath;

use super::contents::Contents;
use super::spool::Chunks;
use crate::view::OpenedId;

/// Most files and directories followed.
const NODES_MAX: usize = 65_536;

/// Most bytes of their names and link targets.
const NAME_BYTES_MAX: usize = 16 << 20;

/// Most pieces of contents of all files together.
const PIECES_MAX: usize = 262_144;

/// Identifies a file, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NodeId(u64);

/// What a name refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// It was opened or looked at. The journal does not say what it is.
    Unknown,
    File,
    Directory,
    /// A symbolic link with its text.
    Link(String),
}

/// A file, directory or link.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) contents: Contents,
    pub(super) chunks: Chunks,
    /// Its state before the last effect on it, if the intent has it.
    pub(super) before: Option<Before>,
    /// The last effect that opened or created it, and its call.
    pub(super) effect: Option<(u64, u64)>,
    /// Its names.
    pub(super) names: BTreeSet<GuestPath>,
    /// How many handles refer to it.
    handles: u32,
}

/// All files that are followed.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: HashMap<NodeId, Node>,
    names: BTreeMap<GuestPath, NodeId>,
    opened: HashMap<OpenedId, NodeId>,
    next: u64,
    held: usize,
    pieces: usize,
    /// Nothing is followed any more: the budget is used up.
    given_up: bool,
    /// How much was not followed, as there was no room.
    pub(super) lost: u64,
}

impl Tree {
    pub(super) fn get(&self, node: NodeId) -> Option<&Node> {
        self.nodes.get(&node)
    }

    pub(super) fn named(&self, path: &GuestPath) -> Option<NodeId> {
        self.names.get(path).copied()
    }

    pub(super) fn opened(&self, opened: OpenedId) -> Option<NodeId> {
        self.opened.get(&opened).copied()
    }

    /// All names, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = (&GuestPath, &Node)> {
        self.names.iter().filter_map(|(path, node)| Some((path, self.nodes.get(node)?)))
    }

    /// Adds something new. It still needs a name or a handle.
    pub(super) fn add(&mut self, kind: Kind, contents: Contents) -> Option<NodeId> {
        let text = if let Kind::Link(text) = &kind { text.len() } else { 0 };
        if self.given_up || self.nodes.len() >= NODES_MAX || self.held.saturating_add(text) > NAME_BYTES_MAX {
            self.lost = self.lost.saturating_add(1);
            return None;
        }
        self.held = self.held.saturating_add(text);
        let node = NodeId(self.next);
        self.next = self.next.wrapping_add(1);
        let chunks = Chunks::default();
        self.nodes.insert(
            node,
            Node { kind, contents, chunks, before: None, effect: None, names: BTreeSet::new(), handles: 0 },
        );
        Some(node)
    }

    /// Assigns a name, and takes it from what had it before.
    pub(super) fn bind(&mut self, path: &GuestPath, node: NodeId) -> Option<Chunks> {
        if self.named(path) == Some(node) {
            return None;
        }
        let gone = self.unbind(path);
        if self.held.saturating_add(path.as_str().len()) > NAME_BYTES_MAX {
            self.lost = self.lost.saturating_add(1);
            return self.forget(node).or(gone);
        }
        self.held = self.held.saturating_add(path.as_str().len());
        self.names.insert(path.clone(), node);
        if let Some(node) = self.nodes.get_mut(&node) {
            node.names.insert(path.clone());
        }
        gone
    }

    /// Removes a name. If nothing refers to the file any more, returns its chunks.
    pub(super) fn unbind(&mut self, path: &GuestPath) -> Option<Chunks> {
        let node = self.names.remove(path)?;
        self.held = self.held.saturating_sub(path.as_str().len());
        if let Some(node) = self.nodes.get_mut(&node) {
            node.names.remove(path);
        }
        self.forget(node)
    }

    /// Adds a handle.
    pub(super) fn open(&mut self, opened: OpenedId, node: NodeId) {
        // The view bounds how many there are.
        self.count(node, 1);
        self.opened.insert(opened, node);
    }

    pub(super) fn close(&mut self, opened: OpenedId) -> Option<Chunks> {
        let node = self.opened.remove(&opened)?;
        self.count(node, -1);
        self.forget(node)
    }

    /// Removes handles that were closed without a record.
    pub(super) fn retain_open(&mut self, is_open: impl Fn(OpenedId) -> bool) -> Vec<Chunks> {
        let gone: Vec<OpenedId> = self.opened.keys().copied().filter(|opened| !is_open(*opened)).collect();
        gone.into_iter().filter_map(|opened| self.close(opened)).collect()
    }

    pub(super) fn opened_count(&self) -> usize {
        self.opened.len()
    }

    /// The names below a directory and its own, and how many names were looked at.
    pub(super) fn below(&self, path: &GuestPath) -> (Vec<GuestPath>, usize) {
        let from = self.names.range(path.clone()..).map(|(name, _)| name);
        let near = from.take_while(|name| name.as_str().starts_with(path.as_str()));
        let mut looked_at = 0;
        let below = near.inspect(|_| looked_at += 1).filter(|name| name.starts_with(path)).cloned().collect();
        (below, looked_at)
    }

    /// Forgets everything, and follows nothing more.
    pub(super) fn give_up(&mut self) {
        let lost = self.lost.saturating_add(1);
        *self = Self { given_up: true, lost, ..Self::default() };
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.given_up
    }

    /// Changes a file's contents, and updates the count of pieces.
    pub(super) fn change(&mut self, node: NodeId, change: impl FnOnce(&mut Contents)) {
        let Some(found) = self.nodes.get_mut(&node) else { return };
        self.pieces = self.pieces.saturating_sub(found.contents.pieces());
        change(&mut found.contents);
        if self.pieces.saturating_add(found.contents.pieces()) > PIECES_MAX {
            found.contents.give_up();
        }
        self.pieces = self.pieces.saturating_add(found.contents.pieces());
    }

    pub(super) fn get_mut(&mut self, node: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(&node)
    }

    fn count(&mut self, node: NodeId, by: i32) {
        if let Some(node) = self.nodes.get_mut(&node) {
            node.handles = node.handles.saturating_add_signed(by);
        }
    }

    /// Removes a file that has no name and no handle. Returns its chunks.
    fn forget(&mut self, node: NodeId) -> Option<Chunks> {
        let found = self.nodes.get(&node)?;
        if found.handles > 0 || !found.names.is_empty() {
            return None;
        }
        let node = self.nodes.remove(&node)?;
        self.pieces = self.pieces.saturating_sub(node.contents.pieces());
        if let Kind::Link(text) = &node.kind {
            self.held = self.held.saturating_sub(text.len());
        }
        Some(node.chunks)
    }
}
