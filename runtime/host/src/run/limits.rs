//! Limits of a run: memory and tables, time, output. The engine itself limits fuel and the memory of host calls.
//!
//! The rule: a limit depends on configured numbers and on what the guest does, never on what the machine has left. So a
//! replay reaches the same limits at the same points.

#![expect(clippy::disallowed_methods, reason = "times the run; what a guest sees of time comes from a WASI clock")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use wasmtime::ResourceLimiter;

use crate::run::shortage::FewerHandles;

/// Core instances, memories and tables of one component. Interpreters adapted from WASI 0.1 have about ten.
pub(crate) const INSTANCES_MAX: usize = 128;

/// Elements of all tables together: function pointers, mostly. CPython has about ten thousand.
pub(crate) const TABLE_ELEMENTS_MAX: usize = 1 << 20;

/// Bytes that one host call's arguments may take in the host's memory.
pub(crate) const HOSTCALL_BYTES_MAX: usize = 16 << 20;

/// Random bytes that one call may ask for.
pub(crate) const RANDOM_BYTES_MAX: u64 = 1 << 20;

/// Bytes of all header names and values in one set of HTTP fields.
pub(crate) const HEADER_BYTES_MAX: usize = 128 << 10;

/// Counts the memory and the tables of a whole component, across all its instances.
#[derive(Debug)]
pub(crate) struct Limiter {
    memory_bytes: usize,
    memory_bytes_max: usize,
    memory_bytes_high: usize,
    table_elements: usize,
    refused: bool,
    /// Why the tool has fewer handles than the policy allows, if it has.
    pub(crate) fewer_handles: Option<FewerHandles>,
}

impl Limiter {
    pub(crate) fn new(memory_bytes_max: usize) -> Self {
        Self {
            memory_bytes: 0,
            memory_bytes_max,
            memory_bytes_high: 0,
            table_elements: 0,
            refused: false,
            fewer_handles: None,
        }
    }

    /// The largest memory that the guest had, in bytes.
    pub(crate) fn memory_bytes_high(&self) -> usize {
        self.memory_bytes_high
    }

    /// Whether the guest was ever refused memory.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(&mut self, current: usize, desired: usize, own_max: Option<usize>) -> wasmtime::Result<bool> {
        // The guest's own limit, at which growing fails as the specification says. The engine would report a failure
        // of the host.
        if own_max.is_some_and(|max| desired > max) {
            return Ok(false);
        }
        let others = self.memory_bytes.saturating_sub(current);
        let total = others.saturating_add(desired);
        if total > self.memory_bytes_max {
            self.refused = true;
            return Ok(false);
        }
        self.memory_bytes = total;
        self.memory_bytes_high = self.memory_bytes_high.max(total);
        Ok(true)
    }

    /// Growth within the limit failed on this machine. The guest must not see that, because a replay could not repeat
    /// it.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error.context("the host has no memory left for the tool"))
    }

    fn table_growing(&mut self, current: usize, desired: usize, own_max: Option<usize>) -> wasmtime::Result<bool> {
        if own_max.is_some_and(|max| desired > max) {
            return Ok(false);
        }
        let total = self.table_elements.saturating_sub(current).saturating_add(desired);
        if total > TABLE_ELEMENTS_MAX {
            return Ok(false);
        }
        self.table_elements = total;
        Ok(true)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(error.context("the host has no memory left for the tool's tables"))
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        INSTANCES_MAX
    }

    fn memories(&self) -> usize {
        INSTANCES_MAX
    }
}

/// Measures the run's time without the time in which it can only wait for a person.
///
/// The clock stands still while an answer is awaited *and* the guest is in a host call. Time in which a guest computes
/// while one of its requests waits for approval counts. It also stands still while the whole process does.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    waits: Waits,
    started: Instant,
    limit: Duration,
}

/// Why the clock of a run stands still. The handles of the run share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waits(Arc<Mutex<Waiting>>);

impl Waits {
    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        self.lock().change(Instant::now, change);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Stops the clock until the guard is dropped.
    pub(crate) fn hold(&self) -> impl Drop + Send + use<> {
        struct Held(Waits);
        impl Drop for Held {
            fn drop(&mut self) {
                self.0.change(|state| state.held = state.held.saturating_sub(1));
            }
        }
        self.change(|state| state.held += 1);
        Held(self.clone())
    }
}

