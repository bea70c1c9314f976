//! Attacks on the borders between grants: a right on one grant must not become a right on another.

use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, OpenMode, Probe, Recorded, Scene, Script};

use crate::fixture::CANARY;

/// A writable folder with a read-only one in it.
const NESTED: &str = r#"
[[filesystem]]
host = "work"
guest = "/work"
access = "write"
ask = []

[[filesystem]]
host = "work/kept"
guest = "/work/kept"
"#;

fn nested() -> Folder {
    Folder::with([("work/mine.txt", "mine"), ("work/kept/kept.txt", "kept"), ("work/kept/deep/deep.txt", "deep")])
}

fn run(folder: &Folder, policy: &str, probe: &Probe) -> Recorded {
    Scene::tool(folder, probe.tool()).policy(policy).run()
}

fn none_is_ok(run: &Recorded) {
    assert!(results(run).iter().all(|result| !result.ends_with(" ok")), "{:?}", results(run));
}

#[test]
fn grant_for_reading_in_one_for_writing_stays_for_reading() {
    let folder = nested();
    let before = folder.snapshot("work");
    let mut probe = Probe::new();
    let work = probe.preopen();
    for how in [OpenMode::WRITE, OpenMode::TRUNCATE, OpenMode::CREATE] {
        probe.open(work, "kept/kept.txt", how);
        probe.open(work, "./kept/../kept/deep/deep.txt", how);
    }
    probe.open(work, "kept/new.txt", OpenMode::CREATE_NEW);
    probe.unlink(work, "kept/kept.txt");
    probe.create_dir(work, "kept/dir");
    probe.remove_dir(work, "kept/deep");
    probe.touch(work, "kept/kept.txt");
    probe.symlink(work, "kept.txt", "kept/link");
    let run = run(&folder, NESTED, &probe);
    none_is_ok(&run);
    assert_eq!(folder.snapshot("work"), before);
    assert_eq!(run.denials(), ["read-only"]);
}

#[test]
fn what_may_only_be_read_gets_no_name_where_it_may_be_written() {
    let folder = nested();
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.link(work, "kept/kept.txt", "linked.txt");
    probe.open(work, "linked.txt", OpenMode::TRUNCATE);
    probe.rename(work, "kept/kept.txt", "moved.txt");
    probe.rename(work, "kept/deep", "moved");
    probe.rename(work, "mine.txt", "kept/mine.txt");
    probe.link(work, "mine.txt", "kept/mine.txt");
    let run = run(&folder, NESTED, &probe);
    none_is_ok(&run);
    assert_eq!(folder.read("work/kept/kept.txt"), "kept");
    assert_eq!(folder.read("work/mine.txt"), "mine");
}

#[test]
fn folder_of_a_grant_is_neither_moved_nor_replaced() {
    let folder = nested();
    let before = folder.snapshot("work");
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.create_dir(work, "other");
    probe.rename(work, "kept", "free");
    probe.rename(work, "other", "kept");
    probe.remove_dir(work, "kept");
    probe.remove_dir(work, ".");
    probe.rename(work, ".", "other/work");
    probe.remove_dir(work, "other");
    let run = run(&folder, NESTED, &probe);
    let results = results(&run);
    assert!(results[1..6].iter().all(|result| !result.ends_with(" ok")), "{results:?}");
    assert_eq!(folder.snapshot("work"), before);
}

#[test]
fn link_from_one_grant_into_another_has_the_rights_of_where_it_leads() {
    let folder = nested();
    folder.link("work/into", "kept/kept.txt");
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "into", OpenMode::WRITE);
    probe.open(work, "into", OpenMode::TRUNCATE);
    probe.touch(work, "into");
    let run = run(&folder, NESTED, &probe);
    none_is_ok(&run);
    assert_eq!(folder.read("work/kept/kept.txt"), "kept");
}

