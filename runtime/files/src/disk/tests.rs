use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// A folder, and what a run with 10 bytes and 3 files added to it.
struct Run {
    dir: tempfile::TempDir,
    disk: Disk,
    reached: Arc<AtomicU64>,
}

impl Run {
    fn new() -> Self {
        let reached = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&reached);
        let disk = Disk::new(10, 3, move |_, max| {
            counted.fetch_add(max, Ordering::Relaxed);
        });
        Self { dir: tempfile::tempdir().unwrap(), disk, reached }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn found(&self, name: &str) -> Found {
        look_at(File::open(self.path(name)).unwrap()).unwrap()
    }

    fn open(&self, name: &str) -> Arc<File> {
        let file = Arc::new(File::options().read(true).write(true).open(self.path(name)).unwrap());
        self.disk.opened(look_at(&*file).unwrap().identity, &file);
        file
    }

    /// A file of the run.
    fn make(&self, name: &str) -> Arc<File> {
        self.disk.room_for_file().unwrap();
        std::fs::write(self.path(name), "").unwrap();
        self.disk.made(Some(self.found(name).identity), true);
        self.open(name)
    }

    /// A file of somebody else.
    fn foreign(&self, name: &str, contents: &str) -> Arc<File> {
        std::fs::write(self.path(name), contents).unwrap();
        self.open(name)
    }

    fn remove(&self, name: &str) {
        let found = self.found(name);
        std::fs::remove_file(self.path(name)).unwrap();
        self.disk.removed(&found);
    }

    fn write(&self, file: &File, offset: u64, length: usize) -> Result<usize, Errno> {
        let write = || file.write_at(&vec![b'x'; length], offset).map_err(|_| Errno::IO);
        self.disk.write(file, (Some(offset), length), write)
    }

    fn resize(&self, file: &File, size: u64) -> Result<(), Errno> {
        self.disk.resize(file, size, || file.set_len(size).map_err(|_| Errno::IO))
    }

    fn used(&self) -> (u64, u64) {
        let added = self.disk.added();
        (added.bytes.used, added.files.used)
    }
}

#[test]
fn what_makes_files_longer_counts_up_to_the_limit_and_nothing_beyond_is_written() {
    let run = Run::new();
    let (new, old) = (run.make("new"), run.foreign("old", "12345"));
    assert_eq!(run.write(&new, 0, 4), Ok(4));
    // Over what is there, nothing is added.
    assert_eq!((run.write(&new, 0, 4), run.write(&old, 2, 3)), (Ok(4), Ok(3)));
    assert_eq!(run.used(), (4, 1));
    // The hole counts, as somebody could fill it.
    assert_eq!(run.write(&old, 7, 2), Ok(2));
    assert_eq!(run.used(), (8, 1));
    assert_eq!((run.write(&new, 4, 3), run.resize(&new, 7)), (Err(Errno::DQUOT), Err(Errno::DQUOT)));
    assert_eq!(run.found("new").size, 4);
    assert_eq!(run.reached.load(Ordering::Relaxed), 20);
    assert_eq!((run.write(&new, 4, 2), run.resize(&new, 6)), (Ok(2), Ok(())));
    let longest = u64::MAX / 2;
    assert_eq!((run.used(), run.resize(&old, longest)), ((10, 1), Err(Errno::DQUOT)));
    assert_eq!(run.resize(&old, longest + 1), Err(Errno::INVAL));
}

#[test]
fn what_the_run_added_is_given_back_and_nothing_else() {
    let run = Run::new();
    let (new, old) = (run.make("new"), run.foreign("old", "12345"));
    run.resize(&new, 6).unwrap();
    run.write(&old, 5, 4).unwrap();
    assert_eq!(run.used(), (10, 1));
    run.resize(&old, 0).unwrap();
    assert_eq!(run.used(), (6, 1));
    run.resize(&old, 4).unwrap();
    run.remove("old");
    assert_eq!(run.used(), (10, 1));
    run.disk.emptied(&run.found("new"));
    assert_eq!(run.used(), (4, 1));
}

#[test]
fn a_file_is_given_back_when_no_name_and_no_handle_is_left() {
    let run = Run::new();
    let file = run.make("a");
    let second = run.open("a");
    run.write(&file, 0, 8).unwrap();
    std::fs::hard_link(run.path("a"), run.path("b")).unwrap();
    run.disk.made(Some(run.found("a").identity), false);
    assert_eq!(run.used(), (8, 2));
    run.remove("a");
    assert_eq!(run.used(), (8, 1));
    run.remove("b");
    // Written without a name, as temporary files are.
    run.write(&file, 8, 2).unwrap();
    drop(file);
    assert_eq!(run.write(&second, 10, 1), Err(Errno::DQUOT));
    assert_eq!(run.used(), (10, 1));
    drop(second);
    run.disk.room_for_file().unwrap();
    let next = run.make("next");
    assert_eq!((run.used(), run.write(&next, 0, 10)), ((0, 1), Ok(10)));
}

#[test]
fn files_directories_and_links_are_counted() {
    let run = Run::new();
    run.make("file");
    std::fs::create_dir(run.path("dir")).unwrap();
    run.disk.made(Some(run.found("dir").identity), true);
    // One that could not be found again, and is never given back.
    run.disk.made(None, true);
    assert_eq!((run.used(), run.disk.room_for_file()), ((0, 3), Err(Errno::DQUOT)));
    run.disk.removed(&run.found("dir"));
    assert_eq!((run.used(), run.disk.room_for_file()), ((0, 2), Ok(())));
    // A foreign file that somebody removes was not counted.
    drop(run.foreign("old", "1"));
    run.remove("old");
    assert_eq!(run.used(), (0, 2));
}

#[test]
fn a_write_that_takes_less_or_fails_counts_what_it_took() {
    let run = Run::new();
    let file = run.make("a");
    assert_eq!(run.disk.write(&file, (None, 9), || Ok(3)), Ok(3));
    assert_eq!(run.used().0, 3);
    assert_eq!(run.disk.write(&file, (Some(0), 7), || Err(Errno::IO)), Err(Errno::IO));
    assert_eq!(run.used().0, 3);
}
