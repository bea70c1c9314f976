//! [`Steps`]: room for work that grows with what is followed, and not with the record at hand.
//!
//! One rename of a directory moves all that is followed below it, and a record that says so takes a hundred bytes. A
//! journal that was made to be hard could keep its reader busy for days. So all such work together is bounded by the
//! number of records, and what would go beyond that is no longer followed, which is said.

/// Steps that are there from the start: more than any real run needs.
const AT_FIRST: u64 = 1 << 24;

/// Steps that each call adds. They take about as long as reading its record does.
const CALL: u64 = 1 << 10;

/// What moving a name takes, in steps: looking at one is one.
pub(crate) const MOVE: usize = 16;

/// Steps that are left.
#[derive(Debug)]
pub(crate) struct Steps {
    left: u64,
    #[cfg(test)]
    pub(crate) taken: u64,
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            left: AT_FIRST,
            #[cfg(test)]
            taken: 0,
        }
    }
}

impl Steps {
    /// Takes in that another call was read.
    pub(crate) fn call(&mut self) {
        self.left = self.left.saturating_add(CALL);
    }

    /// Takes so many steps, if there are as many.
    pub(crate) fn take(&mut self, steps: usize) -> bool {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        let Some(left) = self.left.checked_sub(steps) else { return false };
        self.left = left;
        #[cfg(test)]
        {
            self.taken = self.taken.saturating_add(steps);
        }
        true
    }

    /// The most steps that so many calls can have taken.
    #[cfg(test)]
    pub(crate) fn most(calls: u64) -> u64 {
        AT_FIRST + CALL * calls
    }
}
