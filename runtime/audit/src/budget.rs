//! [`WorkBudget`]: a bound on work that grows with the state a reader holds, not with the record it reads.
//!
//! Renaming a directory moves every name below it, and the record that says so takes a hundred bytes. A hostile journal
//! could keep its reader busy for days. So each call adds to a budget, and all such work spends from it. A reader that
//! runs out stops following, and says so.

/// Steps at the start: more than any real run needs.
const AT_FIRST: u64 = 1 << 24;

/// Steps that each call adds. They take about as long as reading its record.
const CALL: u64 = 1 << 10;

/// Cost of moving a name, in steps. Looking at a name costs one step.
pub(crate) const MOVE: usize = 16;

/// A number of steps.
#[derive(Debug)]
pub(crate) struct WorkBudget {
    left: u64,
    #[cfg(test)]
    pub(crate) spent: u64,
}

impl Default for WorkBudget {
    fn default() -> Self {
        Self {
            left: AT_FIRST,
            #[cfg(test)]
            spent: 0,
        }
    }
}

impl WorkBudget {
    /// Adds the steps of one more call.
    pub(crate) fn add_call(&mut self) {
        self.left = self.left.saturating_add(CALL);
    }

    /// Spends steps. False if there are not enough: then none are spent.
    pub(crate) fn spend(&mut self, steps: usize) -> bool {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        let Some(left) = self.left.checked_sub(steps) else { return false };
        self.left = left;
        #[cfg(test)]
        {
            self.spent = self.spent.saturating_add(steps);
        }
        true
    }

    /// The most steps that this many calls allow.
    #[cfg(test)]
    pub(crate) fn most(calls: u64) -> u64 {
        AT_FIRST + CALL * calls
    }
}
