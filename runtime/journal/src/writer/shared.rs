//! What the guest's thread and the threads of the [`pool`] share: the queue, and the sink that empties it.
//!
//! Two locks. `state` is held while a record is encoded. `sink` is held while a batch is written: by a thread of the
//! pool, or by the guest's thread if the guest has to wait for the file anyway. A thread that holds `state` never waits
//! for `sink`.

#![expect(clippy::disallowed_methods, reason = "waits until records are due to be written; none has the time")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::pool;
use super::queue::Batch;
use super::sink::Sink;
use super::table::Table;
use crate::error::JournalError;

/// How long records gather before they are written: observations reach the file at most this much later.
const GATHER: Duration = Duration::from_millis(5);

pub(super) struct Shared {
    state: Mutex<State>,
    sink: Mutex<Sink>,
    /// The queue has room, the sink is free, or the journal has failed.
    space: Condvar,
    /// Most bytes that one batch may hold.
    batch_bytes_max: usize,
}

/// The guest's side.
pub(super) struct State {
    pub(super) batch: Batch,
    pub(super) table: Table,
    failed: Option<JournalError>,
    visit: NextVisit,
    /// The guest's thread waits for room.
    pressed: bool,
    /// Largest batch so far, in bytes.
    high: usize,
}

/// When a thread of the pool visits the journal next. The pool ignores visits at any other time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NextVisit {
    /// Never: nothing is queued, and no record waits for a seal.
    None,
    At(Instant),
    /// A visit is under way, and will set the next one.
    Now,
    /// Never again: the writer was dropped.
    Over,
}

impl Shared {
    pub(super) fn new(sink: Sink, batch_bytes_max: usize) -> Self {
        let state = State {
            batch: Batch::with_room(),
            table: Table::default(),
            failed: None,
            visit: NextVisit::None,
            pressed: false,
            high: 0,
        };
        Self { state: Mutex::new(state), sink: Mutex::new(sink), space: Condvar::new(), batch_bytes_max }
    }

    /// Queues what `encode` writes, about `size` bytes, once there is room. It reaches the file within [`GATHER`].
    pub(super) fn push<T>(
        self: &Arc<Self>,
        size: usize,
        encode: impl FnOnce(&mut State) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let mut state = self.room(size)?;
        let was_urgent = state.batch.is_urgent();
        let encoded = state.queue(encode)?;
        let visit = state.plan_visit(was_urgent);
        drop(state);
        if let Some(at) = visit
            && let Err(source) = pool::schedule(at, self)
        {
            let error = JournalError::Spawn { source: Arc::new(source) };
            self.fail(&error);
            return Err(error);
        }
        Ok(encoded)
    }

    /// Queues what `encode` writes as [`push`](Self::push) does, and writes everything queued on the calling thread.
    pub(super) fn write(
        &self,
        size: usize,
        sync: bool,
        encode: impl FnOnce(&mut State) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        self.room(size)?.queue(encode)?;
        self.drain(sync)
    }

    /// Writes everything queued, on the calling thread.
    pub(super) fn drain(&self, sync: bool) -> Result<(), JournalError> {
        self.drain_into(lock(&self.sink), sync).map(|_| ())
    }