#[test]
fn folder_around_a_denied_file_is_not_moved_away_from_its_rule() {
    let folder = Folder::with([("work/holding/secret.txt", CANARY), ("work/holding/plain.txt", "plain")]);
    let policy = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\nask = []\n\
                  deny = [\"holding/secret.txt\"]\n";
    let mut probe = Probe::new();
    let work = probe.preopen();
    let holding = probe.open(work, "holding", OpenMode::DIR);
    probe.rename(work, "holding", "free");
    probe.open(work, "free/secret.txt", OpenMode::READ);
    probe.open(holding, "secret.txt", OpenMode::READ);
    probe.link(work, "holding/secret.txt", "linked.txt");
    probe.rename(holding, "secret.txt", "named.txt");
    probe.open(work, "holding/secret.txt", OpenMode::READ);
    let run = run(&folder, policy, &probe);
    let results = results(&run);
    assert!(results[1..].iter().all(|result| !result.ends_with(" ok")), "{results:?}");
    assert!(!String::from_utf8_lossy(&run.journal).contains(CANARY));
    assert!(run.denials().contains(&"on-the-way-to-denied".to_owned()), "{:?}", run.denials());
}

#[test]
fn denied_name_is_not_made_by_the_guest_either() {
    let folder = Folder::with([("work/mine.txt", "mine")]);
    let policy = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\nask = []\n\
                  deny = [\"**/.env\", \"hooks/**\"]\n";
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, ".env", OpenMode::CREATE_NEW);
    probe.rename(work, "mine.txt", ".env");
    probe.link(work, "mine.txt", ".env");
    probe.symlink(work, "mine.txt", ".env");
    probe.create_dir(work, ".env");
    probe.create_dir(work, "hooks");
    probe.open(work, "hooks/run", OpenMode::CREATE_NEW);
    let run = run(&folder, policy, &probe);
    none_is_ok(&run);
    assert!(!folder.has("work/.env") && !folder.has("work/hooks"));
}

#[test]
fn folder_that_is_renamed_to_a_denied_name_brings_nothing_there() {
    let folder = Folder::with([("work/payload/run", "#!/bin/sh\n"), ("work/repo/.git/config", "kept")]);
    let policy = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\nask = []\n\
                  deny = [\"**/.git/**\", \"a/hooks/run\"]\n";
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.rename(work, "payload", ".git");
    probe.rename(work, "repo/.git", "repo/plain");
    probe.rename(work, "payload", "a/hooks");
    probe.create_dir(work, "b");
    probe.rename(work, "payload", "b/hooks");
    probe.rename(work, "b", "a");
    let run = run(&folder, policy, &probe);
    assert!(!folder.has("work/.git") && folder.has("work/repo/.git/config"), "{:?}", results(&run));
    assert!(!folder.has("work/a/hooks/run"), "{:?}", results(&run));
}

#[test]
fn approval_shows_where_a_link_leads_and_not_what_it_is_called() {
    let folder = Folder::with([("work/real.txt", "real"), ("work/sub/x", "")]);
    folder.link("work/harmless.txt", "real.txt");
    folder.link("work/way", "sub/..");
    let policy = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\n";
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "way/harmless.txt", OpenMode::TRUNCATE);
    let approver = Script::refuse();
    Scene::tool(&folder, probe.tool()).policy(policy).approver(approver.clone()).run();
    assert_eq!(approver.summaries(), ["file.modify (truncate) /work/real.txt"]);
}

/// A folder of which two files and a folder for notes are granted.
const LIMITED: &str = r#"
[[filesystem]]
host = "work"
guest = "/work"
access = "write"
only = ["mine.txt", "new.txt", "way", "way/there.txt", "link"]
ask = []
"#;

#[test]
fn what_is_not_listed_is_out_of_reach() {
    let folder = Folder::with([
        ("work/mine.txt", "mine"),
        ("work/other.txt", CANARY),
        ("work/way/there.txt", "there"),
        ("work/way/not.txt", CANARY),
    ]);
    folder.link("work/link", "other.txt");
    folder.link("work/around", "mine.txt");
    folder.link("work/way/up", "../other.txt");
    let before = folder.snapshot("work");
    let mut probe = Probe::new();
    let work = probe.preopen();
    for path in ["other.txt", "link", "around", "way/not.txt", "way/up", "way/../other.txt", "."] {
        let file = probe.open(work, path, OpenMode::READ);
        probe.read(file, 100);
    }
    probe.rename(work, "other.txt", "new.txt");
    probe.rename(work, "way", "new.txt");
    probe.link(work, "other.txt", "new.txt");
    probe.link(work, "mine.txt", "elsewhere.txt");
    probe.open(work, "fresh.txt", OpenMode::CREATE_NEW);
    let run = run(&folder, LIMITED, &probe);
    none_is_ok(&run);
    assert_eq!(folder.snapshot("work"), before);
    assert!(!String::from_utf8_lossy(&run.journal).contains(CANARY));
    assert_eq!(run.denials(), ["unlisted", "on-the-way-to-denied"]);
}

#[test]
fn what_is_listed_is_reached_by_a_way_that_is_not() {
    let folder = Folder::with([("work/mine.txt", "mine"), ("work/way/there.txt", "there")]);
    let mut probe = Probe::new();
    let work = probe.preopen();
    for path in ["mine.txt", "way/there.txt"] {
        let file = probe.open(work, path, OpenMode::READ);
        probe.read(file, 100);
    }
    let policy = LIMITED.replace("\"way\", ", "");
    let run = run(&folder, &policy, &probe);
    assert!(results(&run).iter().all(|result| result.ends_with(" ok")), "{:?}", results(&run));
}

#[test]
fn folder_of_a_grant_is_listed_only_where_the_grant_says_so() {
    let folder = Folder::with([("work/mine.txt", "mine todo")]);
    let search = |only: &str| {
        let policy = format!("[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\nonly = [{only}]\n");
        Scene::guest(&folder, "search").policy(policy).call(r#"search("/work", "todo")"#).run()
    };
    let held = search("\"mine.txt\"");
    assert_eq!(held.denials(), ["unlisted"]);
    assert!(!held.json().to_string().contains("todo"));
    assert!(search("\".\", \"mine.txt\"").json().to_string().contains("mine todo"));
}
