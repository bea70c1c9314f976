//! Journals that can't be written: the run ends, and nothing happened that the journal does not announce.
//!
//! A small run is made again and again, each time with the next write or sync of its journal failing, until one is made
//! in which nothing fails.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::PathBuf;
use std::sync::Arc;

use wasm_agent_host::journal::{Event, Fsync, Intent, ReadError, Reader, Record, to_json, verify};
use wasm_agent_host::{Capture, ReplayError, ReplayFailure, RunError, chain};
use wasm_agent_tests::recorded::replay;
use wasm_agent_tests::scene::Attempt;
use wasm_agent_tests::server::answer;
use wasm_agent_tests::store::{Memory, Taken};
use wasm_agent_tests::{Folder, OpenMode, Probe, Scene, Script, Server};

/// More writes and syncs than any run here makes.
const OPERATIONS_MAX: u64 = 500;

/// Makes a run fail at each operation of its journal in turn; `check` is told what was left each time.
fn fail_each(mut run: impl FnMut(&Memory) -> Attempt, check: impl Fn(&Memory, &Attempt)) {
    for taken in [Taken::Nothing, Taken::Half, Taken::NearlyAll] {
        fail_each_taking(taken, &mut run, &check);
    }
}

fn fail_each_taking(taken: Taken, run: &mut impl FnMut(&Memory) -> Attempt, check: &impl Fn(&Memory, &Attempt)) {
    for operation in 0..OPERATIONS_MAX {
        let store = Memory::failing_at(operation, taken);
        let attempt = run(&store);
        check(&store, &attempt);
        is_cut_off_at_most(&attempt.journal);
        if !store.has_failed() {
            assert!(operation > 5, "the run writes its journal in {operation} operations");
            attempt.report.unwrap();
            return;
        }
        let error = attempt.report.as_ref().expect_err("the run went on without its journal");
        assert!(matches!(error, RunError::Journal { .. }), "operation {operation}: {error:?}");
        assert!(chain(error).starts_with("cannot write journal: "), "{error:?}");
    }
    panic!("no run in which nothing fails");
}

