//! Compares two runs: where they differ, and where they agree again.
//!
//! Calls are paired by function and arguments, effects by action. Both journals are read at once. Where they differ, a
//! bounded part of each is held in memory.

mod align;
mod effects;
mod header;
mod keys;

#[cfg(test)]
mod tests;

use std::io::{Read, Seek};

use wasm_agent_journal::{End, Event, ReadError, Reader, Record};

use align::{Aligner, Item, Lookahead, Next, Pair};
use effects::Effects;
use keys::{Handles, Keys};

pub use effects::Effect;
pub use header::{HeaderDifference, header_differences};

/// Compares two journals.
pub struct Diff<A, B> {
    first: Side<A>,
    second: Side<B>,
    calls: Aligner<KeyedCall>,
    effects: Aligner<Effect>,
    summary: Summary,
}

/// The next difference, or the next call that is the same.
#[derive(Debug)]
pub enum Change {
    /// The same call with the same outcome.
    Same(Box<Record>, Box<Record>),
    /// The same call, with another outcome or decision.
    Outcome(Box<Record>, Box<Record>),
    /// A call that only the first run made.
    First(Box<Record>),
    /// A call that only the second run made.
    Second(Box<Record>),
    /// An effect of one run only, or an effect with another outcome.
    Effect(Option<Effect>, Option<Effect>),
}

/// How many calls and effects are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Same calls with the same outcome.
    pub same: u64,
    /// Same calls with another outcome.
    pub outcomes: u64,
    /// Calls that only the first run made.
    pub first: u64,
    /// Calls that only the second run made.
    pub second: u64,
    /// Effects that differ.
    pub effects: u64,
    /// The first difference: the call's number in the first run, and in the second.
    pub parts_at: Option<(u64, u64)>,
}

/// A journal can't be read further.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// The first journal.
    #[error(transparent)]
    First(ReadError),
    /// The second journal.
    #[error(transparent)]
    Second(ReadError),
}

/// A call with its keys.
#[derive(Debug)]
struct KeyedCall {
    record: Box<Record>,
    keys: Keys,
}

/// What reading a journal returned.
enum ReadStep {
    Call(KeyedCall),
    /// No more effects can be held: some must be paired first.
    Effects,
    End,
}

/// One of the journals.
struct Side<R> {
    reader: Reader<R>,
    handles: Handles,
    effects: Effects,
    end: Option<End>,
    calls: u64,
}

impl<A: Read + Seek, B: Read + Seek> Diff<A, B> {
    /// Compares the records after the headers. With `strict`, handles are compared by their numbers, and clock
    /// readings, random numbers, times of files and fuel count too. Durations never count.
    #[must_use]
    pub fn new(first: Reader<A>, second: Reader<B>, strict: bool) -> Self {
        Self {
            first: Side::new(first, strict),
            second: Side::new(second, strict),
            calls: Aligner::default(),
            effects: Aligner::default(),
            summary: Summary::default(),
        }
    }

    /// The next change; `None` at the end of both journals.
    ///
    /// # Errors
    ///
    /// When a journal can't be read, or was changed.
    #[expect(clippy::should_implement_trait, reason = "an iterator of results would go on after an error")]
    pub fn next(&mut self) -> Result<Option<Change>, DiffError> {
        loop {
            if let Some(change) = self.next_effect() {
                return Ok(Some(change));
            }
            match self.calls.next() {
                Next::Pair(pair) => return Ok(Some(self.call(pair))),
                Next::More { whole_window } => self.read(whole_window)?,
                Next::End => {
                    // Bounded: each side already passed on what exceeded its bounds.
                    self.first.give_effects(&mut self.effects.first, true);
                    self.second.give_effects(&mut self.effects.second, true);
                    (self.effects.first.ended, self.effects.second.ended) = (true, true);
                    return Ok(self.next_effect());
                }
            }
        }
    }

    /// The counts so far.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// How each run ended, if that was read.
    #[must_use]
    pub fn ends(&self) -> (Option<&End>, Option<&End>) {
        (self.first.end.as_ref(), self.second.end.as_ref())
    }

