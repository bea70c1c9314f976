//! Gives writers their threads: to those whose run lasts longer than a moment.
//!
//! Starting and ending a thread costs more than all else that a short run does. What such a run did is written when it ends, on
//! its own thread. Records of a run that goes on must not wait for that, so somebody has to look after a moment: one thread for the
//! whole process, which writes nothing itself. A slow disk of one run is therefore none of another's.

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
