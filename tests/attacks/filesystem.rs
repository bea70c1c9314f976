//! Attacks on files spelled call by call: flags, links, renames and other processes.

use serde_json::Value;
use wasm_agent_tests::probe::results;
use wasm_agent_tests::{Folder, OpenMode, Probe, Recorded, Scene, Script};

use crate::fixture::{CANARY, POLICY, asking, folder};

fn run(folder: &Folder, policy: &str, probe: &Probe) -> Recorded {
    Scene::tool(folder, probe.tool()).policy(policy).run()
}

fn read_only() -> String {
    POLICY.replace("access = \"write\"\nask = []\n", "")
}

#[test]
fn no_flag_writes_through_a_grant_for_reading() {
    let folder = folder();
    let before = folder.snapshot("work");
    let mut probe = Probe::new();
    let work = probe.preopen();
    for how in [OpenMode::WRITE, OpenMode::TRUNCATE, OpenMode::CREATE, OpenMode::CREATE_NEW] {
        probe.open(work, "notes.txt", how);
    }
    probe.open(work, "new.txt", OpenMode::CREATE_NEW);
    let run = run(&folder, &read_only(), &probe);
    assert_eq!(
        results(&run),
        ["open-at access", "open-at access", "open-at access", "open-at exist", "open-at access"]
    );
    assert_eq!(folder.snapshot("work"), before);
    assert_eq!(run.denials(), ["read-only"]);
}

#[test]
fn descriptor_for_reading_writes_nothing() {
    let folder = folder();
    let mut probe = Probe::new();
    let work = probe.preopen();
    let file = probe.open(work, "notes.txt", OpenMode::READ);
    probe.write(file, "changed");
    probe.set_size(file, 0);
    probe.write_stream(file);
    probe.append_stream(file);
    let run = run(&folder, POLICY, &probe);
    let results = results(&run);
    assert_eq!(results[0], "open-at ok");
    assert!(results[1..].iter().all(|result| !result.ends_with(" ok")), "{results:?}");
    assert_eq!(folder.read("work/notes.txt"), "notes\n");
    assert!(run.effects().is_empty());
}

#[test]
fn descriptor_for_writing_reads_nothing() {
    let folder = folder();
    let mut probe = Probe::new();
    let work = probe.preopen();
    let file = probe.open(work, "notes.txt", OpenMode::WRITE);
    probe.read(file, 100);
    let run = run(&folder, POLICY, &probe);
    assert_eq!(results(&run), ["open-at ok", "read bad-descriptor"]);
}

#[test]
fn a_file_that_was_looked_at_is_opened_as_it_is_now() {
    let folder = folder();
    folder.write("work/a.txt", "first\n");
    folder.write("work/b.txt", "second\n");
    let mut probe = Probe::new();
    let work = probe.preopen();
    let read = |probe: &mut Probe| {
        for _ in 0..2 {
            probe.stat(work, "a.txt");
            let file = probe.open(work, "a.txt", OpenMode::READ);
            probe.read(file, 100);
        }
    };
    read(&mut probe);
    probe.rename(work, "b.txt", "a.txt");
    read(&mut probe);
    probe.unlink(work, "a.txt");
    read(&mut probe);
    probe.symlink(work, "notes.txt", "a.txt");
    read(&mut probe);
    let run = run(&folder, POLICY, &probe);
    let there = ["stat-at ok", "open-at ok", "read ok"].repeat(2);
    let gone = ["stat-at no-entry", "open-at no-entry"].repeat(2);
    let parts = [&there[..], &["rename-at ok"], &there, &["unlink-file-at ok"], &gone, &["symlink-at ok"], &there];
    assert_eq!(results(&run), parts.concat());
    let contents = |call: &Value| call["outcome"][1][0]["text"].as_str().map(str::to_owned);
    let read: Vec<String> = run.events_of("call").iter().filter_map(contents).collect();
    assert_eq!(read, ["first\n", "first\n", "second\n", "second\n", "notes\n", "notes\n"]);
}

