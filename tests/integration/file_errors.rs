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
    let refused = [
        "write bad-descriptor",
        "set-size invalid",
        "write-via-stream bad-descriptor",
        "append-via-stream bad-descriptor",
    ];
    assert_eq!(results(&run)[1..], refused);
    assert_eq!(folder.read("work/a.txt"), "kept");
}

#[test]
fn the_times_of_a_file_that_is_open_for_reading_are_set_where_the_grant_allows_it() {
    for (policy, expected) in [
        (granted("work"), ["set-times ok", "set-times ok", "set-times not-permitted"]),
        (granted("work").replace("write", "read"), ["set-times access", "set-times access", "set-times access"]),
    ] {
        let folder = Folder::with([("work/a.txt", "kept"), ("work/d/b.txt", "kept"), ("work/gone.txt", "kept")]);
        let mut probe = Probe::new();
        let dir = probe.preopen();
        let files = ["a.txt", "d/b.txt", "gone.txt"].map(|name| probe.open(dir, name, OpenMode::READ));
        probe.rename(dir, "a.txt", "moved.txt");
        probe.rename(dir, "d", "e");
        probe.unlink(dir, "gone.txt");
        for file in files {
            probe.touch_open(file);
        }
        let run = Scene::tool(&folder, probe.tool()).policy(policy).run();
        run.exited(0);
        assert_eq!(results(&run)[6..], expected);
    }
}

#[test]
fn nobody_sets_the_times_of_an_open_file_unasked_that_the_policy_asks_about() {
    let folder = Folder::with([("work/a.txt", "kept")]);
    let mut probe = Probe::new();
    let dir = probe.preopen();
    probe.stat(dir, "a.txt");
    let file = probe.open(dir, "a.txt", OpenMode::READ);
    probe.touch_open(file);
    let policy = granted("work").replace("[]", "[\"modify\"]");
    let run = Scene::tool(&folder, probe.tool()).policy(policy).run();
    run.exited(0);
    assert_eq!(results(&run)[2..], ["set-times access"]);
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

#[test]
fn a_name_that_ends_in_a_slash_is_that_of_a_directory() {
    let folder = Folder::with([("work/f", "kept"), ("work/d/in", "kept")]);
    folder.link("work/ld", "d");
    folder.link("work/dangling", "nowhere");
    let before = folder.snapshot("work");
    let mut probe = Probe::new();
    let dir = probe.preopen();
    probe.symlink(dir, "f", "new/");
    probe.symlink(dir, "f", "dangling/");
    probe.symlink(dir, "f", "f/");
    probe.symlink(dir, "f", "ld/");
    probe.link(dir, "f", "new/");
    probe.rename(dir, "f", "new/");
    probe.rename(dir, "f/", "new");
    probe.rename(dir, "ld/", "new");
    probe.create_dir(dir, "dangling/");
    probe.remove_dir(dir, "ld/");
    probe.unlink(dir, "f/");
    probe.unlink(dir, "ld/");
    let run = Scene::tool(&folder, probe.tool()).policy(granted("work")).approver(Script::approve()).run();
    run.exited(0);
    let expected = [
        "symlink-at no-entry",
        "symlink-at no-entry",
        "symlink-at not-directory",
        "symlink-at exist",
        "link-at no-entry",
        "rename-at not-directory",
        "rename-at not-directory",
        "rename-at not-directory",
        "create-directory-at exist",
        "remove-directory-at not-directory",
        "unlink-file-at not-directory",
        "unlink-file-at not-directory",
    ];
    assert_eq!(results(&run), expected);
    assert_eq!(folder.snapshot("work"), before);
}

#[test]
fn a_directory_may_be_named_with_a_slash() {
    let folder = Folder::with([("work/d/in", "kept")]);
    let mut probe = Probe::new();
    let dir = probe.preopen();
    probe.create_dir(dir, "new//");
    probe.rename(dir, "d/", "moved/");
    probe.remove_dir(dir, "new/");
    let run = Scene::tool(&folder, probe.tool()).policy(granted("work")).approver(Script::approve()).run();
    run.exited(0);
    assert_eq!(results(&run), ["create-directory-at ok", "rename-at ok", "remove-directory-at ok"]);
    assert_eq!(folder.read("work/moved/in"), "kept");
}
