//! The earlier names of a file.

use wasm_agent_journal::Record;
use wasm_agent_policy::{Action, GuestPath, HttpAction};

use super::target::Target;
use crate::view::{Activity, View};

/// Most renames kept. Of more, the last ones are kept.
const RENAMES_MAX: usize = 16_384;

/// Most names of one file.
const NAMES_MAX: usize = 64;

/// Collects the renames that lead to a target: the first of two readings of a journal.
#[derive(Debug)]
pub struct NameHistory {
    target: Target,
    view: View,
    renames: std::collections::VecDeque<(u64, GuestPath, GuestPath)>,
    lost: u64,
}

/// A name, and the call that gave the file its next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierName {
    /// The name.
    pub path: GuestPath,
    /// The last call that knows the file by this name. The target's own name holds to the end.
    pub until: u64,
}

/// A target, with all its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetNames {
    pub(super) target: Target,
    /// Its names, the last one first. A URL has none.
    pub(super) names: Vec<EarlierName>,
    pub(super) lost: u64,
}

impl NameHistory {
    /// Begins with a target.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self { target, view: View::new(), renames: std::collections::VecDeque::new(), lost: 0 }
    }

    /// Takes the next record.
    pub fn record(&mut self, record: &Record) {
        let interpreted = self.view.record(record);
        let (Activity::Renamed { from, to, .. }, Some(effect)) = (&interpreted.activity, &interpreted.effect) else {
            return;
        };
        if self.renames.len() >= RENAMES_MAX {
            self.renames.pop_front();
            self.lost = self.lost.saturating_add(1);
        }
        self.renames.push_back((effect.intent.call.0, from.clone(), to.clone()));
    }

    /// Ends with the journal, and returns the names.
    #[must_use]
    pub fn finish(self) -> TargetNames {
        let mut names = Vec::new();
        if let Target::Path(path) = &self.target {
            let mut current = EarlierName { path: path.clone(), until: u64::MAX };
            for (call, from, to) in self.renames.iter().rev() {
                let earlier = below(&current.path, to, from).filter(|_| *call < current.until);
                let Some(earlier) = earlier.filter(|_| names.len() < NAMES_MAX) else { continue };
                names.push(std::mem::replace(&mut current, EarlierName { path: earlier, until: *call }));
            }
            names.push(current);
        }
        TargetNames { target: self.target, names, lost: self.lost.saturating_add(self.view.lost()) }
    }
}

impl TargetNames {
    /// Whether an action is about the target, and by which earlier name.
    pub(super) fn touches(&self, action: &Action, call: u64) -> Option<Option<GuestPath>> {
        if let Target::Url(url) = &self.target {
            let same = |request: &HttpAction| request.url.as_str() == url.as_str();
            return matches!(action, Action::HttpRequest(request) if same(request)).then_some(None);
        }
        let paths = match action {
            Action::FileRename { from, to, .. } => {
                // Renaming a directory moves what is in it.
                return self.name(call, |name| name.starts_with(from) || name.starts_with(to));
            }
            Action::LinkCreate { path, target, .. } => (path.as_str(), target.as_str()),
            Action::FileRead { path }
            | Action::FileCreate { path }
            | Action::FileModify { path, .. }
            | Action::FileDelete { path }
            | Action::DirCreate { path }
            | Action::DirRemove { path } => (path.as_str(), ""),
            Action::HttpRequest(_) | Action::HttpInvalid(_) | Action::Checkpoint { .. } | Action::Socket { .. } => {
                return None;
            }
        };
        self.name(call, |name| name.as_str() == paths.0 || name.as_str() == paths.1)
    }

    /// Whether the target has this path at a call.
    pub(super) fn is_named(&self, path: &GuestPath, call: u64) -> bool {
        self.name(call, |name| name == path).is_some()
    }

    fn name(&self, call: u64, is: impl Fn(&GuestPath) -> bool) -> Option<Option<GuestPath>> {
        let found = self.names.iter().position(|name| call <= name.until && is(&name.path))?;
        Some(self.names.get(found).filter(|_| found > 0).map(|name| name.path.clone()))
    }
}

/// `path` with its beginning `from` replaced by `to`.
fn below(path: &GuestPath, from: &GuestPath, to: &GuestPath) -> Option<GuestPath> {
    if !path.starts_with(from) {
        return None;
    }
    let rest = path.as_str().strip_prefix(from.as_str())?;
    GuestPath::parse(&format!("{}{rest}", to.as_str())).ok()
}
