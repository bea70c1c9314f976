//! The folders that every program finds.

use wasm_agent_tests::Folder;
use wasm_agent_tests::folder::Entry;

/// A policy that grants the folders as the bare engine does.
pub const GRANTS: &str = r#"
[[filesystem]]
host = "work"
guest = "/work"
access = "write"
ask = []

[[filesystem]]
host = "other"
guest = "/other"
"#;

/// Makes them.
pub fn make() -> Folder {
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
