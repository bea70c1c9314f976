//! What a run may add to the disk: bytes and files.

use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, OpenMode, Probe, Recorded, Scene};

fn run(folder: &Folder, probe: &Probe, rules: &str, limits: &str) -> Recorded {
    let grant = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\nask = []\n";
    let run = Scene::tool(folder, probe.tool()).policy(format!("{grant}{rules}\n[limits]\n{limits}\n")).run();
    run.exited(0);
    run
}

#[test]
fn a_run_makes_files_no_longer_than_it_may() {
    let folder = Folder::with([("work/old", "12345")]);
    let mut probe = Probe::new();
    let work = probe.preopen();
    let new = probe.open(work, "new", OpenMode::CREATE);
    let old = probe.open(work, "old", OpenMode { flags: 3, ..OpenMode::WRITE });
    probe.write(new, "12345678");
    // A hole takes no blocks, and counts all the same.
    probe.set_size(new, 1 << 40);
    probe.write(new, "12345678901");
    probe.write(old, "1234567");
    probe.set_size(old, 8);
    let from = probe.read_stream(old);
    let to = probe.append_stream(new);
    probe.splice(to, from, 1);
    // What it added is given back; of what was there, nothing is.
    probe.set_size(old, 0);
    probe.set_size(old, 2);
    probe.set_size(old, 3);
    let run = run(&folder, &probe, "", "files = 10");
    let results = results(&run);
    assert_eq!(results[2..7], ["write ok", "set-size quota", "write quota", "write ok", "set-size quota"]);
    // An error, by its handle.
    assert!(results[9].starts_with("blocking-splice") && !results[9].ends_with("ok"), "{results:?}");
    assert_eq!(results[10..], ["set-size ok", "set-size ok", "set-size quota"]);
    assert_eq!((folder.read("work/new"), folder.read("work/old")), ("12345678".to_owned(), "\0\0".to_owned()));
    assert_eq!(run.limit_notes(), ["files: files may grow by 10 bytes in all, and a write did not fit"]);
    assert_eq!(run.report.limits_reached.iter().map(|limit| limit.name).collect::<Vec<_>>(), ["files"]);
}

#[test]
fn a_run_makes_no_more_files_than_it_may() {
    let folder = Folder::with([("work/old", "1"), ("work/.env", "1")]);
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.create_dir(work, "dir");
    probe.open(work, "new", OpenMode::CREATE);
    probe.open(work, "more", OpenMode::CREATE);
    probe.create_dir(work, "more");
    probe.symlink(work, "old", "more");
    probe.link(work, "old", "more");
    // What is there is used as before, and what is denied is denied.
    probe.open(work, "new", OpenMode::CREATE);
    probe.create_dir(work, "old");
    probe.open(work, ".env", OpenMode::CREATE);
    probe.create_dir(work, "sub/.env");
    // Another's file gives nothing back.
    probe.unlink(work, "old");
    probe.create_dir(work, "more");
    probe.remove_dir(work, "dir");
    probe.create_dir(work, "more");
    probe.rename(work, "more", "last");
    probe.create_dir(work, "more");
    let run = run(&folder, &probe, "deny = [\"**/.env\"]", "file-count = 2");
    let results = results(&run);
    assert_eq!(results[..2], ["create-directory-at ok", "open-at ok"]);
    let refused = ["open-at quota", "create-directory-at quota", "symlink-at quota", "link-at quota"];
    assert_eq!(results[2..6], refused);
    assert_eq!(results[6..8], ["open-at ok", "create-directory-at exist"]);
    assert!(results[8..10].iter().all(|result| result.ends_with(" access") || result.ends_with(" no-entry")));
    assert_eq!(results[10..12], ["unlink-file-at ok", "create-directory-at quota"]);
    assert_eq!(results[12..14], ["remove-directory-at ok", "create-directory-at ok"]);
    assert_eq!(results[14..], ["rename-at ok", "create-directory-at quota"]);
    assert!(!folder.has("work/more") && folder.has("work/last"));
    assert_eq!(run.limit_notes(), ["file-count: a run may make 2 files, and another one was refused"]);
}
