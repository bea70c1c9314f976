//! A journal's file that ends the process at a place, or keeps only what a power failure would leave.

use std::io;
use std::path::{Path, PathBuf};

use rustix::process::{Signal, getpid, kill_process};
use wasm_agent_host::JournalFile;
use wasm_agent_host::journal::JournalStore;

use crate::frames::{Follower, Target};
use crate::point::{Point, Remains, Side};

/// Ends this process as the system would: nothing of it gets to do anything more.
pub fn die() -> ! {
    kill_process(getpid(), Signal::KILL).unwrap();
    loop {
        std::thread::park();
    }
}

/// The file of a journal, until its point is reached.
pub struct Store {
    file: JournalFile,
    follower: Follower,
    point: Point,
    syncs: u64,
    /// What a power failure would take away: bytes that were not synced.
    unsynced: Vec<u8>,
    synced: usize,
    /// Where the number of synced bytes is noted for the test.
    note: PathBuf,
}

impl Store {
    pub fn create(path: &Path, point: Point) -> io::Result<Self> {
        let target = match point {
            Point::Magic(bytes) => Target::Offset(bytes),
            Point::Record(index, cut) | Point::Power(index, cut, _) => Target::Place(index, cut),
            _ => Target::Never,
        };
        Ok(Self {
            file: JournalFile::create(path)?,
            follower: Follower::new(target),
            point,
            syncs: 0,
            unsynced: Vec::new(),
            synced: 0,
            note: path.with_extension("synced"),
        })
    }

    /// Leaves what a power failure leaves, and ends the process.
    fn lose_power(&mut self, remains: Remains) -> io::Result<()> {
        if remains == Remains::Zeros {
            self.file.write_all(&vec![0; self.unsynced.len()])?;
        }
        std::fs::write(&self.note, self.synced.to_string())?;
        die()
    }
}

impl JournalStore for Store {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let reached = self.follower.reach(bytes);
        let taken = &bytes[..reached.unwrap_or(bytes.len())];
        if let Point::Power(_, _, remains) = self.point {
            self.unsynced.extend_from_slice(taken);
            if reached.is_some() {
                self.lose_power(remains)?;
            }
            return Ok(());
        }
        self.file.write_all(taken)?;
        if reached.is_some() {
            die();
        }
        Ok(())
    }

    fn sync_data(&mut self) -> io::Result<()> {
        if self.point == Point::Sync(self.syncs, Side::Before) {
            die();
        }
        if !self.unsynced.is_empty() {
            self.synced += self.unsynced.len();
            let unsynced = std::mem::take(&mut self.unsynced);
            self.file.write_all(&unsynced)?;
        }
        self.file.sync_data()?;
        if self.point == Point::Sync(self.syncs, Side::After) {
            die();
        }
        self.syncs += 1;
        Ok(())
    }
}

impl Drop for Store {
    /// A run that reached its end before its point leaves everything.
    fn drop(&mut self) {
        drop(self.file.write_all(&self.unsynced));
    }
}
