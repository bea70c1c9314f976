//! The folders that programs find.

use std::path::{Path, PathBuf};

use wasm_agent_tests::Folder;
use wasm_agent_tests::folder::Entry;

/// The folders that a program finds.
#[derive(Clone)]
pub enum Folders {
    /// Those of this project's programs.
    Staged,
    /// A copy of one folder, as the root.
    Copy(PathBuf),
    /// One that is empty.
    Empty,
    /// None.
    Nothing,
}

/// A folder of the host that is granted: its name, where the program finds it, and whether it may write.
pub struct Mount {
    pub host: &'static str,
    pub guest: &'static str,
    pub writable: bool,
}

const STAGED: [Mount; 2] =
    [Mount { host: "work", guest: "/work", writable: true }, Mount { host: "other", guest: "/other", writable: false }];

const EMPTY: [Mount; 1] = [Mount { host: "work", guest: "/work", writable: true }];

const COPIED: [Mount; 1] = [Mount { host: "root", guest: "/", writable: true }];

impl Folders {
    /// Makes them in a new folder.
    pub fn make(&self) -> Folder {
        match self {
            Self::Staged => staged(),
            Self::Copy(from) => {
                let folder = Folder::new();
                copy(&folder, from, "root");
                folder
            }
            Self::Empty => {
                let folder = Folder::new();
                folder.dir("work");
                folder
            }
            Self::Nothing => Folder::new(),
        }
    }

    /// What is granted of them.
    pub fn mounts(&self) -> &'static [Mount] {
        match self {
            Self::Staged => &STAGED,
            Self::Copy(_) => &COPIED,
            Self::Empty => &EMPTY,
            Self::Nothing => &[],
        }
    }

    /// A policy that grants them as the bare engine does.
    pub fn policy(&self) -> String {
        let grant = |mount: &Mount| {
            let access = if mount.writable { "access = \"write\"\nask = []\n" } else { "" };
            format!("[[filesystem]]\nhost = {:?}\nguest = {:?}\n{access}", mount.host, mount.guest)
        };
        self.mounts().iter().map(grant).collect()
    }
}

/// Copies files and folders. Nothing else is among the programs' files.
fn copy(folder: &Folder, from: &Path, to: &str) {
    folder.dir(to);
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = format!("{to}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            copy(folder, &path, &to);
        } else {
            folder.write(&to, std::fs::read(&path).unwrap());
        }
    }
}

fn staged() -> Folder {
    let folder = Folder::with([
        ("work/file.txt", "0123456789"),
        ("work/empty.txt", ""),
        ("work/dir/inner.txt", "inner"),
        ("work/a/b/c/d.txt", "deep"),
        ("work/snow ☃.txt", "snow"),
        ("other/read.txt", "only to be read"),
        ("other/folder/in.txt", "in"),
    ]);
    folder.dir("work/empty-dir");
    for (path, target) in [
        ("work/link", "file.txt"),
        ("work/link-link", "link"),
        ("work/link-dir", "dir"),
        ("work/dangling", "missing"),
        ("work/loop-a", "loop-b"),
        ("work/loop-b", "loop-a"),
        ("work/self", "self"),
        ("work/up", ".."),
        ("work/absolute", "/etc/hostname"),
        ("other/link", "read.txt"),
    ] {
        folder.link(path, target);
    }
    folder
}

/// An entry as a text of one line.
pub fn shown(entry: &Entry) -> String {
    match entry {
        Entry::File(bytes) if bytes.len() > 200 => format!("a file of {} bytes", bytes.len()),
        Entry::File(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
        Entry::Dir => "a folder".to_owned(),
        Entry::Link(target) => format!("a link to {:?}", target.to_string_lossy()),
        Entry::Special => "something else".to_owned(),
    }
}
