//! The limits of a replay. A journal may come from somebody else, so it does not set them.

use super::ReplayError;

/// Fuel that a replay may use by default: minutes of computing. A run within the default time limit, 30 s, uses less.
pub const REPLAY_FUEL: u64 = 200_000_000_000;

/// Memory that a tool may have in a replay by default, in bytes: all that one 32-bit memory can hold.
pub const REPLAY_MEMORY_BYTES: u64 = 4 << 30;

/// Longest time for a unit of fuel, in nanoseconds: ten times what one takes. In composed tools, the engine can copy
/// for hours between two units of fuel.
const NANOSECONDS_OF_FUEL: u64 = 10;

/// Further time for every replay, in nanoseconds, for its start and end on a busy machine.
const NANOSECONDS_AT_LEAST: u64 = 5_000_000_000;

/// Most contents in one answer, in bytes: twice the longest that can be recorded, since no function returns more than
/// one such piece.
const ANSWER_BYTES_MAX: u64 = 2 * (wasm_agent_journal::format::BLOB_BYTES_MAX as u64);

/// The limits of a replay, and its use of them.
#[derive(Debug)]
pub(crate) struct Bounds {
    pub(crate) fuel: u64,
    pub(crate) memory_bytes: u64,
    /// Bytes that were fetched from the journal, or hashed for a comparison. A record of a few bytes can stand for
    /// megabytes, so they count as fuel: each takes about as long as a unit.
    contents: u64,
    /// Bytes of contents in the answer that is being read.
    answer: u64,
    /// Whether the engine was told to stop at the limit, and not where the journal says.
    pub(super) in_force: bool,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { fuel: REPLAY_FUEL, memory_bytes: REPLAY_MEMORY_BYTES, contents: 0, answer: 0, in_force: false }
    }
}

impl Bounds {
    /// The longest time that the whole replay may take.
    pub(crate) fn time(&self) -> std::time::Duration {
        std::time::Duration::from_nanos(
            self.fuel.saturating_mul(NANOSECONDS_OF_FUEL).saturating_add(NANOSECONDS_AT_LEAST),
        )
    }

    /// Where to stop, if the given place is beyond the limit: one unit behind the limit. The engine checks fuel only
    /// now and then, so a replay that used exactly the limit can't be told from one that used more.
    pub(super) fn stop(&mut self, (fuel, slack): (u64, u64)) -> (u64, u64) {
        self.in_force = fuel > self.fuel;
        if self.in_force { (self.fuel.saturating_add(1), 0) } else { (fuel, slack) }
    }

    /// Counts the contents in a call's arguments.
    pub(super) fn asked(&mut self, bytes: u64) {
        self.contents = self.contents.saturating_add(bytes);
        self.answer = 0;
    }

    /// Counts contents that are to be fetched for an answer. `false` if no answer has as many.
    pub(super) fn fetch(&mut self, bytes: u64) -> bool {
        self.contents = self.contents.saturating_add(bytes);
        self.answer = self.answer.saturating_add(bytes);
        self.answer <= ANSWER_BYTES_MAX
    }

    /// Whether this much fuel, and all contents so far, are within the limit.
    ///
    /// # Errors
    ///
    /// [`ReplayError::Bound`] if not.
    pub(crate) fn check(&self, fuel: u64) -> Result<(), ReplayError> {
        if fuel.saturating_add(self.contents) > self.fuel { Err(self.used_up()) } else { Ok(()) }
    }

    /// Whether a tool that ran out of fuel did so at the end of its record.
    ///
    /// # Errors
    ///
    /// [`ReplayError::Bound`] if it reached this limit.
    pub(crate) fn at_end_of_record(&self) -> Result<(), ReplayError> {
        if self.in_force { Err(self.used_up()) } else { Ok(()) }
    }

    pub(crate) fn used_up(&self) -> ReplayError {
        ReplayError::Bound { what: Bound::Fuel, most: self.fuel }
    }

    pub(crate) fn memory_used_up(&self) -> ReplayError {
        ReplayError::Bound { what: Bound::Memory, most: self.memory_bytes }
    }
}

/// A resource that a replay limits itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// Fuel, and bytes of contents.
    Fuel,
    /// The tool's memory.
    Memory,
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fuel => "units of fuel",
            Self::Memory => "bytes of memory",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_what_may_be_used_and_not_a_unit_more() {
        let mut bounds = Bounds { fuel: 100, ..Bounds::default() };
        assert_eq!(bounds.stop((100, 7)), (100, 7));
        assert!(!bounds.in_force);
        assert_eq!(bounds.stop((101, 7)), (101, 0));
        assert!(bounds.in_force);
        bounds.asked(30);
        assert!(bounds.fetch(20));
        assert_eq!(bounds.check(50), Ok(()));
        assert_eq!(bounds.check(51), Err(ReplayError::Bound { what: Bound::Fuel, most: 100 }));
    }

    #[test]
    fn time_is_bounded_as_fuel_is() {
        let time = |fuel| Bounds { fuel, ..Bounds::default() }.time().as_secs();
        assert_eq!((time(0), time(REPLAY_FUEL)), (5, 2005));
        assert_eq!(time(u64::MAX), u64::MAX / 1_000_000_000);
    }

    #[test]
    fn an_answer_is_no_larger_than_one_that_can_be_recorded() {
        let mut bounds = Bounds { fuel: u64::MAX, ..Bounds::default() };
        assert!(bounds.fetch(ANSWER_BYTES_MAX));
        assert!(!bounds.fetch(1));
        bounds.asked(0);
        assert!(bounds.fetch(1));
    }
}
