//! What a run adds to the disk: bytes in files, and files. Both have a limit.
//!
//! Bytes are counted as files grow, so a hole counts too. A run gets back what it added: when a file that it made is
//! gone from the disk, which is when its last name is removed and its last handle is closed, and when a file is cut
//! that it made longer. Whatever else it removes was not its own, and gives it nothing.

use std::collections::HashMap;
use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::io::Errno;

use crate::{Created, Found, Identity, look_at};

/// A limit of what a run may add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskLimit {
    /// Bytes, over all files.
    Bytes,
    /// Files, directories and links.
    Files,
}

/// Is told when a limit is reached, with its value.
type Reached = Box<dyn Fn(DiskLimit, u64) + Send>;

/// What a run added to the disk. Clones count together.
#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<Added>>);

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Disk")
    }
}

#[derive(Default)]
struct Added {
    bytes: Counter,
    files: Counter,
    /// Files, directories and links that the run made.
    made: HashMap<Identity, Made>,
    /// Made files without a name that may still have handles.
    nameless: Vec<Identity>,
    /// How many bytes longer the run made other files.
    grown: HashMap<Identity, u64>,
    /// How many names the run gave to other files.
    linked: HashMap<Identity, u64>,
    reached: Option<Reached>,
}

/// Something that the run made.
#[derive(Default)]
struct Made {
    bytes: u64,
    names: u64,
    /// Its handles and streams.
    open: Vec<Weak<File>>,
}

struct Counter {
    used: u64,
    max: u64,
}

impl Default for Counter {
    /// Without a limit.
    fn default() -> Self {
        Self { used: 0, max: u64::MAX }
    }
}

impl Counter {
    fn has_room(&self, more: u64) -> bool {
        self.used.checked_add(more).is_some_and(|used| used <= self.max)
    }

    fn take(&mut self, more: u64) {
        self.used = self.used.saturating_add(more);
    }

    fn give_back(&mut self, less: u64) {
        self.used = self.used.saturating_sub(less);
    }
}

impl Disk {
    /// For a run that may add this much. `reached` is told each time that a limit is in the way.
    pub fn new(bytes_max: u64, files_max: u64, reached: impl Fn(DiskLimit, u64) + Send + 'static) -> Self {
        let counter = |max| Counter { used: 0, max };
        Self(Arc::new(Mutex::new(Added {
            bytes: counter(bytes_max),
            files: counter(files_max),
            reached: Some(Box::new(reached)),
            ..Added::default()
        })))
    }

    fn added(&self) -> MutexGuard<'_, Added> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one more file, directory or link may be made.
    ///
    /// # Errors
    ///
    /// `EDQUOT` if not.
    pub fn room_for_file(&self) -> Result<(), Errno> {
        self.added().room(DiskLimit::Files, 1)
    }

    /// The run made a file, directory or link, or gave one another name.
    pub fn made(&self, identity: Option<Identity>, is_new: bool) {
        let mut added = self.added();
        added.sweep();
        added.files.take(1);
        let Some(identity) = identity else { return };
        if is_new && added.made.len() < Created::MAX {
            added.made.insert(identity, Made { names: 1, ..Made::default() });
        } else if let Some(made) = added.made.get_mut(&identity) {
            made.names = made.names.saturating_add(1);
        } else if !is_new && (added.linked.len() < Created::MAX || added.linked.contains_key(&identity)) {
            let names = added.linked.entry(identity).or_default();
            *names = names.saturating_add(1);
        }
    }

    /// A file was opened.
    pub fn opened(&self, identity: Identity, file: &Arc<File>) {
        if let Some(made) = self.added().made.get_mut(&identity) {
            made.open.retain(|file| file.strong_count() > 0);
            made.open.push(Arc::downgrade(file));
        }
    }

    /// A name of this was removed.
    pub fn removed(&self, found: &Found) {
        let mut added = self.added();
        let Some(made) = added.made.get_mut(&found.identity) else {
            // Which of its names this was does not matter: as many were given back as the run gave it.
            if let Some(names) = added.linked.get_mut(&found.identity).filter(|names| **names > 0) {
                *names -= 1;
                added.files.give_back(1);
            }
            return;
        };
        if found.is_dir() || found.links <= 1 {
            added.nameless.push(found.identity);
            added.sweep();
        } else if made.names > 1 {
            made.names -= 1;
            added.files.give_back(1);
        }
    }

