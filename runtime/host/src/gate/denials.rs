//! What a run was denied: for its report, and for the limit on probing.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use wasm_agent_policy::{Action, ActionDigest, Denial, Denied};

use super::lock;

/// Most denials that a report names. One or two show what a policy lacks, and the journal has all of them.
const NAMED_MAX: usize = 3;

/// The denials of a run: calls, and requests whose addresses turned out not to be allowed.
#[derive(Debug)]
pub(crate) struct Denials {
    /// Most different actions.
    max: u64,
    count: AtomicU64,
    known: Mutex<Known>,
}

/// What was denied so far.
#[derive(Debug, Default)]
struct Known {
    /// The different actions, `max` at most.
    actions: HashSet<ActionDigest>,
    /// Actions that have no name to compare.
    nameless: u64,
    /// The first ones, for the report.
    first: Vec<Denied>,
}

/// The run was denied more than it may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

impl Denials {
    pub(super) fn new(max: u64) -> Self {
        Self { max, count: AtomicU64::new(0), known: Mutex::default() }
    }

    /// Counts a denial that can't be named. Each counts as another one.
    pub(super) fn count(&self) -> Result<(), TooMany> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut known = lock(&self.known);
        known.nameless = known.nameless.saturating_add(1);
        self.within(&known)
    }

    /// Counts a denial; `bytes` are those of the action. The first ones are kept, but only one for each change of the
    /// policy that would lift it.
    pub(super) fn add(&self, action: &Action, bytes: &[u8], denial: Denial) -> Result<(), TooMany> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let digest = ActionDigest::of(bytes);
        let mut known = lock(&self.known);
        known.keep_first(action, denial);
        self.within(&known)?;
        known.actions.insert(digest);
        self.within(&known)
    }

    fn within(&self, known: &Known) -> Result<(), TooMany> {
        let different = u64::try_from(known.actions.len()).unwrap_or(u64::MAX).saturating_add(known.nameless);
        if different <= self.max { Ok(()) } else { Err(TooMany) }
    }

    /// How many there were, and the first ones.
    pub(crate) fn take(&self) -> (u64, Vec<Denied>) {
        (self.count.load(Ordering::Relaxed), std::mem::take(&mut lock(&self.known).first))
    }
}

impl Known {
    fn keep_first(&mut self, action: &Action, denial: Denial) {
        if self.first.len() >= NAMED_MAX {
            return;
        }
        let change = denial.hint(action);
        let same = |known: &Denied| known.denial == denial && known.denial.hint(&known.action) == change;
        if !self.first.iter().any(same) {
            self.first.push(Denied { action: action.clone(), denial });
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_agent_policy::{DenialReason, GuestPath};

    use super::*;

    fn read(path: &str) -> Action {
        Action::FileRead { path: GuestPath::parse(path).unwrap() }
    }

    fn deny(denials: &Denials, path: &str) -> Result<(), TooMany> {
        let action = read(path);
        denials.add(&action, &action.canonical_bytes(), Denial::new(DenialReason::NoGrant, None))
    }

    #[test]
    fn the_same_action_counts_once_and_what_has_no_name_each_time() {
        let denials = Denials::new(3);
        let deny = |path| deny(&denials, path);
        for _ in 0..5 {
            assert_eq!((deny("/a"), deny("/b")), (Ok(()), Ok(())));
        }
        assert_eq!(denials.count(), Ok(()));
        assert_eq!(deny("/b"), Ok(()));
        assert_eq!(denials.count(), Err(TooMany));
        assert_eq!(deny("/b"), Err(TooMany));
        assert_eq!(denials.take().0, 14);
    }

    #[test]
    fn one_denial_is_kept_for_each_change_of_the_policy() {
        let denials = Denials::new(10);
        for path in ["/etc/a", "/etc/b", "/usr/c", "/etc/d", "/var/e", "/srv/f"] {
            assert_eq!(deny(&denials, path), Ok(()));
        }
        assert_eq!(denials.count(), Ok(()));
        let (count, first) = denials.take();
        assert_eq!(count, 7);
        assert_eq!(
            first.iter().map(|denied| denied.action.clone()).collect::<Vec<_>>(),
            ["/etc/a", "/usr/c", "/var/e"].map(read)
        );
    }
}
