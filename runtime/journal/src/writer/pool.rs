//! The threads that write journals: a few for the whole process, however many runs it has.
//!
//! A thread for each journal would mean thousands of threads in a process with thousands of runs, and for a short run
//! it would cost more than everything else. So a writer requests a visit at a time, by any thread of the pool. Until
//! then its records gather. A run that ends before writes its own records.
//!
//! One waiting thread, the watcher, sleeps until the earliest visit is due. Before it writes, it makes sure that
//! another thread watches the remaining visits, and starts one if necessary. So a store that blocks holds up one
//! thread, and the others go on. If blocked stores hold up all threads, the guests' threads still write the other
//! journals: before every effect, whenever a queue is full, and at the end. Only observations that no effect follows
//! reach their file later.

#![expect(clippy::disallowed_methods, reason = "waits until journals are due to be written; no record has the time")]

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::num::NonZero;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Instant;
use std::{io, thread};

use super::memory;
use super::shared::Shared;

/// Size of the heap below which visits to ended runs are not searched for.
const SWEEP_MIN: usize = 64;

static POOL: Pool = Pool {
    schedule: Mutex::new(Schedule {
        visits: BinaryHeap::new(),
        sweep_at: SWEEP_MIN,
        threads: 0,
        idle: 0,
        watched: None,
    }),
    wake: Condvar::new(),
};

/// Has a thread of the pool visit a writer at a time.
///
/// # Errors
///
/// When the pool has no thread yet and none can be started.
pub(super) fn schedule(at: Instant, writer: &Arc<Shared>) -> io::Result<()> {
    POOL.add(Visit { at, writer: Arc::downgrade(writer) })
}

/// Most threads of the pool: as many as the machine runs at once, but at least two, so that one can block, and at most
/// four, as they mostly wait for disks.
fn threads_max() -> usize {
    static MAX: OnceLock<usize> = OnceLock::new();
    *MAX.get_or_init(|| thread::available_parallelism().map_or(1, NonZero::get).clamp(2, 4))
}

struct Pool {
    schedule: Mutex<Schedule>,
    /// Wakes a waiting thread: a visit is due earlier than the watched one, or no thread watches.
    wake: Condvar,
}

/// Visits to come, and the threads that make them.
struct Schedule {
    visits: BinaryHeap<Reverse<Visit>>,
    /// Size of the heap at which visits to ended runs are removed.
    sweep_at: usize,
    threads: usize,
    /// Threads that wait without a time limit.
    idle: usize,
    /// The time that the watcher waits for. It clears it when it wakes.
    watched: Option<Instant>,
}

/// A visit to a writer, which may have been replaced by another one since. Keeps no writer alive.
struct Visit {
    at: Instant,
    writer: Weak<Shared>,
}

impl Pool {
    fn add(&'static self, visit: Visit) -> io::Result<()> {
        let mut schedule = self.lock();
        schedule.push(visit);
        self.find_watcher(&mut schedule)
    }

    /// Makes sure that a thread wakes when the first visit is due, unless all threads are busy.
    fn find_watcher(&'static self, schedule: &mut Schedule) -> io::Result<()> {
        let Some(first) = schedule.first() else { return Ok(()) };
        if schedule.watched.is_some_and(|watched| watched <= first) {
            return Ok(());
        }
        if schedule.idle > 0 || schedule.watched.is_some() {
            self.wake.notify_one();
            return Ok(());
        }
        if schedule.threads >= threads_max() {
            return Ok(());
        }
        match thread::Builder::new().name("journals".to_owned()).spawn(|| self.run()) {
            Ok(_) => {
                schedule.threads += 1;
                Ok(())
            }
            // The existing threads will do it, later.
            Err(_) if schedule.threads > 0 => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn run(&'static self) {
        memory::keep_freed();
        let mut schedule = self.lock();
        loop {
            let now = Instant::now();
            match schedule.first() {
                Some(at) if at <= now => {
                    let visit = schedule.visits.pop();
                    // Before this thread writes, which may block. This thread itself is one, so failing to start
                    // another is not an error.
                    let _ = self.find_watcher(&mut schedule);
                    drop(schedule);
                    let next = visit.and_then(|Reverse(visit)| visit.make());
                    schedule = self.lock();
                    // No thread has to be woken: this one looks at the heap next.
                    schedule.visits.extend(next.map(Reverse));
                }
                Some(at) if schedule.watched.is_none_or(|watched| at < watched) => {
                    schedule.watched = Some(at);
                    let left = at.saturating_duration_since(now);
                    (schedule, _) = self.wake.wait_timeout(schedule, left).unwrap_or_else(PoisonError::into_inner);
                    schedule.watched = None;
                }
                _ => {
                    schedule.idle += 1;
                    schedule = self.wake.wait(schedule).unwrap_or_else(PoisonError::into_inner);
                    schedule.idle -= 1;
                }
            }
        }
    }

    /// Nothing in here panics while the lock is held.
    fn lock(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Schedule {
    fn push(&mut self, visit: Visit) {
        if self.visits.len() >= self.sweep_at {
            self.visits.retain(|Reverse(visit)| visit.is_expected());
            self.sweep_at = SWEEP_MIN.max(2 * self.visits.len());
        }
        self.visits.push(Reverse(visit));
    }

    /// When the first visit is due. Removes visits to ended runs before it.
    fn first(&mut self) -> Option<Instant> {
        while let Some(Reverse(visit)) = self.visits.peek() {
            if visit.is_expected() {
                return Some(visit.at);
            }
            self.visits.pop();
        }
        None
    }
}

impl Visit {
    /// Whether the writer is still there.
    fn is_expected(&self) -> bool {
        self.writer.strong_count() > 0
    }

    /// Makes the visit, and gives the next one.
    fn make(self) -> Option<Self> {
        let next = self.writer.upgrade()?.visit(self.at)?;
        Some(Self { at: next, writer: self.writer })
    }
}

impl PartialEq for Visit {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Visit {}

impl PartialOrd for Visit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Visit {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc::{Sender, channel};
    use std::thread::{self, ThreadId};
    use std::time::Duration;

    use crate::event::{Header, Note};
    use crate::{JournalStore, Options, Writer};

    /// Sends the id of every thread that writes.
    struct WritingThreads(Sender<ThreadId>);

    impl JournalStore for WritingThreads {
        fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
            self.0.send(thread::current().id()).map_err(io::Error::other)
        }

        fn sync_data(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn records_of_a_run_that_goes_on_reach_the_file_though_nobody_asks() {
        let (sender, threads) = channel();
        let writer = Writer::create(WritingThreads(sender), &Header::sample(), Options::default()).unwrap();
        let here = thread::current().id();
        assert_eq!(threads.recv().unwrap(), here, "the header is in the file before anything else happens");
        writer.note(&Note { at_ns: 1, name: "a".to_owned(), text: "b".to_owned() }).unwrap();
        // Only a bound for a test that fails: a thread comes after some milliseconds.
        let by = threads.recv_timeout(Duration::from_secs(60)).unwrap();
        assert_ne!(by, here);
    }
}
