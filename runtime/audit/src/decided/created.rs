//! What a run made itself, by its name.
//!
//! The gate knows files by their identity; a journal has their names. This follows the names, and is asked only where a
//! record does not tell (see `origin`).

use std::collections::BTreeSet;

use wasm_agent_policy::{Action, GuestPath, LinkKind, Origin};

use crate::steps::{MOVE, Steps};

/// Most names that are followed. What is made beyond that is taken to be foreign, which is asked about sooner.
const NAMES_MAX: usize = 65_536;

/// Most bytes of these names.
const NAME_BYTES_MAX: usize = 8 << 20;

/// Names of what the run made.
#[derive(Debug, Default)]
pub(super) struct Created {
    names: BTreeSet<String>,
    bytes: usize,
    steps: Steps,
    /// Names are followed no longer: there were too many renames of too much.
    given_up: bool,
}

impl Created {
    /// Whose data an action is about.
    pub(super) fn origin(&self, action: &Action) -> Origin {
        let own = |path: &GuestPath| self.names.contains(path.as_str());
        let own = match action {
            Action::FileRead { path }
            | Action::FileModify { path, .. }
            | Action::FileDelete { path }
            | Action::DirRemove { path } => own(path),
            Action::FileRename { from, to, replaces, .. } => own(from) && (!replaces || own(to)),
            Action::FileCreate { .. }
            | Action::DirCreate { .. }
            | Action::LinkCreate { .. }
            | Action::HttpRequest(_)
            | Action::Checkpoint { .. }
            | Action::Socket { .. } => false,
        };
        if own { Origin::CreatedByRun } else { Origin::Foreign }
    }

    /// Takes in an effect that took place.
    pub(super) fn done(&mut self, action: &Action) {
        self.steps.call();
        match action {
            Action::FileCreate { path }
            | Action::DirCreate { path }
            | Action::LinkCreate { kind: LinkKind::Symbolic, path, .. } => self.add(path.as_str().to_owned()),
            Action::LinkCreate { kind: LinkKind::Hard, path, target } if self.names.contains(target) => {
                self.add(path.as_str().to_owned());
            }
            Action::FileDelete { path } | Action::DirRemove { path } => self.remove(path.as_str()),
            Action::FileRename { from, to, .. } => self.rename(from, to),
            Action::FileRead { .. }
            | Action::FileModify { .. }
            | Action::LinkCreate { kind: LinkKind::Hard, .. }
            | Action::HttpRequest(_)
            | Action::Checkpoint { .. }
            | Action::Socket { .. } => {}
        }
    }

    fn rename(&mut self, from: &GuestPath, to: &GuestPath) {
        self.remove(to.as_str());
        let below = format!("{}/", from.as_str());
        let moved: Vec<String> = std::iter::once(from.as_str().to_owned())
            .filter(|name| self.names.contains(name))
            .chain(self.names.range(below.clone()..).take_while(|name| name.starts_with(&below)).cloned())
            .collect();
        if !self.steps.take(moved.len().saturating_mul(MOVE)) {
            self.names.clear();
            self.given_up = true;
        }
        for name in moved {
            self.remove(&name);
            let rest = name.strip_prefix(from.as_str()).unwrap_or_default();
            self.add(format!("{}{rest}", to.as_str()));
        }
    }

    fn add(&mut self, name: String) {
        if !self.given_up && self.names.len() < NAMES_MAX && self.bytes.saturating_add(name.len()) <= NAME_BYTES_MAX {
            let length = name.len();
            if self.names.insert(name) {
                self.bytes += length;
            }
        }
    }

    fn remove(&mut self, name: &str) {
        if self.names.remove(name) {
            self.bytes = self.bytes.saturating_sub(name.len());
        }
    }
}
