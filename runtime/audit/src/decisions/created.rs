//! Files and directories that a run created itself, by name.
//!
//! The gate knows files by their identity. A journal has only their names. This module follows the names. It is used
//! where a record does not say whose data it is about (see `origin`).

use std::collections::BTreeSet;

use wasm_agent_policy::{Action, GuestPath, LinkKind, Origin};

use crate::budget::{MOVE, WorkBudget};

/// Most names followed. Further ones count as foreign, which is the safe side: policies ask about more of those.
const NAMES_MAX: usize = 65_536;

/// Most bytes of these names.
const NAME_BYTES_MAX: usize = 8 << 20;

/// Names of what the run created.
#[derive(Debug, Default)]
pub(super) struct Created {
    names: BTreeSet<String>,
    bytes: usize,
    budget: WorkBudget,
    /// Names are no longer followed: renaming used up the budget.
    given_up: bool,
}

impl Created {
    /// Whose data an action concerns.
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
            | Action::HttpInvalid(_)
            | Action::Checkpoint { .. }
            | Action::Socket { .. } => false,
        };
        if own { Origin::CreatedByRun } else { Origin::Foreign }
    }

    /// Applies an effect that happened.
    pub(super) fn done(&mut self, action: &Action) {
        self.budget.add_call();
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
            | Action::HttpInvalid(_)
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
        if !self.budget.spend(moved.len().saturating_mul(MOVE)) {
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
