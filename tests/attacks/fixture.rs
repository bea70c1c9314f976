//! The folder that the hostile guests expect (see `guest-tools/hostile/src/lib.rs`), and the check that it was held.

use std::collections::BTreeMap;
use std::path::PathBuf;

use wasm_agent_tests::folder::Entry;
use wasm_agent_tests::{Folder, Recorded, Scene};

/// The contents of files that no guest may see.
pub(crate) const CANARY: &str = "canary-5d41402a";

pub(crate) const POLICY: &str = r#"
[[filesystem]]
host = "work"
guest = "/work"
access = "write"
ask = []
deny = ["**/.env", "secret/**"]
"#;

/// Makes the folder.
pub(crate) fn folder() -> Folder {
    let folder = Folder::with([
        ("outside.txt", CANARY),
        ("work/notes.txt", "notes\n"),
        ("work/.env", CANARY),
        ("work/holding/.env", CANARY),
        ("work/secret/key.txt", CANARY),
    ]);
    folder.dir("escaped");
    folder.dir("work/sub");
    for (path, target) in [
        ("work/link-out", "../outside.txt"),
        ("work/link-dir", ".."),
        ("work/link-abs", "/etc/passwd"),
        ("work/link-env", ".env"),
        ("work/link-secret", "secret"),
        ("work/link-new", "../escaped/new.txt"),
    ] {
        folder.link(path, target);
    }
    folder
}

/// Everything outside of the granted folder, and everything denied in it.
fn out_of_reach(folder: &Folder) -> BTreeMap<PathBuf, Entry> {
    let mut found = folder.snapshot("");
    found.retain(|path, _| {
        let path = path.to_str().unwrap();
        let denied = path.ends_with(".env") || path.starts_with("work/secret");
        (denied || !path.starts_with("work")) && path != "policy.toml"
    });
    found
}

/// Runs a hostile guest and asserts that it was held: inside, outside and in the journal.
pub(crate) fn held(folder: &Folder, scene: Scene<'_>) -> Recorded {
    let passwd = std::fs::read("/etc/passwd").unwrap();
    let before = out_of_reach(folder);
    let run = scene.run();
    assert!(!run.stdout.contains("broken:") && !run.stdout.contains("vain:"), "{}", run.stdout);
    run.exited(0);
    assert!(run.stdout.contains("held: "), "{}", run.stdout);
    assert_eq!(out_of_reach(folder), before);
    assert_eq!(std::fs::read("/etc/passwd").unwrap(), passwd);
    let journal = String::from_utf8_lossy(&run.journal);
    assert!(!journal.contains(CANARY), "the journal has what no guest may see");
    run
}

/// [`POLICY`] with its default `ask`.
pub(crate) fn asking() -> String {
    POLICY.replace("ask = []\n", "")
}
