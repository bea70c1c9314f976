//! Approvals that hold for the rest of a run.

use std::collections::HashSet;

/// Most actions that one run can have approved for good.
///
/// The guest decides how many different actions it asks for, and each costs a set entry of 32 bytes and its
/// overhead. A person will not have answered this often.
pub const REMEMBERED_MAX: usize = 4096;

/// The actions that were approved for the rest of the run, by digest.
///
/// The digest covers the whole action, so "this same action" means the same file or the same request with
/// the same headers and the same body, and nothing like it. A value belongs to one run of one component
/// under one policy: do not keep it any longer.
#[derive(Debug, Default)]
pub struct Remembered {
    digests: HashSet<[u8; 32]>,
}

impl Remembered {
    /// Remembers nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers an action, and says whether there was room for it.
    ///
    /// `false` is harmless: the action is asked about again.
    pub fn remember(&mut self, action_digest: [u8; 32]) -> bool {
        if self.digests.len() >= REMEMBERED_MAX {
            return self.digests.contains(&action_digest);
        }
        self.digests.insert(action_digest);
        true
    }

    /// Says whether exactly this action was approved for the rest of the run.
    #[must_use]
    pub fn covers(&self, action_digest: &[u8; 32]) -> bool {
        self.digests.contains(action_digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: usize) -> [u8; 32] {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_le_bytes());
        digest
    }

    #[test]
    fn covers_nothing_that_was_not_remembered() {
        let mut remembered = Remembered::new();
        assert!(!remembered.covers(&digest(1)));
        assert!(remembered.remember(digest(1)));
        assert!(remembered.covers(&digest(1)));
        assert!(!remembered.covers(&digest(2)));
    }

    #[test]
    fn stops_remembering_when_it_is_full() {
        let mut remembered = Remembered::new();
        for number in 0..REMEMBERED_MAX {
            assert!(remembered.remember(digest(number)));
        }
        assert!(!remembered.remember(digest(REMEMBERED_MAX)));
        assert!(!remembered.covers(&digest(REMEMBERED_MAX)));
        assert!(remembered.remember(digest(0)), "it is there already");
    }
}
