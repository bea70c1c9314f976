//! A folder of real files for one test, deleted when the test ends.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A temporary folder. Relative paths in the test's policy start here.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
    /// Deletes the folder when dropped, if this test made it.
    _made: Option<TempDir>,
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Folder {
    /// Makes an empty folder.
    pub fn new() -> Self {
        let made = tempfile::tempdir().unwrap();
        Self { dir: made.path().to_owned(), _made: Some(made) }
    }

    /// An existing folder, for another thread to work in.
    pub fn at(path: &Path) -> Self {
        Self { dir: path.to_owned(), _made: None }
    }

    /// Makes a folder with these files, and the folders that contain them.
    pub fn with<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let folder = Self::new();
        for (path, contents) in files {
            folder.write(path, contents);
        }
        folder
    }

    /// The path of something in the folder, or of the folder itself for an empty one.
    pub fn path(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root().to_owned() } else { self.root().join(path) }
    }

    fn root(&self) -> &Path {
        &self.dir
    }

    /// Makes a folder, and its parents.
    pub fn dir(&self, path: &str) {
        std::fs::create_dir_all(self.path(path)).unwrap();
    }

    /// Writes a file, and makes its parent folders.
    pub fn write(&self, path: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }

    /// Makes a symbolic link.
    pub fn link(&self, path: &str, target: &str) {
        symlink(target, self.path(path)).unwrap();
    }

    /// Reads a text file.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    /// Whether something is there; links are not followed.
    pub fn has(&self, path: &str) -> bool {
        std::fs::symlink_metadata(self.path(path)).is_ok()
    }

    /// Everything below `path`, by name, to compare a folder before and after.
    pub fn snapshot(&self, path: &str) -> BTreeMap<PathBuf, Entry> {
        let mut found = BTreeMap::new();
        collect(&self.path(path), Path::new(""), &mut found);
        found
    }

    /// Moves the folder away while `during` runs.
    pub fn hidden<T>(&self, during: impl FnOnce() -> T) -> T {
        let away = Away { from: self.root(), to: self.root().with_extension("hidden") };
        std::fs::rename(away.from, &away.to).unwrap();
        during()
    }
}

/// A folder that was moved away. Dropping it moves the folder back.
struct Away<'a> {
    from: &'a Path,
    to: PathBuf,
}

impl Drop for Away<'_> {
    fn drop(&mut self) {
        // If this fails, the next use reports a missing folder.
        drop(std::fs::rename(&self.to, self.from));
    }
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file with its contents.
    File(Vec<u8>),
    /// A folder.
    Dir,
    /// A symbolic link with its target.
    Link(PathBuf),
    /// A pipe, socket or device.
    Special,
}

fn collect(dir: &Path, name: &Path, found: &mut BTreeMap<PathBuf, Entry>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), name.join(entry.file_name()));
        let kind = entry.file_type().unwrap();
        let what = if kind.is_symlink() {
            Entry::Link(std::fs::read_link(&path).unwrap())
        } else if kind.is_dir() {
            collect(&path, &name, found);
            Entry::Dir
        } else if kind.is_file() {
            Entry::File(std::fs::read(&path).unwrap())
        } else {
            Entry::Special
        };
        found.insert(name, what);
    }
}
