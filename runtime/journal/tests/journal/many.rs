//! Many journals in one process: they share a few threads, and none waits for another's store.

use std::collections::HashSet;
use std::io::{self, Cursor};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use wasm_agent_journal::{Encoded, JournalError, JournalStore, Note, Options, Writer, verify};

use crate::support::{Memory, call, contents, end, header, intent, options};

/// Most threads that write journals, as the crate says.
const THREADS_MAX: usize = 4;

/// A bound for tests that fail. Records take some milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

fn note(length: usize) -> Note {
    Note { at_ns: 1, name: "intent".to_owned(), text: "x".repeat(length) }
}

/// Waits until something holds.
fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn is_complete(store: &Memory) -> bool {
    verify(Cursor::new(store.bytes())).unwrap().complete
}

/// Remembers which threads wrote to it.
struct Counting {
    store: Memory,
    threads: Arc<Mutex<HashSet<ThreadId>>>,
}

impl JournalStore for Counting {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.threads.lock().unwrap().insert(thread::current().id());
        self.store.write_all(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.store.sync_data()
    }
}

#[test]
fn a_thousand_journals_are_written_by_a_few_threads() {
    let threads = Arc::new(Mutex::new(HashSet::new()));
    let journals: Vec<(Memory, Writer)> = (0..1000)
        .map(|_| {
            let store = Memory::default();
            let counting = Counting { store: store.clone(), threads: Arc::clone(&threads) };
            (store, Writer::create(counting, &header(), options()).unwrap())
        })
        .collect();
    assert_eq!(*threads.lock().unwrap(), HashSet::from([thread::current().id()]), "headers need no other thread");
    for round in 1..=3 {
        let before: Vec<usize> = journals.iter().map(|(store, _)| store.length()).collect();
        // The last round is large enough to be written before its time.
        let length = if round == 3 { 70_000 } else { 10 };
        for (_, writer) in &journals {
            writer.note(&note(length)).unwrap();
        }
        until("every note is written though nobody asks", || {
            journals.iter().zip(&before).all(|((store, _), before)| store.length() >= before + length)
        });
    }
    threads.lock().unwrap().remove(&thread::current().id());
    let others = threads.lock().unwrap().len();
    assert!((1..=THREADS_MAX).contains(&others), "{others} threads wrote");
    for (store, writer) in journals {
        writer.finish(&end()).unwrap();
        assert!(is_complete(&store));
    }
}

#[test]
fn journals_written_from_many_threads_at_once_are_whole() {
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for calls in 0..40 {
                    let store = Memory::default();
                    let small = Options { queue_bytes: 256 << 10, seal_interval: Some(Duration::ZERO), ..options() };
                    let writer = Writer::create(store.clone(), &header(), small).unwrap();
                    let function = writer.intern("a#b", &[]).unwrap();
                    let (nothing, mut outcome) = (Encoded::nothing(), Encoded::new());
                    outcome.payload(contents(20_000), wasm_agent_journal::Keep::Contents);
                    for number in 0..calls {
                        writer.call(&call(function, &nothing, &outcome)).unwrap();
                        if number % 8 == 0 {
                            writer.intent(&intent(number, true)).unwrap();
                        }
                    }
                    writer.finish(&end()).unwrap();
                    assert!(is_complete(&store));
                }
            });
        }
    });
}

/// Panics at every write but the first, which is the header's.
struct Panicking(Memory);

impl JournalStore for Panicking {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        assert!(self.0.length() == 0, "this store panics");
        self.0.write_all(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_store_that_panics_fails_its_own_journal_alone() {
    let store = Memory::default();
    let healthy = Writer::create(store.clone(), &header(), options()).unwrap();
    // More than there are threads: each goes on after a panic.
    for _ in 0..2 * THREADS_MAX {
        let panicking = Writer::create(Panicking(Memory::default()), &header(), options()).unwrap();
        panicking.note(&note(10)).unwrap();
        until("the journal fails", || matches!(panicking.note(&note(10)), Err(JournalError::StorePanicked)));
        assert!(matches!(panicking.finish(&end()), Err(JournalError::StorePanicked)));
        let dropped = Writer::create(Panicking(Memory::default()), &header(), options()).unwrap();
        dropped.note(&note(10)).unwrap();
        drop(dropped);
        let length = store.length();
        healthy.note(&note(10)).unwrap();
        until("the other journal goes on", || store.length() > length);
    }
    healthy.finish(&end()).unwrap();
    assert!(is_complete(&store));
}

/// Blocks at every write but the header's, until it is let go.
#[derive(Clone, Default)]
struct Blocked {
    store: Memory,
    gate: Arc<(Mutex<Gate>, Condvar)>,
}

#[derive(Default)]
struct Gate {
    waiting: bool,
    open: bool,
}

impl Blocked {
    /// A journal whose store holds up the thread that writes.
    fn writer() -> (Self, Writer) {
        let store = Self::default();
        let writer = Writer::create(store.clone(), &header(), options()).unwrap();
        writer.note(&note(10)).unwrap();
        (store, writer)
    }

    fn is_waiting(&self) -> bool {
        self.gate.0.lock().unwrap().waiting
    }

    fn open(&self) {
        self.gate.0.lock().unwrap().open = true;
        self.gate.1.notify_all();
    }
}

impl JournalStore for Blocked {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.store.length() > 0 {
            let mut gate = self.gate.0.lock().unwrap();
            gate.waiting = true;
            drop(self.gate.1.wait_while(gate, |gate| !gate.open).unwrap());
        }
        self.store.write_all(bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_store_that_blocks_holds_up_no_other_journal() {
    let (blocked, writer) = Blocked::writer();
    until("a thread waits for the store", || blocked.is_waiting());
    let store = Memory::default();
    let healthy = Writer::create(store.clone(), &header(), options()).unwrap();
    for _ in 0..20 {
        let length = store.length();
        healthy.note(&note(10)).unwrap();
        until("another thread writes the other journal", || store.length() > length);
    }
    healthy.finish(&end()).unwrap();
    assert!(is_complete(&store));
    blocked.open();
    writer.finish(&end()).unwrap();
    assert!(is_complete(&blocked.store));
}

#[test]
fn stores_that_block_every_thread_leave_other_journals_to_their_guests() {
    let all: Vec<(Blocked, Writer)> = (0..2 * THREADS_MAX).map(|_| Blocked::writer()).collect();
    until("threads wait for stores", || all.iter().filter(|(blocked, _)| blocked.is_waiting()).count() >= 2);
    let store = Memory::default();
    let small = Options { queue_bytes: 64 << 10, ..options() };
    let healthy = Writer::create(store.clone(), &header(), small).unwrap();
    // Many times what the queue holds.
    for _ in 0..100 {
        healthy.note(&note(10_000)).unwrap();
    }
    healthy.intent(&intent(1, true)).unwrap();
    assert!(store.length() > 1_000_000, "an intent is in the file with everything before it");
    healthy.note(&note(10)).unwrap();
    healthy.finish(&end()).unwrap();
    assert!(is_complete(&store));
    for (blocked, writer) in all {
        blocked.open();
        writer.finish(&end()).unwrap();
        assert!(is_complete(&blocked.store));
    }
}
