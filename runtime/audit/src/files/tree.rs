//! The files of a run by their names, as far as a journal tells of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use wasm_agent_journal::Before;
use wasm_agent_policy::GuestPath;

use super::contents::Contents;
use super::spool::Chunks;
use crate::view::Opened;

/// Most files and directories that are followed.
const NODES_MAX: usize = 65_536;

/// Most bytes of their names and link targets that are held.
const NAME_BYTES_MAX: usize = 16 << 20;

/// Most pieces of contents of all files together.
const PIECES_MAX: usize = 262_144;

/// Which file, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct NodeId(u64);

/// What stands at a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// It was opened or looked at, and nothing tells what it is.
    Unsaid,
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
    /// What it was before the run's first effect on it, where an intent says so.
    pub(super) before: Option<Before>,
    /// The effect by which it was opened or made last, and its call.
    pub(super) effect: Option<(u64, u64)>,
    /// Its names.
    pub(super) names: BTreeSet<GuestPath>,
    /// Handles that lead to it.
    handles: u32,
}

/// All that is followed.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: HashMap<NodeId, Node>,
    names: BTreeMap<GuestPath, NodeId>,
    opened: HashMap<Opened, NodeId>,
    next: u64,
    held: usize,
    pieces: usize,
    /// Nothing is followed any longer: too much was asked of it.
    given_up: bool,
    /// What was not followed for want of room.
    pub(super) lost: u64,
}

impl Tree {
    pub(super) fn get(&self, node: NodeId) -> Option<&Node> {
        self.nodes.get(&node)
    }

    pub(super) fn named(&self, path: &GuestPath) -> Option<NodeId> {
        self.names.get(path).copied()
    }

    pub(super) fn opened(&self, opened: Opened) -> Option<NodeId> {
        self.opened.get(&opened).copied()
    }

    /// All names, in order.
    pub(super) fn names(&self) -> impl Iterator<Item = (&GuestPath, &Node)> {
        self.names.iter().filter_map(|(path, node)| Some((path, self.nodes.get(node)?)))
    }

    /// Follows something new, which is found under its name or by its handle.
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

    /// Gives a name. What had it before loses it.
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

    /// Takes a name away. Gives back the chunks of what is gone with it.
    pub(super) fn unbind(&mut self, path: &GuestPath) -> Option<Chunks> {
        let node = self.names.remove(path)?;
        self.held = self.held.saturating_sub(path.as_str().len());
        if let Some(node) = self.nodes.get_mut(&node) {
            node.names.remove(path);
        }
        self.forget(node)
    }

    /// Lets a handle lead to it.
    pub(super) fn open(&mut self, opened: Opened, node: NodeId) {
        // As many as the view follows, which is bounded.
        self.count(node, 1);
        self.opened.insert(opened, node);
    }

    pub(super) fn close(&mut self, opened: Opened) -> Option<Chunks> {
        let node = self.opened.remove(&opened)?;
        self.count(node, -1);
        self.forget(node)
    }

    /// Forgets handles that lead nowhere any more, which the journal did not say.
    pub(super) fn retain_open(&mut self, is_open: impl Fn(Opened) -> bool) -> Vec<Chunks> {
        let gone: Vec<Opened> = self.opened.keys().copied().filter(|opened| !is_open(*opened)).collect();
        gone.into_iter().filter_map(|opened| self.close(opened)).collect()
    }

    pub(super) fn opened_count(&self) -> usize {
        self.opened.len()
    }

    /// The names below a directory, itself included, and how many were looked at.
    pub(super) fn below(&self, path: &GuestPath) -> (Vec<GuestPath>, usize) {
        let from = self.names.range(path.clone()..).map(|(name, _)| name);
        let near = from.take_while(|name| name.as_str().starts_with(path.as_str()));
        let mut looked_at = 0;
        let below = near.inspect(|_| looked_at += 1).filter(|name| name.starts_with(path)).cloned().collect();
        (below, looked_at)
    }

    /// Forgets everything, and follows nothing any longer.
    pub(super) fn give_up(&mut self) {
        let lost = self.lost.saturating_add(1);
        *self = Self { given_up: true, lost, ..Self::default() };
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.given_up
    }

    /// Changes what is known of a file, and keeps count of its pieces.
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

    /// Forgets what nothing leads to any more.
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
