//! What a tool is told when an operation on a file fails: the code that programs fall back on.

use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, OpenMode, Probe, Scene, Script};

fn granted(host: &str) -> String {
    format!("[[filesystem]]\nhost = \"{host}\"\nguest = \"/work\"\naccess = \"write\"\nask = []\n")
}

#[test]
fn a_file_that_was_opened_for_reading_is_a_bad_descriptor_for_writes() {
    let folder = Folder::with([("work/a.txt", "kept")]);
    let mut probe = Probe::new();
    let dir = probe.preopen();
    let file = probe.open(dir, "a.txt", OpenMode::READ);
    probe.write(file, "lost");
    probe.set_size(file, 1);
    probe.write_stream(file);
    probe.append_stream(file);
    let run = Scene::tool(&folder, probe.tool()).policy(granted("work")).run();
    run.exited(0);
    let refused =
        ["write", "set-size", "write-via-stream", "append-via-stream"].map(|call| format!("{call} bad-descriptor"));
    assert_eq!(results(&run)[1..], refused);
    assert_eq!(folder.read("work/a.txt"), "kept");
}

#[test]
fn a_rename_to_another_file_system_says_so() {
    let folder = Folder::with([("work/a.txt", "kept")]);
    let shared = tempfile::tempdir_in("/dev/shm").unwrap();
    let device = |path: &std::path::Path| std::fs::metadata(path).unwrap().dev();
    assert_ne!(device(&folder.path("work")), device(shared.path()), "the test needs two file systems");
    let policy = format!(
        "{}[[filesystem]]\nhost = \"{}\"\nguest = \"/other\"\naccess = \"write\"\nask = []\n",
        granted("work"),
        shared.path().display()
    );
    let mut probe = Probe::new();
    let (work, other) = probe.two_preopens();
    probe.rename_to(work, "a.txt", other, "b.txt");
    let run = Scene::tool(&folder, probe.tool()).policy(policy).approver(Script::approve()).run();
    run.exited(0);
    assert_eq!(results(&run), ["rename-at cross-device"]);
}

#[test]
fn a_time_that_the_system_can_not_hold_is_refused() {
    let folder = Folder::with([("work/a.txt", "kept")]);
    let mut probe = Probe::new();
    let dir = probe.preopen();
    probe.touch_at(dir, "a.txt", 86_400, 5);
    probe.touch_at(dir, "a.txt", 1 << 63, 0);
    probe.touch_at(dir, "a.txt", u64::MAX, 0);
    probe.touch_at(dir, "a.txt", 1, 1_000_000_000);
    let run = Scene::tool(&folder, probe.tool()).policy(granted("work")).run();
    run.exited(0);
    let expected = ["set-times-at ok", "set-times-at overflow", "set-times-at overflow", "set-times-at invalid"];
    assert_eq!(results(&run), expected);
    let modified = std::fs::metadata(folder.path("work/a.txt")).unwrap().modified().unwrap();
    assert_eq!(modified, SystemTime::UNIX_EPOCH + Duration::new(86_400, 5));
}

#[test]
fn a_promise_to_write_synchronously_is_not_made() {
    let folder = Folder::with([("work/a.txt", "kept")]);
    let mut probe = Probe::new();
    let dir = probe.preopen();
    // `file-integrity-sync`, `data-integrity-sync`, `requested-write-sync`.
    for flag in [4, 8, 16] {
        probe.open(dir, "a.txt", OpenMode { flags: 1 | flag, ..OpenMode::READ });
        probe.open(dir, "new.txt", OpenMode { flags: 3 | flag, ..OpenMode::CREATE });
    }
    let run = Scene::tool(&folder, probe.tool()).policy(granted("work")).run();
    run.exited(0);
    assert_eq!(results(&run), ["open-at unsupported"; 6]);
    assert!(run.effects().is_empty() && !folder.path("work/new.txt").exists());
}