#[test]
fn renaming_over_a_file_needs_an_answer() {
    let folder = folder();
    folder.write("work/other.txt", "other\n");
    let before = folder.snapshot("work");
    let mut probe = Probe::new();
    let work = probe.preopen();
    let mine = probe.open(work, "mine.txt", OpenMode::CREATE_NEW);
    probe.write(mine, "mine");
    probe.rename(work, "mine.txt", "notes.txt");
    probe.rename(work, "other.txt", "notes.txt");
    probe.unlink(work, "mine.txt");
    let approver = Script::refuse();
    let run = Scene::tool(&folder, probe.tool()).policy(asking()).approver(approver.clone()).run();
    assert_eq!(results(&run), ["open-at ok", "write ok", "rename-at access", "rename-at access", "unlink-file-at ok"]);
    assert_eq!(approver.asked().len(), 2);
    assert_eq!(folder.snapshot("work"), before);
}

#[test]
fn what_the_run_made_is_its_own_by_identity_and_not_by_name() {
    let folder = folder();
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "mine.txt", OpenMode::CREATE_NEW);
    // Created by the run, so there is nothing to ask.
    probe.open(work, "mine.txt", OpenMode::WRITE);
    probe.rename(work, "mine.txt", "still-mine.txt");
    probe.open(work, "still-mine.txt", OpenMode::TRUNCATE);
    probe.create_dir(work, "folder");
    probe.remove_dir(work, "folder");
    probe.unlink(work, "still-mine.txt");
    let approver = Script::refuse();
    let run = Scene::tool(&folder, probe.tool()).policy(asking()).approver(approver.clone()).run();
    assert!(results(&run).iter().all(|result| result.ends_with(" ok")), "{:?}", results(&run));
    assert!(approver.asked().is_empty());
}

#[test]
fn hard_link_to_a_foreign_file_does_not_make_it_ones_own() {
    let folder = folder();
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.link(work, "notes.txt", "linked.txt");
    probe.open(work, "linked.txt", OpenMode::TRUNCATE);
    probe.unlink(work, "linked.txt");
    let approver = Script::refuse();
    let run = Scene::tool(&folder, probe.tool()).policy(asking()).approver(approver.clone()).run();
    assert_eq!(folder.read("work/notes.txt"), "notes\n");
    let writes: Vec<String> = results(&run).into_iter().skip(1).collect();
    assert!(writes.iter().all(|result| !result.ends_with(" ok")), "{writes:?}");
}

#[test]
fn dots_through_a_renamed_folder_lead_where_the_guest_sees_them() {
    let folder = folder();
    folder.dir("work/a/b/c");
    let mut probe = Probe::new();
    let work = probe.preopen();
    let deep = probe.open(work, "a/b/c", OpenMode::DIR);
    probe.rename(work, "a/b/c", "c");
    // By its descriptor it is still three folders deep; on disk it is one.
    for path in
        ["../notes.txt", "../outside.txt", "../../outside.txt", "../../../outside.txt", "../../../../outside.txt"]
    {
        probe.open(deep, path, OpenMode::READ);
    }
    let run = run(&folder, POLICY, &probe);
    let opened: Vec<String> = results(&run).split_off(2);
    assert!(opened.iter().all(|result| result != "open-at ok"), "{opened:?}");
}

#[test]
fn denied_folder_stays_denied_under_another_parent() {
    let folder = folder();
    folder.write("work/parent/.env", CANARY);
    let mut probe = Probe::new();
    let work = probe.preopen();
    let parent = probe.open(work, "parent", OpenMode::DIR);
    probe.rename(work, "parent", "renamed");
    for path in [".env", "./.env", ".env/", "../renamed/.env", "../parent/.env"] {
        probe.open(parent, path, OpenMode::READ);
    }
    probe.open(work, "renamed/.env", OpenMode::READ);
    let run = run(&folder, POLICY, &probe);
    assert!(!results(&run).iter().skip(2).any(|result| result == "open-at ok"), "{:?}", results(&run));
    assert!(!String::from_utf8_lossy(&run.journal).contains(CANARY));
}

#[test]
fn reading_goes_through_links_to_what_they_lead_to() {
    let folder = folder();
    folder.link("work/sub/up", "../.env");
    folder.link("work/sub/chain", "up");
    folder.link("work/sub/self", ".");
    let mut probe = Probe::new();
    let work = probe.preopen();
    for path in ["sub/up", "sub/chain", "sub/self/up", "sub/self/self/self/chain", "link-env", "link-secret/key.txt"] {
        probe.open(work, path, OpenMode::READ);
        probe.stat(work, path);
    }
    probe.open(work, "sub/self/../notes.txt", OpenMode::READ);
    let run = run(&folder, POLICY, &probe);
    let mut results = results(&run);
    assert_eq!(results.pop().unwrap(), "open-at ok");
    assert!(results.iter().all(|result| result.ends_with(" access")), "{results:?}");
}

