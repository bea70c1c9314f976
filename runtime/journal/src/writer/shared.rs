//! What the guest's thread and the writer's thread share, and the writer's thread itself.
//!
//! A run that is over in a moment has no thread: what it did is written as it ends. See [`keeper`](super::keeper).
//!
//! Two locks. `state` is held for as long as it takes to encode a record. `sink` is held while a batch is written,
//! by the writer's thread or, where the guest has to wait for the disk anyway, by the guest's. Whoever holds both
//! took `sink` first.

#![expect(clippy::disallowed_methods, reason = "waits until records are due to be written; none has the time")]

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::error::JournalError;

use super::memory;
use super::queue::Batch;
use super::sink::Sink;
use super::table::Table;

/// How long the writer's thread lets records gather: observations reach the file at most this much later.
pub(super) const GATHER: Duration = Duration::from_millis(5);

pub(super) struct Shared {
    state: Mutex<State>,
    sink: Mutex<Sink>,
    /// Something for the writer's thread to do.
    work: Condvar,
    /// The queue was taken over.
    space: Condvar,
    /// Most bytes that one batch may hold.
    batch_bytes_max: usize,
}

/// The guest's side.
pub(super) struct State {
    pub(super) batch: Batch,
    pub(super) table: Table,
    failed: Option<JournalError>,
    /// The writer's thread, once there is one.
    thread: Option<JoinHandle<()>>,
    /// The writer's thread waits for something to be queued.
    parked: bool,
    /// The guest's thread waits for room.
    pressed: bool,
    stop: bool,
    /// Largest batch so far, in bytes.
    high: usize,
}

impl Shared {
    pub(super) fn new(sink: Sink, batch_bytes_max: usize) -> Self {
        let state = State {
            batch: Batch::with_room(),
            table: Table::default(),
            failed: None,
            thread: None,
            parked: false,
            pressed: false,
            stop: false,
            high: 0,
        };
        Self {
            state: Mutex::new(state),
            sink: Mutex::new(sink),
            work: Condvar::new(),
            space: Condvar::new(),
            batch_bytes_max,
        }
    }

    /// Queues what `encode` writes, which costs about `size` bytes, once there is room for it.
    pub(super) fn push<T>(
        self: &Arc<Self>,
        size: usize,
        encode: impl FnOnce(&mut State) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let mut state = lock(&self.state);
        // One record larger than the bound goes through alone.
        while state.failed.is_none()
            && !state.batch.is_empty()
            && state.batch.size().saturating_add(size) > self.batch_bytes_max
        {
            state.pressed = true;
            self.start(&mut state);
            self.work.notify_one();
            state = self.space.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(error) = &state.failed {
            return Err(error.clone());
        }
        let before = state.batch.is_worth_writing();
        let encoded = encode(&mut state)?;
        state.high = state.high.max(state.batch.size());
        // Waking costs a system call even where nobody sleeps, so it is done once for a batch.
        let filled = !before && state.batch.is_worth_writing();
        if filled {
            self.start(&mut state);
        }
        let wake = state.parked || filled;
        state.parked = false;
        drop(state);
        if wake {
            self.work.notify_one();
        }
        Ok(encoded)
    }

    /// Writes everything queued, on the calling thread.
    pub(super) fn drain(&self, sync: bool) -> Result<(), JournalError> {
        let mut sink = lock(&self.sink);
        let mut batch = sink.take_spare();
        {
            let mut state = lock(&self.state);
            std::mem::swap(&mut state.batch, &mut batch);
            // Waking costs a system call even where nobody sleeps.
            if std::mem::take(&mut state.pressed) {
                self.space.notify_all();
            }
        }
        let written = sink.write(batch, sync, Instant::now());
        if let Err(error) = &written {
            self.fail(error);
        }
        written
    }

    /// Whether so much is queued that the guest may soon have to wait for room.
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

    /// Gives the writer a thread, as its run lasts.
    pub(super) fn last(self: &Arc<Self>) {
        self.start(&mut lock(&self.state));
    }

    fn start(self: &Arc<Self>, state: &mut State) {
        if state.thread.is_some() || state.stop || state.failed.is_some() {
            return;
        }
        let run = Arc::clone(self);
        match thread::Builder::new().name("journal".to_owned()).spawn(move || run.run()) {
            Ok(thread) => state.thread = Some(thread),
            Err(source) => {
                state.failed = Some(JournalError::Spawn { source: Arc::new(source) });
                self.space.notify_all();
            }
        }
    }

    /// Ends the writer, its thread too, once what is queued is written.
    pub(super) fn stop(&self) {
        let thread = {
            let mut state = lock(&self.state);
            state.stop = true;
            state.thread.take()
        };
        match thread {
            Some(thread) => {
                self.work.notify_one();
                // A thread that panicked has failed the journal already.
                let _ = thread.join();
            }
            // An error is kept for whoever asks again; without a batch there is nothing to write.
            None if !lock(&self.state).batch.is_empty() => drop(self.drain(false)),
            None => {}
        }
    }

    /// The writer's thread.
    fn run(&self) {
        let lost = Lost { shared: self };
        memory::keep_freed();
        // What gathered before there was a thread has waited long enough.
        let _ = self.drain(false);
        let mut stopping = false;
        while !stopping {
            let next_write = lock(&self.sink).next_write();
            stopping = self.wait(next_write);
            // An error is kept for the guest's thread, and later writes do nothing.
            let _ = self.drain(false);
        }
        std::mem::forget(lost);
    }

    /// Waits for records, for the time of the next seal, or for the end. True means the end.
    fn wait(&self, next_write: Option<Instant>) -> bool {
        let mut state = lock(&self.state);
        while state.batch.is_empty() && !state.stop {
            state.parked = true;
            let Some(due) = next_write else {
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            (state, _) = self.work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        state.parked = false;
        // Not cut short where the guest's thread has written the batch meanwhile: it does so for every effect, and would have to
        // wake this thread again each time.
        let gathering = |state: &mut State| !state.stop && !state.pressed && !state.batch.is_worth_writing();
        (state, _) = self.work.wait_timeout_while(state, GATHER, gathering).unwrap_or_else(PoisonError::into_inner);
        state.stop
    }

    fn fail(&self, error: &JournalError) {
        lock(&self.state).failed.get_or_insert_with(|| error.clone());
        self.space.notify_all();
    }
}

/// Fails the journal if the writer's thread ends by unwinding, so that the guest's thread does not wait for ever.
struct Lost<'a> {
    shared: &'a Shared,
}

impl Drop for Lost<'_> {
    fn drop(&mut self) {
        self.shared.fail(&JournalError::WriterLost);
    }
}

/// Locks whatever a panic may have left: both sides check `failed`, and a lost writer sets it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
