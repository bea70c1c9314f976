//! What a run made itself: no one else's data, so changing it again is nothing to ask about.

use std::collections::HashSet;

use super::Identity;

/// Most files that are remembered. A run that makes more is asked about the rest as if they were foreign.
const CREATED_MAX: usize = 65_536;

/// Files and directories that this run created, by identity.
///
/// By identity, not by name: a foreign file that takes the name of one's own is still foreign.
#[derive(Debug, Default)]
pub struct Created(HashSet<Identity>);

impl Created {
    /// Remembers what was made.
    pub fn insert(&mut self, identity: Identity) {
        if self.0.len() < CREATED_MAX {
            self.0.insert(identity);
        }
    }

    /// Forgets what is gone.
    pub fn remove(&mut self, identity: &Identity) {
        self.0.remove(identity);
    }

    /// Whether the run made it.
    #[must_use]
    pub fn contains(&self, identity: &Identity) -> bool {
        self.0.contains(identity)
    }
}
