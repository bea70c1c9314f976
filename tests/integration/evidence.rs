//! What the journal says beyond calls and effects: which file a link led to, and what was lost.

use serde_json::{Value, json};
use wasm_agent_tests::approver::ApproveAfter;
use wasm_agent_tests::{Folder, OpenMode, Probe, Recorded, Scene, Script};

const POLICY: &str = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\n";

/// A file whose contents are too long to be digested, in bytes.
const LONG: u64 = (64 << 20) + 1;

fn run(folder: &Folder, probe: &Probe) -> Recorded {
    Scene::tool(folder, probe.tool()).policy(POLICY).approver(Script::approve()).run()
}

/// What each decision was about, where the record says it.
fn decided(run: &Recorded) -> Vec<Value> {
    run.events_of("call")
        .iter()
        .filter(|call| call.get("decision").is_some())
        .map(|call| call["decision"]["action"]["path"].clone())
        .collect()
}

fn before(run: &Recorded) -> Vec<Value> {
    run.events_of("intent").iter().map(|intent| intent["before"].clone()).collect()
}

fn file(contents: &str) -> Value {
    json!({ "length": contents.len(), "blake3": blake3::hash(contents.as_bytes()).to_hex().to_string() })
}

#[test]
fn path_that_a_link_leads_to_is_named_and_no_other() {
    let folder = Folder::with([("work/real/a.md", "a"), ("work/b.md", "b")]);
    folder.link("work/link", "real");
    folder.link("work/b", "b.md");
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "b.md", OpenMode::READ);
    probe.open(work, "real/../b.md", OpenMode::READ);
    probe.open(work, "link/a.md", OpenMode::READ);
    probe.stat(work, "b");
    let held = probe.open(work, "link", OpenMode::DIR);
    probe.open(held, "a.md", OpenMode::READ);
    let run = run(&folder, &probe);
    let (told, real, linked) = (Value::Null, json!("/work/real/a.md"), json!("/work/real"));
    assert_eq!(decided(&run), [told.clone(), told.clone(), real, json!("/work/b.md"), linked, told]);
    run.replays_identically();
}

#[test]
fn intent_says_what_is_lost() {
    let folder = Folder::with([("work/a.md", "first"), ("work/b.md", "second"), ("work/c.md", "third")]);
    std::fs::File::create(folder.path("work/long")).unwrap().set_len(LONG).unwrap();
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "a.md", OpenMode::TRUNCATE);
    probe.rename(work, "a.md", "b.md");
    probe.unlink(work, "c.md");
    probe.unlink(work, "long");
    let run = run(&folder, &probe);
    assert_eq!(before(&run), [file("first"), file("second"), file("third"), json!({ "length": LONG, "blake3": null })]);
}

#[test]
fn intent_says_nothing_of_what_is_not_lost_or_is_the_runs_own() {
    let folder = Folder::with([("work/a.md", "first")]);
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "new.md", OpenMode::CREATE);
    probe.open(work, "new.md", OpenMode::TRUNCATE);
    probe.rename(work, "a.md", "b.md");
    probe.unlink(work, "new.md");
    probe.create_dir(work, "d");
    probe.remove_dir(work, "d");
    let run = run(&folder, &probe);
    assert_eq!(before(&run), vec![Value::Null; 6]);
}

#[test]
fn what_a_file_was_is_looked_at_after_the_answer() {
    let folder = Folder::with([("work/a.md", "first")]);
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.unlink(work, "a.md");
    let path = folder.path("work/a.md");
    let approver = ApproveAfter::new(move |_| std::fs::write(&path, "changed meanwhile").unwrap());
    let run = Scene::tool(&folder, probe.tool()).policy(POLICY).approver(approver).run();
    assert_eq!(before(&run), [file("changed meanwhile")]);
}
