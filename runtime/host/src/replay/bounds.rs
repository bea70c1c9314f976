//! What a replay may use up. Whoever made a journal need not be whoever replays it, so none of this is the journal's to
//! say.

use super::ReplayError;

/// Fuel that a replay may use unless it is given more: minutes of computing. A run within the default time limit, 30 s,
/// uses less.
pub const REPLAY_FUEL: u64 = 200_000_000_000;

/// Memory that a replay gives a tool unless it is given more, in bytes: all that one 32-bit memory can hold.
pub const REPLAY_MEMORY_BYTES: u64 = 4 << 30;

/// Longest time that a unit of fuel is given, in nanoseconds: ten times what it takes. Composed tools can make the
/// engine copy for hours between two units of fuel.
const NANOSECONDS_OF_FUEL: u64 = 10;

/// Time that every replay is given besides, in nanoseconds: it begins and ends on a busy machine too.
const NANOSECONDS_AT_LEAST: u64 = 5_000_000_000;

/// Most contents of one answer, in bytes: twice the longest that can be recorded, as no function gives more than one of
/// those.
const ANSWER_BYTES_MAX: u64 = 2 * (wasm_agent_journal::format::BLOB_BYTES_MAX as u64);

/// What a replay may use up, and what it has.
#[derive(Debug)]
pub(crate) struct Bounds {
    pub(crate) fuel: u64,
    pub(crate) memory_bytes: u64,
    /// Bytes that were fetched from the journal or hashed to be compared. A record of a few bytes can stand for
    /// megabytes of them, so they count as fuel does: each takes about as long as a unit.
    contents: u64,
    /// Contents of the answer that is being read.
    answer: u64,
    /// Whether the engine was told to stop at the bound, and not where the journal says.
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

    /// Where to stop, instead of a place that is beyond the bound: a unit behind it. What was used of the last one
    /// can't be told from more, as the engine looks at it now and then.
    pub(super) fn stop(&mut self, (fuel, slack): (u64, u64)) -> (u64, u64) {
        self.in_force = fuel > self.fuel;
        if self.in_force { (self.fuel.saturating_add(1), 0) } else { (fuel, slack) }
    }

    /// Takes in the contents that a call was made with.
    pub(super) fn asked(&mut self, bytes: u64) {
        self.contents = self.contents.saturating_add(bytes);
        self.answer = 0;
    }

    /// Takes in contents that are to be fetched for an answer. False: no answer has as much.
    pub(super) fn fetch(&mut self, bytes: u64) -> bool {
        self.contents = self.contents.saturating_add(bytes);
        self.answer = self.answer.saturating_add(bytes);
        self.answer <= ANSWER_BYTES_MAX
    }

    /// Whether so much fuel, with all contents so far, is within the bound.
    ///
    /// # Errors
    ///
    /// [`ReplayError::Bound`] when it is not.
    pub(crate) fn check(&self, fuel: u64) -> Result<(), ReplayError> {
        if fuel.saturating_add(self.contents) > self.fuel { Err(self.used_up()) } else { Ok(()) }
    }

    /// Whether a tool that ran out of fuel came to the end of its record.
    ///
    /// # Errors
    ///
    /// [`ReplayError::Bound`] when it came to this bound.
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

/// Something that a replay has a bound of its own for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// Fuel, and bytes of contents.
    Fuel,
    /// Memory of the tool.
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