    /// Reads further in both journals: one call, or as many as fit. Stops early if there is no room for the effects in
    /// between.
    fn read(&mut self, whole_window: bool) -> Result<(), DiffError> {
        let (calls, effects) = (&mut self.calls, &mut self.effects);
        self.first.read(whole_window, &mut calls.first, &mut effects.first).map_err(DiffError::First)?;
        self.second.read(whole_window, &mut calls.second, &mut effects.second).map_err(DiffError::Second)
    }

    fn call(&mut self, pair: Pair<KeyedCall>) -> Change {
        let summary = &mut self.summary;
        match pair {
            Pair::Both(first, second) => {
                self.first.calls += 1;
                self.second.calls += 1;
                if first.keys == second.keys {
                    summary.same += 1;
                    return Change::Same(first.record, second.record);
                }
                summary.outcomes += 1;
                summary.parts_at.get_or_insert((self.first.calls - 1, self.second.calls - 1));
                Change::Outcome(first.record, second.record)
            }
            Pair::First(first) => {
                summary.first += 1;
                summary.parts_at.get_or_insert((self.first.calls, self.second.calls));
                self.first.calls += 1;
                Change::First(first.record)
            }
            Pair::Second(second) => {
                summary.second += 1;
                summary.parts_at.get_or_insert((self.first.calls, self.second.calls));
                self.second.calls += 1;
                Change::Second(second.record)
            }
        }
    }

    /// The next effect that differs, among those read on both sides.
    fn next_effect(&mut self) -> Option<Change> {
        loop {
            let pair = match self.effects.next() {
                Next::Pair(pair) => pair,
                Next::More { .. } if self.effects.make_room() => continue,
                Next::More { .. } | Next::End => return None,
            };
            let (first, second) = match pair {
                Pair::Both(first, second) if first.outcome == second.outcome => continue,
                Pair::Both(first, second) => (Some(first), Some(second)),
                Pair::First(first) => (Some(first), None),
                Pair::Second(second) => (None, Some(second)),
            };
            self.summary.effects += 1;
            return Some(Change::Effect(first, second));
        }
    }
}

impl<R: Read + Seek> Side<R> {
    fn new(reader: Reader<R>, strict: bool) -> Self {
        Self { reader, handles: Handles::new(strict), effects: Effects::default(), end: None, calls: 0 }
    }

    fn read(
        &mut self,
        whole_window: bool,
        calls: &mut Lookahead<KeyedCall>,
        effects: &mut Lookahead<Effect>,
    ) -> Result<(), ReadError> {
        while !calls.is_full() && (whole_window || calls.is_empty()) {
            match self.next(effects)? {
                ReadStep::Call(called) => calls.push(called),
                ReadStep::Effects => break,
                ReadStep::End => calls.ended = true,
            }
        }
        Ok(())
    }

    /// The next call. Effects before it are collected, and passed on once they have ended.
    fn next(&mut self, effects: &mut Lookahead<Effect>) -> Result<ReadStep, ReadError> {
        while !effects.is_full() {
            let Some(record) = self.reader.next()? else { return Ok(ReadStep::End) };
            if let Event::Call(call) = &record.event {
                let keys = self.handles.keys(call);
                return Ok(ReadStep::Call(KeyedCall { keys, record: Box::new(record) }));
            }
            self.effects.record(&record);
            self.give_effects(effects, false);
            if let Event::End(end) = record.event {
                self.end = Some(end);
            }
        }
        Ok(ReadStep::Effects)
    }

    fn give_effects(&mut self, ahead: &mut Lookahead<Effect>, at_end: bool) {
        while let Some(effect) = self.effects.next(at_end) {
            ahead.push(effect);
        }
    }
}

impl Item for KeyedCall {
    fn key(&self) -> &[u8; 32] {
        &self.keys.asked
    }

    fn bytes(&self) -> usize {
        match &self.record.event {
            Event::Call(call) => call.arguments.len() + call.outcome.len() + size_of::<Self>() + size_of::<Record>(),
            _ => size_of::<Self>(),
        }
    }
}
