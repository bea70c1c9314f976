//! Approvals that hold for the rest of a run.

use std::collections::HashSet;

use wasm_agent_ids::RunId;
use wasm_agent_policy::{ActionDigest, Pending};

use super::Permit;

/// Most actions that can be approved for the rest of one run.
///
/// The guest chooses how many different actions it asks for, and each costs a set entry of 32 bytes and its overhead.
/// No person will have answered this often.
pub const REMEMBERED_MAX: usize = 4096;

/// The actions that were approved for the rest of a run.
///
/// An action is "the same" if all of it is, by its digest: the same file, or the same request with the same headers and
/// the same body.
#[derive(Debug)]
pub struct Remembered {
    run: RunId,
    digests: HashSet<ActionDigest>,
}

impl Remembered {
    /// Remembers nothing of this run yet.
    #[must_use]
    pub fn new(run: RunId) -> Self {
        Self { run, digests: HashSet::new() }
    }

    /// Remembers an approved action. Returns whether there was room for it.
    ///
    /// `false` is harmless: the action is asked about again.
    pub fn remember<K>(&mut self, permit: &Permit<K>) -> bool {
        permit.approval().is_some_and(|digest| self.keep(*digest))
    }

    fn keep(&mut self, digest: ActionDigest) -> bool {
        if self.digests.len() >= REMEMBERED_MAX {
            return self.digests.contains(&digest);
        }
        self.digests.insert(digest);
        true
    }

    /// The permit, if exactly this action was approved for the rest of the run.
    ///
    /// # Errors
    ///
    /// The pending action, if it has to be asked about.
    pub fn permit<K>(&self, pending: Pending<K>) -> Result<Permit<K>, Pending<K>> {
        let is_known = pending.asker().run == self.run && self.digests.contains(&pending.action().digest());
        if is_known { Ok(Permit::approved(pending)) } else { Err(pending) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{ASKER, pending};

    fn digest(number: usize) -> ActionDigest {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_le_bytes());
        ActionDigest::from_bytes(digest)
    }

    #[test]
    fn covers_what_was_remembered_in_its_run_and_nothing_else() {
        let mut remembered = Remembered::new(ASKER.run);
        let pending_again = remembered.permit(pending("/notes/a")).unwrap_err();
        assert!(remembered.remember(&Permit::approved(pending_again)));
        assert!(remembered.permit(pending("/notes/a")).is_ok());
        assert!(remembered.permit(pending("/notes/b")).is_err());
        let another = Remembered { run: RunId::from_bytes([8; 16]), ..remembered };
        assert!(another.permit(pending("/notes/a")).is_err());
    }

    #[test]
    fn stops_remembering_when_it_is_full() {
        let mut remembered = Remembered::new(ASKER.run);
        for number in 0..REMEMBERED_MAX {
            assert!(remembered.keep(digest(number)));
        }
        assert!(!remembered.keep(digest(REMEMBERED_MAX)));
        assert!(!remembered.digests.contains(&digest(REMEMBERED_MAX)));
        assert!(remembered.keep(digest(0)), "it is there already");
    }
}
