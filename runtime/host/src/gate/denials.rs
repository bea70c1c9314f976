//! What a run was denied, for its report.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use wasm_agent_policy::{Action, Denial, Denied};

use super::lock;

/// Most denials that a report names. One or two show what a policy lacks, and the journal has all of them.
const NAMED_MAX: usize = 3;

/// The denials of a run: calls, and requests whose addresses turned out not to be allowed.
#[derive(Debug, Default)]
pub(crate) struct Denials {
    count: AtomicU64,
    first: Mutex<Vec<Denied>>,
}

impl Denials {
    /// Counts a denial that can't be named.
    pub(super) fn count(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a denial. The first ones are kept, but only one for each change of the policy that would lift it.
    pub(super) fn add(&self, action: &Action, denial: Denial) {
        self.count();
        let mut first = lock(&self.first);
        if first.len() >= NAMED_MAX {
            return;
        }
        let change = denial.hint(action);
        let same = |known: &Denied| known.denial == denial && known.denial.hint(&known.action) == change;
        if !first.iter().any(same) {
            first.push(Denied { action: action.clone(), denial });
        }
    }

    /// How many there were, and the first ones.
    pub(crate) fn take(&self) -> (u64, Vec<Denied>) {
        (self.count.load(Ordering::Relaxed), std::mem::take(&mut *lock(&self.first)))
    }
}

#[cfg(test)]
mod tests {
    use wasm_agent_policy::{DenialReason, GuestPath};

    use super::*;

    #[test]
    fn one_denial_is_kept_for_each_change_of_the_policy() {
        let denials = Denials::default();
        let read = |path: &str| Action::FileRead { path: GuestPath::parse(path).unwrap() };
        for path in ["/etc/a", "/etc/b", "/usr/c", "/etc/d", "/var/e", "/srv/f"] {
            denials.add(&read(path), Denial::new(DenialReason::NoGrant, None));
        }
        denials.count();
        let (count, first) = denials.take();
        assert_eq!(count, 7);
        assert_eq!(
            first.iter().map(|denied| denied.action.clone()).collect::<Vec<_>>(),
            ["/etc/a", "/usr/c", "/var/e"].map(read)
        );
    }
}