    /// Waits until a record of this size fits into the queue, and gives the guest's side. One record larger than the
    /// bound is queued alone.
    ///
    /// If no other thread writes this journal, the guest's thread makes room itself: all threads of the pool may be
    /// blocked by other stores.
    fn room(&self, size: usize) -> Result<MutexGuard<'_, State>, JournalError> {
        let mut state = lock(&self.state);
        loop {
            if let Some(error) = &state.failed {
                return Err(error.clone());
            }
            if state.batch.is_empty() || state.batch.size().saturating_add(size) <= self.batch_bytes_max {
                return Ok(state);
            }
            if let Some(sink) = self.free_sink() {
                drop(state);
                self.drain_into(sink, false)?;
                state = lock(&self.state);
            } else {
                state.pressed = true;
                state = self.space.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// The sink, unless another thread writes.
    fn free_sink(&self) -> Option<MutexGuard<'_, Sink>> {
        match self.sink.try_lock() {
            Ok(sink) => Some(sink),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Writes everything queued. Gives the time at which to write again even if nothing is queued.
    fn drain_into(&self, mut sink: MutexGuard<'_, Sink>, sync: bool) -> Result<Option<Instant>, JournalError> {
        let mut batch = sink.take_spare();
        std::mem::swap(&mut lock(&self.state).batch, &mut batch);
        self.tell_waiting();
        // A store or a signer that panics fails this journal only, and neither the run nor other journals.
        let write = AssertUnwindSafe(|| sink.write(batch, sync, Instant::now()));
        let written = catch_unwind(write).unwrap_or(Err(JournalError::StorePanicked));
        let next_write = sink.next_write();
        drop(sink);
        // A thread that filled the queue meanwhile can now write it itself.
        self.tell_waiting();
        if let Err(error) = &written {
            self.fail(error);
        }
        written.map(|()| next_write)
    }

    /// Wakes the threads that wait for room. Waking costs a system call even where nobody sleeps.
    fn tell_waiting(&self) {
        if std::mem::take(&mut lock(&self.state).pressed) {
            self.space.notify_all();
        }
    }

    /// Writes the queue on a thread of the pool, unless the visit at this time was replaced. Gives the time of the next
    /// visit.
    pub(super) fn visit(&self, at: Instant) -> Option<Instant> {
        {
            let mut state = lock(&self.state);
            if state.visit != NextVisit::At(at) {
                return None;
            }
            state.visit = NextVisit::Now;
        }
        let Some(sink) = self.free_sink() else {
            // The guest's thread is writing the queue, perhaps to a slow disk. Do not wait for it.
            return self.plan_next(|_| Some(Instant::now() + GATHER));
        };
        // An error is kept for the guest's thread.
        let next_write = self.drain_into(sink, false).unwrap_or_default();
        self.plan_next(|state| {
            if state.batch.is_empty() {
                next_write
            } else if state.batch.is_urgent() {
                // After other journals, which have waited longer.
                Some(Instant::now())
            } else {
                Some(Instant::now() + GATHER)
            }
        })
    }

    /// Ends a visit with the time of the next one.
    fn plan_next(&self, plan: impl FnOnce(&State) -> Option<Instant>) -> Option<Instant> {
        let mut state = lock(&self.state);
        if state.visit == NextVisit::Over || state.failed.is_some() {
            return None;
        }
        let next = plan(&state);
        state.visit = next.map_or(NextVisit::None, NextVisit::At);
        next
    }

    /// Whether the queue is so full that the guest may soon have to wait.
    pub(super) fn is_behind(&self) -> bool {
        lock(&self.state).batch.size() >= self.batch_bytes_max / 4
    }

    /// How many calls were handed over.
    pub(super) fn calls(&self) -> u64 {
        lock(&self.state).table.calls()
    }

    /// The finished file's records, bytes, last seal, and the largest batch on the way.
    pub(super) fn totals(&self) -> ((u64, u64, [u8; 32]), usize) {
        let totals = lock(&self.sink).totals();
        (totals, lock(&self.state).high)
    }

    /// Writes the queue, closes the store, and ends all visits.
    pub(super) fn stop(&self) {
        lock(&self.state).visit = NextVisit::Over;
        if !lock(&self.state).batch.is_empty() {
            // Nobody is left to get an error: the run is over.
            let _ = self.drain(false);
        }
        // Waits for a thread of the pool that still writes.
        lock(&self.sink).close();
    }

    fn fail(&self, error: &JournalError) {
        lock(&self.state).failed.get_or_insert_with(|| error.clone());
        self.space.notify_all();
    }
}

impl State {
    fn queue<T>(&mut self, encode: impl FnOnce(&mut Self) -> Result<T, JournalError>) -> Result<T, JournalError> {
        let encoded = encode(self)?;
        self.high = self.high.max(self.batch.size());
        Ok(encoded)
    }

    /// The visit to request from the pool, now that a record was queued: one for each batch, and an earlier one when
    /// the batch becomes urgent. `was_urgent` says that it was urgent before.
    fn plan_visit(&mut self, was_urgent: bool) -> Option<Instant> {
        let is_urgent = !was_urgent && self.batch.is_urgent();
        let at = match self.visit {
            NextVisit::None if !is_urgent => Instant::now() + GATHER,
            NextVisit::None => Instant::now(),
            NextVisit::At(at) if is_urgent => Some(Instant::now()).filter(|now| *now < at)?,
            NextVisit::At(_) | NextVisit::Now | NextVisit::Over => return None,
        };
        self.visit = NextVisit::At(at);
        Some(at)
    }
}

/// Ignores poisoning: a panic while writing fails the journal, and nothing else panics under a lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