/// A journal that could not be written on is no changed one: it verifies as far as it goes.
fn is_cut_off_at_most(journal: &[u8]) {
    match verify(Cursor::new(journal)) {
        Ok(_) | Err(ReadError::NoHeader { .. } | ReadError::NotAJournal { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Whole records of what was written, however it ends.
fn records(bytes: &[u8]) -> Vec<Record> {
    let Ok(mut reader) = Reader::open(Cursor::new(bytes)) else { return Vec::new() };
    let mut records = Vec::new();
    while let Ok(Some(record)) = reader.next() {
        records.push(record);
    }
    records
}

fn intents(bytes: &[u8]) -> Vec<Intent> {
    let records = records(bytes).into_iter();
    records.filter_map(|record| if let Event::Intent(intent) = record.event { Some(*intent) } else { None }).collect()
}

/// Paths that the intents of a journal speak of, below `/work`.
fn announced(bytes: &[u8]) -> BTreeSet<PathBuf> {
    let mut paths = BTreeSet::new();
    for record in records(bytes) {
        if !matches!(record.event, Event::Intent(_)) {
            continue;
        }
        let json = to_json(&record);
        for key in ["path", "from", "to"] {
            if let Some(path) = json["action"][key].as_str() {
                paths.insert(PathBuf::from(path.trim_start_matches("/work/")));
            }
        }
    }
    paths
}

fn changed(
    folder: &Folder,
    before: &std::collections::BTreeMap<PathBuf, wasm_agent_tests::folder::Entry>,
) -> BTreeSet<PathBuf> {
    let after = folder.snapshot("work");
    let names = before.keys().chain(after.keys());
    names.filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

const POLICY: &str = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\n";

fn work() -> Folder {
    Folder::with([
        ("work/a.txt", "colour one\n"),
        ("work/b.txt", "colour two\n"),
        ("work/old.txt", "old\n"),
        ("work/gone.txt", "gone\n"),
    ])
}

/// Every kind of effect on files, once.
fn every_effect() -> Probe {
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.create_dir(work, "dir");
    let new = probe.open(work, "dir/new.txt", OpenMode::CREATE_NEW);
    probe.write(new, "new");
    probe.open(work, "a.txt", OpenMode::TRUNCATE);
    let changed = probe.open(work, "b.txt", OpenMode::WRITE);
    probe.write(changed, "changed");
    probe.rename(work, "old.txt", "renamed.txt");
    probe.unlink(work, "gone.txt");
    probe.symlink(work, "a.txt", "link");
    probe.touch(work, "b.txt");
    probe.unlink(work, "dir/new.txt");
    probe.remove_dir(work, "dir");
    probe
}

#[test]
fn no_effect_on_files_without_its_intent() {
    let tool = every_effect().tool();
    for fsync in [Fsync::Effects, Fsync::All, Fsync::None] {
        // The folder is made anew for each run; what it was before is always the same.
        let folder = std::cell::RefCell::new(work());
        let before = folder.borrow().snapshot("work");
        fail_each(
            |store| {
                *folder.borrow_mut() = work();
                Scene::tool(&folder.borrow(), tool.clone())
                    .policy(POLICY)
                    .approver(Script::approve())
                    .fsync(fsync)
                    .attempt(store)
            },
            |store, attempt| {
                let announced = announced(&attempt.journal);
                let changed = changed(&folder.borrow(), &before);
                assert!(changed.is_subset(&announced), "{changed:?} changed, {announced:?} announced");
                assert!(attempt.report.is_err() || changed.len() >= 6, "{changed:?}");
                irreversible_is_durable(store, attempt, fsync, changed.len());
            },
        );
    }
}

/// What can't be undone happened only once its intent was on the disk, unless the operator gave that up.
fn irreversible_is_durable(store: &Memory, attempt: &Attempt, fsync: Fsync, changed: usize) {
    if matches!(fsync, Fsync::None) {
        return;
    }
    let durable = &attempt.journal[..store.synced()];
    let kept = intents(durable).len();
    let written = intents(&attempt.journal);
    let lost = &written[kept..];
    let reversible = lost.iter().filter(|intent| !intent.irreversible).count();
    // An intent whose sync failed is the last, and what it announces did not happen.
    assert!(lost.len() - reversible <= 1, "{} intents were not synced", lost.len());
    assert!(changed <= 2 * (kept + reversible), "{changed} changes, {kept} intents on the disk");
}

#[test]
fn tool_that_asks_leaves_files_as_they_are_where_the_answer_can_not_be_recorded() {
    let folder = std::cell::RefCell::new(work());
    let before = folder.borrow().snapshot("work");
    fail_each(
        |store| {
            *folder.borrow_mut() = work();
            Scene::guest(&folder.borrow(), "edit-files")
                .policy(POLICY)
                .arguments(["/work", "colour", "color"])
                .approver(Script::approve())
                .attempt(store)
        },
        |_, attempt| {
            let changed = changed(&folder.borrow(), &before);
            assert!(changed.is_subset(&announced(&attempt.journal)), "{changed:?}");
            assert!(attempt.report.is_err() || changed.len() == 2, "{changed:?}");
        },
    );
}

#[test]
fn no_request_leaves_without_its_intent() {
    let server = Server::http(|_| answer(201, r#"{"number": 7, "html_url": "https://example.test/7"}"#));
    let policy = format!(
        "[[http]]\nurl = \"{}\"\nmethods = [\"POST\"]\nnetworks = [\"127.0.0.0/8\"]\n\
         [environment]\nset = {{ ISSUES_URL = \"{}\" }}\n",
        server.url("/repos/**"),
        server.url("")
    );
    let folder = Folder::new();
    let sent_before = std::cell::Cell::new(0);
    fail_each(
        |store| {
            sent_before.set(server.connections());
            Scene::guest(&folder, "open-issue")
                .policy(&policy)
                .call(r#"open-issue({repository: "acme/site", title: "t", body: "b", labels: []})"#)
                .approver(Script::approve())
                .attempt(store)
        },
        |store, attempt| {
            let sent = server.connections() - sent_before.get();
            let announced = intents(&attempt.journal[..store.synced()]).len();
            assert!(sent <= announced, "{sent} requests, {announced} announced on the disk");
            assert!(attempt.report.is_err() || sent == 1, "{sent} requests");
        },
    );
}

#[test]
fn what_was_written_before_the_failure_still_reads_and_replays_that_far() {
    let tool = every_effect().tool();
    let folder = std::cell::RefCell::new(work());
    fail_each(
        |store| {
            *folder.borrow_mut() = work();
            Scene::tool(&folder.borrow(), tool.clone()).policy(POLICY).approver(Script::approve()).attempt(store)
        },
        |store, attempt| {
            let result = replay(&attempt.journal, &tool, &Arc::new(Capture::default()));
            match result {
                Ok(_) => assert!(records(&attempt.journal).iter().any(|record| matches!(record.event, Event::End(_)))),
                Err(ReplayFailure::Replay(ReplayError::Incomplete { .. })) => assert!(store.has_failed()),
                Err(ReplayFailure::Replay(ReplayError::Journal { message })) => {
                    assert!(Reader::open(Cursor::new(&attempt.journal)).is_err(), "{message}");
                }
                Err(other) => panic!("{other:?}"),
            }
        },
    );
}

#[test]
fn full_disk_ends_the_run() {
    let folder = work();
    let before = folder.snapshot("work");
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let run = Scene::tool(&folder, every_effect().tool()).policy(POLICY).approver(Script::approve()).set_up().unwrap();
    let error = run.execute_blocking(full).unwrap_err();
    assert!(chain(&error).contains("No space left on device"), "{error:?}");
    assert_eq!(folder.snapshot("work"), before);
}
