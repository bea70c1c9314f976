//! Tests that mean something on one file system only. `mounts` makes it and names it in `WASM_AGENT_MOUNT`.

use std::path::PathBuf;

use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, OpenMode, Probe, Scene, Script};

fn mount() -> PathBuf {
    std::env::var_os("WASM_AGENT_MOUNT").unwrap().into()
}

fn granted(rules: &str) -> String {
    format!("[[filesystem]]\nhost = \"{}\"\nguest = \"/w\"\naccess = \"write\"\n{rules}\n", mount().display())
}

/// A folder for the policy, which is not on the mount.
fn elsewhere() -> Folder {
    let beside = mount().with_file_name("beside");
    std::fs::create_dir(&beside).unwrap();
    Folder::at(&beside)
}

#[test]
#[ignore = "for an overlay with files below it"]
fn a_file_that_is_copied_up_is_asked_about_once() {
    let folder = elsewhere();
    let mut probe = Probe::new();
    let work = probe.preopen();
    let file = probe.open(work, "a", OpenMode::TRUNCATE);
    probe.write(file, "new");
    probe.open(work, "deep/b", OpenMode::WRITE);
    probe.touch(work, "deep/b");
    let approver = Script::approve();
    let before = std::fs::metadata(mount().join("a")).unwrap().created().unwrap();
    let scene = Scene::tool(&folder, probe.tool()).policy(granted("")).approver(approver.clone());
    let run = scene.run();
    run.exited(0);
    assert_eq!(results(&run), ["open-at ok", "write ok", "open-at ok", "set-times-at ok"]);
    let asked = ["file.modify (truncate) /w/a", "file.modify /w/deep/b", "file.modify /w/deep/b"];
    assert_eq!(approver.summaries(), asked);
    assert_eq!(std::fs::read(mount().join("a")).unwrap(), b"new");
    let after = std::fs::metadata(mount().join("a")).unwrap().created().unwrap();
    assert_ne!(before, after, "the file was copied up, so that the test proves something");
}

#[test]
#[ignore = "for a read-only mount with a file and a folder"]
fn nothing_changes_on_a_read_only_mount() {
    let folder = elsewhere();
    let mut probe = Probe::new();
    let work = probe.preopen();
    let file = probe.open(work, "a", OpenMode::READ);
    probe.read(file, 9);
    probe.stat(work, "d");
    for how in [OpenMode::WRITE, OpenMode::TRUNCATE] {
        probe.open(work, "a", how);
    }
    probe.open(work, "new", OpenMode::CREATE);
    probe.create_dir(work, "new");
    probe.rename(work, "a", "b");
    probe.link(work, "a", "b");
    probe.symlink(work, "a", "b");
    probe.touch(work, "a");
    probe.touch_open(file);
    probe.unlink(work, "a");
    probe.remove_dir(work, "d");
    let run = Scene::tool(&folder, probe.tool()).policy(granted("ask = []")).run();
    run.exited(0);
    let results = results(&run);
    assert_eq!(results[..3], ["open-at ok", "read ok", "stat-at ok"]);
    let refused: Vec<_> = results[3..].iter().filter(|result| !result.ends_with(" read-only")).collect();
    assert!(refused.is_empty() && results.len() == 14, "{results:?}");
}

#[test]
#[ignore = "for a mount of 64 KiB and eight inodes"]
fn a_full_mount_says_that_it_is_full() {
    let folder = elsewhere();
    let mut probe = Probe::new();
    let work = probe.preopen();
    let file = probe.open(work, "a", OpenMode::CREATE);
    probe.write(file, &"x".repeat(32 << 10));
    let other = probe.open(work, "b", OpenMode::CREATE);
    probe.write(other, &"x".repeat(32 << 10));
    for name in ["1", "2", "3", "4", "5", "6"] {
        probe.create_dir(work, name);
    }
    let run = Scene::tool(&folder, probe.tool()).policy(granted("ask = []")).run();
    run.exited(0);
    let results = results(&run);
    assert_eq!(results[..3], ["open-at ok", "write ok", "open-at ok"]);
    // The last page may be missing: a write says how much it took.
    assert!(results[4..].contains(&"create-directory-at insufficient-space".to_owned()), "{results:?}");
}

#[test]
#[ignore = "for a file system that ignores case"]
fn a_denied_name_is_denied_in_every_spelling() {
    let folder = elsewhere();
    let root = mount();
    for (name, text) in [(".env", "SECRET"), ("Readme", "text")] {
        std::fs::write(root.join(name), text).unwrap();
    }
    let mut probe = Probe::new();
    let work = probe.preopen();
    let denied = [".env", ".ENV", ".Env", ".git/config", ".GIT/config", ".Git/Config", ".gIT/hooks/new", "x/.ENV"];
    for path in denied {
        probe.stat(work, path);
        for how in [OpenMode::READ, OpenMode::WRITE, OpenMode::CREATE] {
            probe.open(work, path, how);
        }
        probe.rename(work, "Readme", path);
        probe.unlink(work, path);
    }
    // Nothing is there yet, and other programs would find it by the denied name.
    probe.open(work, "NEW.pem", OpenMode::CREATE);
    probe.create_dir(work, "Keys");
    let policy = granted("ask = []\ndeny = [\"**/.env\", \"**/.git/**\", \"*.pem\", \"KEYS\"]");
    std::fs::create_dir(root.join("x")).unwrap();
    let run = Scene::tool(&folder, probe.tool()).policy(policy).run();
    run.exited(0);
    let results = results(&run);
    assert_eq!(results.len(), denied.len() * 6 + 2);
    assert!(results.iter().all(|result| result.ends_with(" access")), "{results:?}");
    assert_eq!(std::fs::read(root.join(".env")).unwrap(), b"SECRET");
}

#[test]
#[ignore = "for a file system that ignores case"]
fn a_question_shows_the_name_that_the_folder_has() {
    let folder = elsewhere();
    let root = mount();
    for name in ["Readme", "other"] {
        std::fs::write(root.join(name), "text").unwrap();
    }
    let nested = format!("{}[[filesystem]]\nhost = \"{}/.git\"\nguest = \"/w/.git\"\n", granted(""), root.display());
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "README", OpenMode::WRITE);
    probe.rename(work, "OTHER", "new");
    probe.open(work, ".GIT/config", OpenMode::READ);
    probe.open(work, ".Git/CONFIG", OpenMode::WRITE);
    probe.open(work, "fresh", OpenMode::CREATE);
    probe.unlink(work, "FRESH");
    let approver = Script::approve();
    let run = Scene::tool(&folder, probe.tool()).policy(nested).approver(approver.clone()).run();
    run.exited(0);
    assert_eq!(approver.summaries(), ["file.modify /w/Readme", "file.rename /w/other -> /w/new"]);
    let expected = ["open-at ok", "rename-at ok", "open-at ok", "open-at access", "open-at ok", "unlink-file-at ok"];
    assert_eq!(results(&run), expected);
    assert!(root.join("new").exists() && !root.join("fresh").exists());
}
