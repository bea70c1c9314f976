//! Probes of `wasi:filesystem`.

use crate::probe::{Handle, Probe};

const FILES: &str = "wasi:filesystem/types";

/// The flags with which something is opened. By default for reading, following a link at the end.
#[derive(Clone, Copy, Debug)]
pub struct OpenMode {
    /// Flags of the path: 1 follows links.
    pub path: u32,
    /// Open flags: 1 create, 2 directory, 4 exclusive, 8 truncate.
    pub open: u32,
    /// Descriptor flags: 1 read, 2 write, 32 mutate directory.
    pub flags: u32,
}

impl OpenMode {
    /// To read.
    pub const READ: Self = Self { path: 1, open: 0, flags: 1 };
    /// To write an existing file.
    pub const WRITE: Self = Self { path: 1, open: 0, flags: 2 };
    /// To create a file, or write an existing one.
    pub const CREATE: Self = Self { path: 1, open: 1, flags: 3 };
    /// To create a new file.
    pub const CREATE_NEW: Self = Self { path: 0, open: 5, flags: 3 };
    /// To truncate, without a flag for writing.
    pub const TRUNCATE: Self = Self { path: 1, open: 8, flags: 1 };
    /// A directory, to change its entries.
    pub const DIR: Self = Self { path: 1, open: 2, flags: 33 };
}

impl Probe {
    /// Takes the first granted directory.
    pub fn preopen(&mut self) -> Handle {
        self.import("wasi:filesystem/preopens", "get-directories", "(param i32)");
        let dir = self.handle();
        let first = Self::set(dir, "(i32.load (i32.load (i32.const 8)))");
        self.when(&[], &format!("(call $get-directories {}) {first}", Self::returned()));
        dir
    }

    /// Takes the first two granted directories, in the order of the policy.
    pub fn two_preopens(&mut self) -> (Handle, Handle) {
        let first = self.preopen();
        let second = self.handle();
        // Each entry has a handle and a path, of twelve bytes together.
        let next = Self::set(second, "(i32.load offset=12 (i32.load (i32.const 8)))");
        self.when(&[first], &next);
        (first, second)
    }

    /// Opens a path.
    pub fn open(&mut self, dir: Handle, path: &str, how: OpenMode) -> Handle {
        self.import(FILES, "[method]descriptor.open-at", "(param i32 i32 i32 i32 i32 i32 i32)");
        let file = self.handle();
        let text = self.text(path);
        let call = format!(
            r#"(call $"[method]descriptor.open-at" {} (i32.const {}) {text} (i32.const {}) (i32.const {}) {})"#,
            Self::get(dir),
            how.path,
            how.open,
            how.flags,
            Self::returned()
        );
        self.when(&[dir], &format!("{call} {}", Self::take(file, 0, 4)));
        file
    }

    /// Reads from a file's start.
    pub fn read(&mut self, file: Handle, bytes: u64) {
        self.import(FILES, "[method]descriptor.read", "(param i32 i64 i64 i32)");
        self.simple(
            &[file],
            "[method]descriptor.read",
            &format!("{} (i64.const {bytes}) (i64.const 0)", Self::get(file)),
        );
    }

    /// Writes at a file's start.
    pub fn write(&mut self, file: Handle, contents: &str) {
        self.import(FILES, "[method]descriptor.write", "(param i32 i32 i32 i64 i32)");
        let text = self.text(contents);
        self.simple(&[file], "[method]descriptor.write", &format!("{} {text} (i64.const 0)", Self::get(file)));
    }

    /// Sets a file's size.
    pub fn set_size(&mut self, file: Handle, bytes: u64) {
        self.import(FILES, "[method]descriptor.set-size", "(param i32 i64 i32)");
        self.simple(&[file], "[method]descriptor.set-size", &format!("{} (i64.const {bytes})", Self::get(file)));
    }

    /// Takes a stream that writes to a file.
    pub fn write_stream(&mut self, file: Handle) -> Handle {
        self.stream(file, "[method]descriptor.write-via-stream", "(param i32 i64 i32)", " (i64.const 0)")
    }

    /// Takes a stream that appends to a file.
    pub fn append_stream(&mut self, file: Handle) -> Handle {
        self.stream(file, "[method]descriptor.append-via-stream", "(param i32 i32)", "")
    }

    /// Takes a stream that reads from a file.
    pub fn read_stream(&mut self, file: Handle) -> Handle {
        self.stream(file, "[method]descriptor.read-via-stream", "(param i32 i64 i32)", " (i64.const 0)")
    }

