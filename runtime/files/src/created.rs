//! Files that a run created itself. They are nobody else's data, so changing them needs no question.

use std::collections::HashSet;

use super::Identity;

/// Files and directories that this run created, by identity.
///
/// By identity, not by name: a foreign file that takes the name of a created one is still foreign.
#[derive(Debug, Default)]
pub struct Created(HashSet<Identity>);

impl Created {
    /// Most files that are remembered. A run that creates more is asked about the rest, as about foreign files.
    pub(crate) const MAX: usize = 65_536;

    /// Remembers a created file.
    pub fn insert(&mut self, identity: Identity) {
        if self.0.len() < Self::MAX {
            self.0.insert(identity);
        }
    }

    /// Forgets a removed file.
    pub fn remove(&mut self, identity: &Identity) {
        self.0.remove(identity);
    }

    /// Whether the run created it.
    #[must_use]
    pub fn contains(&self, identity: &Identity) -> bool {
        self.0.contains(identity)
    }
}
