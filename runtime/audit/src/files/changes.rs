//! The names that a run changed, and what they had before and after.

use std::collections::BTreeMap;
use std::io::{Read, Seek, Write};

use wasm_agent_journal::{Digest, Intent};
use wasm_agent_policy::{Action, GuestPath};

use super::{Blobs, Files, FilesError};

/// Most names listed.
const CHANGES_MAX: usize = 65_536;

/// Most bytes of these names.
const NAME_BYTES_MAX: usize = 16 << 20;

/// What a name refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Nothing.
    Absent,
    /// A file.
    File {
        /// Its length in bytes, if known.
        length: Option<u64>,
        /// BLAKE3 of its contents, if known.
        blake3: Option<Digest>,
    },
    /// A directory.
    Directory,
    /// A symbolic link.
    Link {
        /// Its text, if known.
        target: Option<String>,
    },
    /// Something or nothing: the journal does not say.
    Unknown,
}

/// How a name changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It did not exist before.
    Created,
    /// It was changed or replaced.
    Changed,
    /// It was written to, and has the same contents as before.
    Rewritten,
    /// It no longer exists.
    Removed,
    /// It had another name before.
    Renamed,
    /// It was created and removed within the run.
    Temporary,
    /// An effect on it has no outcome: it may have happened.
    Uncertain,
}

/// What a run did to one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The name.
    pub path: GuestPath,
    /// How it changed.
    pub kind: ChangeKind,
    /// What it was before the run.
    pub before: State,
    /// What it is now.
    pub after: State,
    /// The name that it was renamed from.
    pub from: Option<GuestPath>,
    /// The name that it was renamed to.
    pub to: Option<GuestPath>,
    /// The first and the last call that changed it.
    pub calls: (u64, u64),
    /// The number of the last effect on it, and the call that asked for it.
    pub effect: Option<(u64, u64)>,
}

#[derive(Debug)]
struct Row {
    before: State,
    from: Option<GuestPath>,
    to: Option<GuestPath>,
    calls: (u64, u64),
    effect: Option<(u64, u64)>,
    uncertain: bool,
}

/// The names that were changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    rows: BTreeMap<GuestPath, Row>,
    held: usize,
    /// Names that were not listed, as there was no room.
    pub(super) lost: u64,
}

impl Changes {
    pub(super) fn contains(&self, path: &GuestPath) -> bool {
        self.rows.contains_key(path)
    }

    /// Notes a change. `before` counts for the first change of a name only.
    pub(super) fn note(&mut self, path: &GuestPath, call: u64, effect: Option<(u64, u64)>, before: State) {
        if let Some(row) = self.rows.get_mut(path) {
            // The call of an intent comes from the journal, and can be anything.
            row.calls = (row.calls.0.min(call), row.calls.1.max(call));
            row.effect = effect.or(row.effect);
            return;
        }
        if self.rows.len() >= CHANGES_MAX || self.held.saturating_add(path.as_str().len()) > NAME_BYTES_MAX {
            self.lost = self.lost.saturating_add(1);
            return;
        }
        self.held = self.held.saturating_add(path.as_str().len());
        let calls = (call, call);
        self.rows.insert(path.clone(), Row { before, from: None, to: None, calls, effect, uncertain: false });
    }

    /// Notes a rename between two names that were noted as changed.
    pub(super) fn moved(&mut self, from: &GuestPath, to: &GuestPath) {
        if let Some(row) = self.rows.get_mut(from) {
            row.to = Some(to.clone());
        }
        if let Some(row) = self.rows.get_mut(to) {
            row.from = Some(from.clone());
            row.to = None;
        }
    }

    /// Notes an effect that may have happened.
    fn may_have(&mut self, intent: &Intent, path: &GuestPath, before: State) {
        self.note(path, intent.call.0, Some((intent.effect.0, intent.call.0)), before);
        if let Some(row) = self.rows.get_mut(path) {
            row.uncertain = true;
        }
    }
}

impl<S: Read + Write + Seek> Files<S> {
    /// What the run changed so far, ordered by name.
    ///
    /// Open effects count as uncertain: if the journal ends here, they may have happened.
    ///
    /// # Errors
    ///
    /// When the spool or the journal fails.
    pub fn changes(&mut self, blobs: &mut dyn Blobs) -> Result<Vec<Change>, FilesError> {
        self.open_effects(blobs)?;
        let rows = std::mem::take(&mut self.changes.rows);
        let mut changes = Vec::with_capacity(rows.len());
        for (path, row) in &rows {
            let after = match self.tree.named(path) {
                Some(node) => self.state(node, blobs)?,
                None => State::Absent,
            };
            let uncertain = row.uncertain || self.tree.is_given_up();
            let after = if uncertain { State::Unknown } else { after };
            changes.push(Change {
                kind: if uncertain { ChangeKind::Uncertain } else { row.kind(&after) },
                path: path.clone(),
                before: row.before.clone(),
                after,
                from: row.from.clone(),
                to: row.to.clone(),
                calls: row.calls,
                effect: row.effect,
            });
        }
        self.changes.rows = rows;
        Ok(changes)
    }

    fn open_effects(&mut self, blobs: &mut dyn Blobs) -> Result<(), FilesError> {
        let open: Vec<_> = self.view.open_effects().into_iter().cloned().collect();
        for effect in open {
            let Some(action) = &effect.action else { continue };
            let (path, other) = match action {
                Action::FileCreate { path } | Action::DirCreate { path } | Action::LinkCreate { path, .. } => {
                    self.changes.may_have(&effect.intent, path, State::Absent);
                    continue;
                }
                Action::FileModify { path, .. } | Action::FileDelete { path } | Action::DirRemove { path } => {
                    (path, None)
                }
                Action::FileRename { from, to, replaces, .. } => {
                    let before = self.before(self.tree.named(from), None, blobs)?;
                    self.changes.may_have(&effect.intent, from, before);
                    (to, Some(*replaces))
                }
                Action::FileRead { .. }
                | Action::HttpRequest(_)
                | Action::HttpInvalid(_)
                | Action::Checkpoint { .. }
                | Action::Socket { .. } => continue,
            };
            let before = match other {
                Some(false) => State::Absent,
                _ => self.before(self.tree.named(path), Some(&effect), blobs)?,
            };
            self.changes.may_have(&effect.intent, path, before);
        }
        Ok(())
    }
}

impl Row {
    fn kind(&self, after: &State) -> ChangeKind {
        match (&self.before, after) {
            (State::Absent, State::Absent) => ChangeKind::Temporary,
            (_, State::Absent) => ChangeKind::Removed,
            (State::Absent, _) if self.from.is_some() => ChangeKind::Renamed,
            (State::Absent, _) => ChangeKind::Created,
            (State::File { blake3: Some(before), .. }, State::File { blake3: Some(after), .. }) if before == after => {
                ChangeKind::Rewritten
            }
            _ => ChangeKind::Changed,
        }
    }
}

impl ChangeKind {
    /// The kind's stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Rewritten => "rewritten",
            Self::Removed => "removed",
            Self::Renamed => "renamed",
            Self::Temporary => "temporary",
            Self::Uncertain => "uncertain",
        }
    }
}