#[test]
fn what_is_spliced_into_the_output_is_what_the_descriptor_gives_and_replays() {
    let folder = folder();
    let mut probe = Probe::new();
    let work = probe.preopen();
    let file = probe.open(work, "notes.txt", OpenMode::READ);
    let from = probe.read_stream(file);
    let stdout = probe.stdout();
    probe.splice(stdout, from, 100);
    let run = run(&folder, POLICY, &probe);
    assert_eq!(run.stdout, "notes\n");
    assert_eq!(results(&run).last().unwrap(), "blocking-splice ok");
}

#[test]
fn splicing_between_files_stays_within_their_descriptors() {
    let folder = folder();
    let mut probe = Probe::new();
    let work = probe.preopen();
    let from = probe.open(work, "notes.txt", OpenMode::READ);
    let to = probe.open(work, "copy.txt", OpenMode::CREATE_NEW);
    let (input, output) = (probe.read_stream(from), probe.write_stream(to));
    probe.splice(output, input, 100);
    let back = probe.write_stream(from);
    probe.splice(back, input, 100);
    let run = run(&folder, POLICY, &probe);
    assert_eq!(folder.read("work/copy.txt"), "notes\n");
    assert_eq!(folder.read("work/notes.txt"), "notes\n");
    assert_eq!(run.effects(), ["file.create /work/copy.txt"]);
}

#[test]
fn each_denial_stands_in_the_journal_once_with_what_was_asked_for() {
    let folder = folder();
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, ".env", OpenMode::READ);
    probe.open(work, ".env", OpenMode::TRUNCATE);
    probe.unlink(work, "secret/key.txt");
    let run = run(&folder, POLICY, &probe);
    let calls = run.events_of("call");
    let denied: Vec<_> = calls
        .iter()
        .filter_map(|call| call["decision"].get("action"))
        .map(wasm_agent_tests::recorded::action)
        .collect();
    // A path through a denied folder is denied at the folder, whatever was to be done below it.
    assert_eq!(denied, ["file.read /work/.env", "file.modify (truncate) /work/.env", "file.read /work/secret"]);
}

/// One tree, granted twice: the whole, and a folder in it, which asks about these changes.
fn nested(outer: &str, inner: &str) -> String {
    let grant = |host: &str, ask: &str| {
        format!("[[filesystem]]\nhost = \"{host}\"\nguest = \"/{host}\"\naccess = \"write\"\nask = [{ask}]\n")
    };
    format!("{}{}", grant("work", outer), grant("work/sub", inner))
}

#[test]
fn folder_of_ones_own_takes_no_foreign_file_where_less_is_asked() {
    let folder = folder();
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.create_dir(work, "d");
    probe.link(work, "notes.txt", "d/linked.txt");
    probe.rename(work, "d", "sub/d");
    probe.open(work, "sub/d/linked.txt", OpenMode::TRUNCATE);
    let approver = Script::refuse();
    let policy = nested("\"modify\"", "");
    let run = Scene::tool(&folder, probe.tool()).policy(policy).approver(approver.clone()).run();
    assert_eq!(results(&run), ["create-directory-at ok", "link-at ok", "rename-at access", "open-at no-entry"]);
    assert_eq!(approver.asked().len(), 1);
    assert_eq!(folder.read("work/notes.txt"), "notes\n");
}

#[test]
fn open_folder_is_decided_about_by_the_name_it_has_now() {
    let folder = folder();
    folder.write("work/sub/victim.txt", "kept\n");
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.create_dir(work, "d");
    let held = probe.open(work, "d", OpenMode::DIR);
    probe.rename(work, "d", "sub/d");
    probe.link(work, "sub/victim.txt", "sub/d/linked.txt");
    probe.open(held, "linked.txt", OpenMode::TRUNCATE);
    let approver = Script::refuse();
    let policy = nested("", "\"modify\"");
    let run = Scene::tool(&folder, probe.tool()).policy(policy).approver(approver.clone()).run();
    assert_eq!(results(&run), ["create-directory-at ok", "open-at ok", "rename-at ok", "link-at ok", "open-at access"]);
    assert_eq!(approver.asked().len(), 1);
    assert_eq!(folder.read("work/sub/victim.txt"), "kept\n");
}