    /// Writes to a file with `write`, which gets `length` bytes to `offset`, or to the end if there is none. It returns
    /// how many bytes were taken.
    ///
    /// # Errors
    ///
    /// `EDQUOT` if the file would grow by more than the run may add, and as `write`.
    pub fn write(
        &self,
        file: &File,
        (offset, length): (Option<u64>, usize),
        write: impl FnOnce() -> Result<usize, Errno>,
    ) -> Result<usize, Errno> {
        in_range(offset.unwrap_or_default().saturating_add(u64::try_from(length).unwrap_or(u64::MAX)))?;
        let found = look_at(file)?;
        let offset = offset.unwrap_or(found.size);
        let growth =
            |length: usize| offset.saturating_add(u64::try_from(length).unwrap_or(u64::MAX)).saturating_sub(found.size);
        if growth(length) == 0 {
            return write();
        }
        self.added().room(DiskLimit::Bytes, growth(length))?;
        let written = write()?;
        self.added().grew(found.identity, growth(written));
        Ok(written)
    }

    /// Cuts or extends a file with `set`, which sets its size.
    ///
    /// # Errors
    ///
    /// As [`Disk::write`].
    pub fn resize(&self, file: &File, size: u64, set: impl FnOnce() -> Result<(), Errno>) -> Result<(), Errno> {
        in_range(size)?;
        let found = look_at(file)?;
        let growth = size.saturating_sub(found.size);
        if growth > 0 {
            self.added().room(DiskLimit::Bytes, growth)?;
        }
        set()?;
        let mut added = self.added();
        added.grew(found.identity, growth);
        added.shrank(found.identity, found.size.saturating_sub(size));
        Ok(())
    }

    /// A file was emptied that had this size.
    pub fn emptied(&self, found: &Found) {
        self.added().shrank(found.identity, found.size);
    }
}

/// Whether the system can have this size or offset, which is a number of 63 bits. Otherwise a limit has no say.
fn in_range(position: u64) -> Result<(), Errno> {
    i64::try_from(position).map(drop).map_err(|_| Errno::INVAL)
}

impl Added {
    fn room(&mut self, limit: DiskLimit, more: u64) -> Result<(), Errno> {
        if !self.counter(limit).has_room(more) {
            self.sweep();
        }
        let counter = self.counter(limit);
        if counter.has_room(more) {
            return Ok(());
        }
        let max = counter.max;
        if let Some(reached) = &self.reached {
            reached(limit, max);
        }
        Err(Errno::DQUOT)
    }

    fn counter(&self, limit: DiskLimit) -> &Counter {
        match limit {
            DiskLimit::Bytes => &self.bytes,
            DiskLimit::Files => &self.files,
        }
    }

    fn grew(&mut self, identity: Identity, by: u64) {
        if by == 0 {
            return;
        }
        self.bytes.take(by);
        if let Some(made) = self.made.get_mut(&identity) {
            made.bytes = made.bytes.saturating_add(by);
        } else if let Some(grown) = self.grown.get_mut(&identity) {
            *grown = grown.saturating_add(by);
        } else if self.grown.len() < Created::MAX {
            self.grown.insert(identity, by);
        }
    }

    fn shrank(&mut self, identity: Identity, by: u64) {
        let caused = match self.made.get_mut(&identity) {
            Some(made) => Some(&mut made.bytes),
            None => self.grown.get_mut(&identity),
        };
        if let Some(caused) = caused {
            let back = by.min(*caused);
            *caused -= back;
            self.bytes.give_back(back);
        }
    }

    /// Gives back what was taken by files that are gone.
    fn sweep(&mut self) {
        for identity in std::mem::take(&mut self.nameless) {
            let is_open = |made: &Made| made.open.iter().any(|file| file.strong_count() > 0);
            if self.made.get(&identity).is_some_and(is_open) {
                self.nameless.push(identity);
            } else if let Some(made) = self.made.remove(&identity) {
                self.bytes.give_back(made.bytes);
                self.files.give_back(made.names);
            }
        }
    }
}

#[cfg(test)]
mod tests;