#[derive(Debug, Default)]
struct Waiting {
    /// Answers awaited now.
    asked: usize,
    /// Host calls that the guest is in and that may block.
    blocked: usize,
    /// Reasons why the whole process stands still.
    held: usize,
    since: Option<Instant>,
    total: Duration,
}

impl Waiting {
    fn change(&mut self, now: impl FnOnce() -> Instant, change: impl FnOnce(&mut Self)) {
        change(self);
        match (self.held > 0 || self.blocked > 0 && self.asked > 0, self.since) {
            (true, None) => self.since = Some(now()),
            (false, Some(since)) => {
                self.total += now().saturating_duration_since(since);
                self.since = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
}

impl Stopwatch {
    /// # Authority
    ///
    /// Reads the monotonic clock.
    pub(crate) fn start(limit: Duration, waits: Waits) -> Self {
        Self { waits, started: Instant::now(), limit }
    }

    /// The guest enters or leaves a host call that may block.
    pub(crate) fn blocked(&self, blocked: bool) {
        self.waits.change(|state| {
            state.blocked = if blocked { state.blocked + 1 } else { state.blocked.saturating_sub(1) };
        });
    }

    /// Counts as awaiting an answer until the guard is dropped.
    pub(crate) fn waiting(&self) -> impl Drop + Send + '_ {
        struct Guard<'a>(&'a Stopwatch);
        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                self.0.waits.change(|state| state.asked = state.asked.saturating_sub(1));
            }
        }
        self.waits.change(|state| state.asked += 1);
        Guard(self)
    }

    /// When the run started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// Time since the start, waiting included.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Time in which the run could only wait for a person, or stood still.
    pub(crate) fn waited(&self) -> Duration {
        let state = self.waits.lock();
        state.total + state.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Whether the limit is used up at `now`. It takes no lock as long as the run, waiting included, is shorter than
    /// its limit.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.started) >= self.limit && self.left().is_none()
    }

    /// The rest of the limit; `None` if it is used up.
    pub(crate) fn left(&self) -> Option<Duration> {
        self.limit.checked_sub(self.elapsed().saturating_sub(self.waited())).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_counted_over_all_instances() {
        let mut limiter = Limiter::new(3 << 16);
        assert!(limiter.memory_growing(0, 2 << 16, None).unwrap());
        assert!(limiter.memory_growing(0, 1 << 16, None).unwrap());
        assert!(!limiter.memory_growing(1 << 16, 2 << 16, None).unwrap());
        assert_eq!(limiter.memory_bytes_high(), 3 << 16);
        assert!(limiter.refused());
    }

    #[test]
    fn time_stands_still_only_while_asked_and_blocked() {
        let start = Instant::now();
        let at = |seconds| move || start + Duration::from_secs(seconds);
        let mut waiting = Waiting::default();
        waiting.change(at(1), |state| state.asked = 1);
        waiting.change(at(3), |state| state.blocked = 1);
        waiting.change(at(8), |state| state.blocked = 0);
        assert_eq!(waiting.total, Duration::from_secs(5));
        waiting.change(at(9), |state| state.blocked = 1);
        waiting.change(at(10), |state| state.asked = 0);
        assert_eq!(waiting.total, Duration::from_secs(6));
    }

    #[test]
    fn time_stands_still_while_the_process_does() {
        let start = Instant::now();
        let at = |seconds| move || start + Duration::from_secs(seconds);
        let mut waiting = Waiting::default();
        waiting.change(at(1), |state| state.held = 1);
        waiting.change(at(3), |state| (state.asked, state.blocked) = (1, 1));
        waiting.change(at(5), |state| state.held = 0);
        waiting.change(at(6), |state| state.asked = 0);
        assert_eq!(waiting.total, Duration::from_secs(5));
    }

    #[test]
    fn time_is_over_at_the_limit_without_the_time_spent_waiting() {
        let limit = Duration::from_secs(1000);
        let clock = |waited| Stopwatch {
            waits: Waits(Arc::new(Mutex::new(Waiting { total: Duration::from_secs(waited), ..Waiting::default() }))),
            started: Instant::now().checked_sub(limit + Duration::from_secs(1)).unwrap(),
            limit,
        };
        let start = clock(0).started;
        assert!(!clock(0).is_over(start));
        assert!(!clock(0).is_over(start + limit / 2));
        assert!(clock(0).is_over(start + limit + Duration::from_secs(1)));
        assert!(!clock(500).is_over(start + limit + Duration::from_secs(1)));
    }
}