    fn stream(&mut self, file: Handle, function: &'static str, signature: &str, arguments: &str) -> Handle {
        self.import(FILES, function, signature);
        let stream = self.handle();
        let call = format!(r#"(call $"{function}" {}{arguments} {})"#, Self::get(file), Self::returned());
        self.when(&[file], &format!("{call} {}", Self::take(stream, 0, 4)));
        stream
    }

    /// Moves bytes from one stream to another.
    pub fn splice(&mut self, to: Handle, from: Handle, bytes: u64) {
        let function = "[method]output-stream.blocking-splice";
        self.import("wasi:io/streams", function, "(param i32 i32 i64 i32)");
        self.simple(&[to, from], function, &format!("{} {} (i64.const {bytes})", Self::get(to), Self::get(from)));
    }

    /// Takes standard output.
    pub fn stdout(&mut self) -> Handle {
        self.import("wasi:cli/stdout", "get-stdout", "(result i32)");
        let stream = self.handle();
        self.when(&[], &Self::set(stream, "(call $get-stdout)"));
        stream
    }

    /// Looks at a path.
    pub fn stat(&mut self, dir: Handle, path: &str) {
        self.import(FILES, "[method]descriptor.stat-at", "(param i32 i32 i32 i32 i32)");
        let text = self.text(path);
        self.simple(&[dir], "[method]descriptor.stat-at", &format!("{} (i32.const 1) {text}", Self::get(dir)));
    }

    /// Asks for the identity of the file at a path.
    pub fn metadata_hash(&mut self, dir: Handle, path: &str) {
        self.import(FILES, "[method]descriptor.metadata-hash-at", "(param i32 i32 i32 i32 i32)");
        let text = self.text(path);
        let arguments = format!("{} (i32.const 1) {text}", Self::get(dir));
        self.simple(&[dir], "[method]descriptor.metadata-hash-at", &arguments);
    }

    /// Renames.
    pub fn rename(&mut self, dir: Handle, from: &str, to: &str) {
        self.rename_to(dir, from, dir, to);
    }

    /// Renames within or across directories.
    pub fn rename_to(&mut self, dir: Handle, from: &str, other: Handle, to: &str) {
        self.import(FILES, "[method]descriptor.rename-at", "(param i32 i32 i32 i32 i32 i32 i32)");
        let (from, to) = (self.text(from), self.text(to));
        let arguments = format!("{} {from} {} {to}", Self::get(dir), Self::get(other));
        self.simple(&[dir, other], "[method]descriptor.rename-at", &arguments);
    }

    /// Makes a hard link.
    pub fn link(&mut self, dir: Handle, from: &str, to: &str) {
        self.import(FILES, "[method]descriptor.link-at", "(param i32 i32 i32 i32 i32 i32 i32 i32)");
        let (from, to) = (self.text(from), self.text(to));
        let arguments = format!("{} (i32.const 0) {from} {} {to}", Self::get(dir), Self::get(dir));
        self.simple(&[dir], "[method]descriptor.link-at", &arguments);
    }

    /// Makes a symbolic link.
    pub fn symlink(&mut self, dir: Handle, target: &str, path: &str) {
        self.import(FILES, "[method]descriptor.symlink-at", "(param i32 i32 i32 i32 i32 i32)");
        let (target, path) = (self.text(target), self.text(path));
        self.simple(&[dir], "[method]descriptor.symlink-at", &format!("{} {target} {path}", Self::get(dir)));
    }

    /// Deletes a file.
    pub fn unlink(&mut self, dir: Handle, path: &str) {
        self.with_path(dir, "[method]descriptor.unlink-file-at", path);
    }

    /// Creates a directory.
    pub fn create_dir(&mut self, dir: Handle, path: &str) {
        self.with_path(dir, "[method]descriptor.create-directory-at", path);
    }

    /// Removes a directory.
    pub fn remove_dir(&mut self, dir: Handle, path: &str) {
        self.with_path(dir, "[method]descriptor.remove-directory-at", path);
    }

    /// Sets both times of a path to now.
    pub fn touch(&mut self, dir: Handle, path: &str) {
        self.set_times(dir, path, "(i32.const 1) (i64.const 0) (i32.const 0)");
    }

    /// Sets both times of a path to this one.
    pub fn touch_at(&mut self, dir: Handle, path: &str, seconds: u64, nanoseconds: u32) {
        let seconds = seconds.cast_signed();
        self.set_times(dir, path, &format!("(i32.const 2) (i64.const {seconds}) (i32.const {nanoseconds})"));
    }

    fn set_times(&mut self, dir: Handle, path: &str, time: &str) {
        let signature = "(param i32 i32 i32 i32 i32 i64 i32 i32 i64 i32 i32)";
        self.import(FILES, "[method]descriptor.set-times-at", signature);
        let text = self.text(path);
        let arguments = format!("{} (i32.const 1) {text} {time} {time}", Self::get(dir));
        self.simple(&[dir], "[method]descriptor.set-times-at", &arguments);
    }

    /// Sets both times of an open file to now.
    pub fn touch_open(&mut self, file: Handle) {
        self.import(FILES, "[method]descriptor.set-times", "(param i32 i32 i64 i32 i32 i64 i32 i32)");
        let now = "(i32.const 1) (i64.const 0) (i32.const 0)";
        self.simple(&[file], "[method]descriptor.set-times", &format!("{} {now} {now}", Self::get(file)));
    }

    /// Starts to list a directory.
    pub fn list(&mut self, dir: Handle) -> Handle {
        let function = "[method]descriptor.read-directory";
        self.import(FILES, function, "(param i32 i32)");
        let listing = self.handle();
        let call = format!(r#"(call $"{function}" {} {})"#, Self::get(dir), Self::returned());
        self.when(&[dir], &format!("{call} {}", Self::take(listing, 0, 4)));
        listing
    }

    /// Takes the next entry of a listing.
    pub fn next_entry(&mut self, listing: Handle) {
        let function = "[method]directory-entry-stream.read-directory-entry";
        self.import(FILES, function, "(param i32 i32)");
        self.simple(&[listing], function, &Self::get(listing));
    }

    fn with_path(&mut self, dir: Handle, function: &'static str, path: &str) {
        self.import(FILES, function, "(param i32 i32 i32 i32)");
        let text = self.text(path);
        self.simple(&[dir], function, &format!("{} {text}", Self::get(dir)));
    }

    /// A call whose result is only in the journal.
    pub(crate) fn simple(&mut self, handles: &[Handle], function: &str, arguments: &str) {
        self.when(handles, &format!(r#"(call $"{function}" {arguments} {})"#, Self::returned()));
    }
}
