//! One tool and one policy, many runs: what one run was allowed, made or remembered is nothing to the next.

use std::sync::Arc;

use serde_json::Value;
use wasm_agent_host::journal::{Event, to_json};
use wasm_agent_host::{Grants, Invocation, Outcome, Run, RunReport, Tool};
use wasm_agent_tests::approver::Reply;
use wasm_agent_tests::recorded::records;
use wasm_agent_tests::store::Memory;
use wasm_agent_tests::{Folder, OpenMode, Probe, Scene, Script, Sent, guests};

fn grants(folder: &Folder) -> Arc<Grants> {
    folder
        .write("policy.toml", "version = 1\n[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\n");
    Arc::new(Grants::load(&folder.path("policy.toml"), &|_| None).unwrap())
}

fn run(tool: &Tool, grants: &Arc<Grants>, approver: &Arc<Script>) -> (RunReport, Memory) {
    let store = Memory::default();
    let run = Run::new(tool, Arc::clone(grants), Invocation::command(tool).unwrap()).unwrap();
    (run.approver(approver.clone()).execute_blocking(store.clone()).unwrap(), store)
}

#[test]
fn approval_for_a_run_ends_with_it() {
    let folder = Folder::with([("work/a.txt", "a")]);
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "a.txt", OpenMode::WRITE);
    let (tool, grants) = (probe.tool(), grants(&folder));
    let approver = Script::new([Reply::ApproveForRun]);
    for runs in 1..=3 {
        run(&tool, &grants, &approver);
        assert_eq!(approver.asked().len(), runs);
    }
    let asked = approver.asked();
    assert_eq!(asked[0].action.digest, asked[1].action.digest);
    assert_ne!(asked[0].run, asked[1].run);
}

#[test]
fn what_one_run_made_is_foreign_to_the_next() {
    let folder = Folder::with([("work/a.txt", "a")]);
    let grants = grants(&folder);
    let approver = Script::refuse();
    let mut make = Probe::new();
    let work = make.preopen();
    make.open(work, "made.txt", OpenMode::CREATE_NEW);
    run(&make.tool(), &grants, &approver);
    assert!(approver.asked().is_empty());
    let mut change = Probe::new();
    let work = change.preopen();
    change.open(work, "made.txt", OpenMode::TRUNCATE);
    change.unlink(work, "made.txt");
    run(&change.tool(), &grants, &approver);
    assert_eq!(approver.summaries(), ["file.modify (truncate) /work/made.txt", "file.delete /work/made.txt"]);
    assert!(folder.has("work/made.txt"));
}

#[test]
fn run_that_traps_spoils_nothing_for_the_next() {
    let folder = Folder::with([("work/a.txt", "a")]);
    let grants = grants(&folder);
    let trap = guests::from_text(
        "trap.wasm",
        &wasm_agent_tests::wat::alone(r#"(func (export "run") (result i32) unreachable)"#),
    );
    let (first, _) = run(&trap, &grants, &Script::refuse());
    assert!(matches!(first.outcome, Outcome::Trapped { .. }));
    let mut probe = Probe::new();
    let work = probe.preopen();
    probe.open(work, "a.txt", OpenMode::READ);
    let (second, _) = run(&probe.tool(), &grants, &Script::refuse());
    assert_eq!(second.outcome, Outcome::Exited(0));
    assert_ne!(first.run, second.run);
}

#[test]
fn journal_is_the_same_however_many_runs_came_before() {
    let folder = Folder::with([("work/a.txt", "what is read")]);
    let grants = grants(&folder);
    let mut probe = Probe::new();
    let work = probe.preopen();
    let file = probe.open(work, "a.txt", OpenMode::READ);
    probe.read(file, 64);
    let made = probe.open(work, "made.txt", OpenMode::CREATE_NEW);
    probe.write(made, "what is written");
    probe.unlink(work, "made.txt");
    let tool = probe.tool();
    let once = || {
        let (report, store) = run(&tool, &grants, &Script::refuse());
        assert_eq!(report.outcome, Outcome::Exited(0));
        timeless(&store.bytes())
    };
    let first = once();
    assert!(first.len() > 15, "{first:#?}");
    leaves_a_request_under_way();
    for number in 2..=300 {
        assert_eq!(once(), first, "run {number}");
    }
}

/// A run that ends while a request of it waits for a server that never answers.
fn leaves_a_request_under_way() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let authority = listener.local_addr().unwrap().to_string();
    let mut probe = Probe::new();
    probe.send(Sent { method: "GET", authority: &authority, path: "/", headers: &[] });
    let policy = format!("[[http]]\nurl = \"http://{authority}/**\"\nnetworks = [\"127.0.0.0/8\"]\n");
    Scene::tool(&Folder::new(), probe.tool()).policy(policy).run().exited(0);
}

/// The records of a journal, but for the run's identifier, its times, and what depends on them: where a record lies,
/// and its hash.
fn timeless(journal: &[u8]) -> Vec<Value> {
    let of_this_run = ["at_ns", "duration_ns", "started_ns", "run", "offset", "hash"];
    let mut events: Vec<Value> = records(journal).iter().map(to_json).collect();
    for fields in events.iter_mut().filter_map(Value::as_object_mut) {
        of_this_run.iter().for_each(|field| drop(fields.remove(*field)));
    }
    events
}

#[test]
fn header_says_what_the_run_was_given() {
    let folder = Folder::with([("work/a.txt", "a")]);
    let tool = guests::tool("count-words");
    let grants = grants(&folder);
    let (report, store) = run(&tool, &grants, &Script::refuse());
    let records = records(&store.bytes());
    let Event::Header(header) = &records[0].event else { panic!("{:?}", records[0]) };
    assert_eq!(header.run_id, report.run);
    assert_eq!(header.component_sha256, tool.sha256());
    assert_eq!(header.component_name, "count-words.wasm");
    assert_eq!(header.policy_text, folder.read("policy.toml"));
    assert_eq!(header.arguments, ["count-words.wasm"]);
    assert_eq!(header.approver, "script");
    assert!(header.limits.iter().any(|(name, value)| name == "memory-bytes" && *value == 256 << 20));
}

#[test]
fn same_contents_are_kept_once() {
    let folder = Folder::new();
    let contents = vec![b'x'; 64 << 10].repeat(32);
    folder.write("work/large.bin", &contents);
    let policy = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\n";
    let run = Scene::guest(&folder, "bench").policy(policy).arguments(["read", "/work/large.bin"]);
    // What it prints is a time, so the replay is compared by its calls.
    let run = run.run();
    run.exited(0);
    assert!(run.journal.len() < contents.len() / 4, "{} bytes for {}", run.journal.len(), contents.len());
}

#[test]
fn large_contents_survive_the_journal() {
    let folder = Folder::new();
    let contents: Vec<u8> = (0..3_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    folder.write("work/large.bin", &contents);
    let policy = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\n";
    Scene::guest(&folder, "bench").policy(policy).arguments(["read", "/work/large.bin"]).run().exited(0);
}

#[test]
fn what_is_written_is_what_is_in_the_file() {
    let folder = Folder::with([("work/keep", "")]);
    let policy = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\n";
    let run = Scene::guest(&folder, "bench").policy(policy).arguments(["write", "/work/new.bin", "2"]).run();
    run.exited(0);
    assert_eq!(std::fs::read(folder.path("work/new.bin")).unwrap(), vec![0x5a; 2 << 20]);
    assert_eq!(run.effects(), ["file.create /work/new.bin"]);
    // The guest has the bytes again in a replay, so the journal has their digests only.
    assert!(run.journal.len() < 64 << 10, "{}", run.journal.len());
}
