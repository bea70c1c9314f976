//! Gives writers their threads: to those whose run lasts longer than a moment.
//!
//! Starting and ending a thread costs more than all else that a short run does. What such a run did is written when it ends, on
//! its own thread. Records of a run that goes on must not wait for that, so somebody has to look after a moment: one thread for the
//! whole process, which writes nothing itself. A slow disk of one run is therefore none of another's.

#![expect(clippy::disallowed_methods, reason = "waits until journals are due to be written; no record has the time")]

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Instant;

use super::shared::{GATHER, Shared};

/// Writers that have no thread yet, and the thread that looks after them.
struct Keeper {
    state: Mutex<Kept>,
    wake: Condvar,
}

struct Kept {
    /// In the order in which they are due. Holds no writer alive, and as many entries as writers begin in [`GATHER`].
    due: VecDeque<(Instant, Weak<Shared>)>,
    is_started: bool,
    /// The thread waits for something to look after.
    is_idle: bool,
}

static KEEPER: Keeper = Keeper {
    state: Mutex::new(Kept { due: VecDeque::new(), is_started: false, is_idle: false }),
    wake: Condvar::new(),
};

/// Gives a writer its thread once its run has lasted for a moment.
///
/// # Errors
///
/// When the keeper's own thread can't be started.
pub(super) fn keep(writer: &Arc<Shared>) -> io::Result<()> {
    let mut kept = KEEPER.lock();
    if !kept.is_started {
        thread::Builder::new().name("journals".to_owned()).spawn(|| KEEPER.run())?;
        kept.is_started = true;
    }
    kept.due.push_back((Instant::now() + GATHER, Arc::downgrade(writer)));
    if std::mem::take(&mut kept.is_idle) {
        drop(kept);
        KEEPER.wake.notify_one();
    }
    Ok(())
}

impl Keeper {
    fn run(&self) {
        let mut kept = self.lock();
        loop {
            // Of many short runs only the one under way is waited for, and not each of those that are over by now.
            while kept.due.front().is_some_and(|(_, writer)| writer.strong_count() == 0) {
                kept.due.pop_front();
            }
            let now = Instant::now();
            match kept.due.front() {
                None => {
                    kept.is_idle = true;
                    kept = self.wake.wait(kept).unwrap_or_else(PoisonError::into_inner);
                }
                // Those that come meanwhile are due later: nobody has to wake this thread.
                Some((due, _)) if *due > now => {
                    let left = due.saturating_duration_since(now);
                    (kept, _) = self.wake.wait_timeout(kept, left).unwrap_or_else(PoisonError::into_inner);
                }
                Some(_) => {
                    let writer = kept.due.pop_front().and_then(|(_, writer)| writer.upgrade());
                    drop(kept);
                    if let Some(writer) = writer {
                        writer.last();
                    }
                    kept = self.lock();
                }
            }
        }
    }

    /// Nothing in here can panic while the lock is held, and the queue is whole at every moment.
    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Says which thread wrote.
    struct Told(Sender<ThreadId>);

    impl JournalStore for Told {
        fn write_all(&mut self, _: &[u8]) -> io::Result<()> {
            self.0.send(thread::current().id()).map_err(io::Error::other)
        }

        fn sync_data(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn records_of_a_run_that_goes_on_reach_the_file_though_nobody_asks() {
        let (sender, told) = channel();
        let writer = Writer::create(Told(sender), &Header::sample(), Options::default()).unwrap();
        let here = thread::current().id();
        assert_eq!(told.recv().unwrap(), here, "the header is in the file before anything else happens");
        writer.note(&Note { at_ns: 1, name: "a".to_owned(), text: "b".to_owned() }).unwrap();
        // Only a bound for a test that fails: a thread comes after some milliseconds.
        let by = told.recv_timeout(Duration::from_secs(60)).unwrap();
        assert_ne!(by, here);
    }
}
