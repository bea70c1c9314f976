//! Replays that are watched: every call with its contents, and an end where the watcher wants it.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use minicbor::Decoder;
use wasm_agent_host::{Capture, Observer, Recording, ReplayError, ReplayFailure, Replayed, Stream};
use wasm_agent_tests::{Folder, OpenMode, Probe, Recorded, Scene, Script, guests, wat};

/// What a watcher saw of one call.
#[derive(Clone, Debug)]
struct Seen {
    call: u64,
    function: String,
    intent: Option<String>,
    arguments: Vec<u8>,
}

/// Notes every call, up to the one with this number.
struct Watcher {
    until: Option<u64>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Observer for Watcher {
    fn answered(&mut self, replayed: &Replayed<'_>) -> ControlFlow<()> {
        let call = replayed.call;
        self.seen.lock().unwrap().push(Seen {
            call: call.seq.0,
            function: call.function.name.clone(),
            intent: replayed.intent.map(str::to_owned),
            arguments: replayed.arguments(),
        });
        if self.until == Some(call.seq.0) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Replays a run up to a call, and says what was seen, what was printed, and how it ended.
fn watch(run: &Recorded, until: Option<u64>) -> (Vec<Seen>, String, Option<ReplayFailure>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let output = Arc::new(Capture::default());
    let watcher = Watcher { until, seen: Arc::clone(&seen) };
    let recording = Recording::open(std::io::Cursor::new(run.journal.clone())).unwrap();
    let ended = recording.observe(Box::new(watcher)).replay_blocking(&run.tool, output.clone());
    let seen = seen.lock().unwrap().clone();
    (seen, String::from_utf8(output.contents(Stream::Stdout)).unwrap(), ended.err())
}

#[test]
fn watcher_sees_every_call_in_order_with_the_contents_that_the_journal_leaves_out() {
    let contents = "x".repeat(5000);
    let folder = Folder::new();
    folder.dir("work");
    let mut probe = Probe::new();
    let work = probe.preopen();
    let file = probe.open(work, "a.txt", OpenMode::CREATE);
    probe.write(file, &contents);
    let policy = "[[filesystem]]\nhost = \"work\"\nguest = \"/work\"\naccess = \"write\"\n";
    let run = Scene::tool(&folder, probe.tool()).policy(policy).run();
    let (seen, _, failure) = watch(&run, None);
    assert!(failure.is_none(), "{failure:?}");
    assert!(seen.iter().map(|seen| seen.call).eq(0..run.report.calls));
    let written = seen.iter().find(|seen| seen.function.ends_with("descriptor.write")).unwrap();
    let mut arguments = Decoder::new(&written.arguments);
    assert_eq!(arguments.array().unwrap(), Some(3));
    arguments.u64().unwrap();
    assert_eq!(arguments.bytes().unwrap(), contents.as_bytes());
    assert!(run.journal.len() < contents.len());
}

#[test]
fn replay_ends_after_the_call_that_the_watcher_ends_it_at() {
    let run = Scene::tool(&Folder::new(), guests::from_text("clock.wasm", &wat::clock_calls(5))).run();
    for until in 0..5 {
        let (seen, _, failure) = watch(&run, Some(until));
        assert_eq!(seen.len() as u64, until + 1);
        let Some(ReplayFailure::Replay(halted)) = failure else { panic!("{failure:?}") };
        assert_eq!(halted, ReplayError::Halted { call: until });
    }
}

#[test]
fn what_the_last_answered_call_prints_is_printed() {
    let run = Scene::tool(&Folder::new(), guests::from_text("print.wasm", &wat::preview1_print("hello"))).run();
    let (seen, all, _) = watch(&run, None);
    assert_eq!(all, "hello");
    let printed =
        seen.iter().position(|seen| seen.function.contains("output-stream.") && seen.function.contains("write"));
    let printed = seen.iter().rposition(|seen| seen.function.ends_with("write-and-flush")).or(printed).unwrap() as u64;
    assert_eq!(watch(&run, Some(printed)).1, "hello");
    assert_eq!(watch(&run, Some(printed - 1)).1, "");
}

#[test]
fn reason_is_in_force_from_the_call_that_declares_it() {
    let folder = Folder::with([("notes/a.md", "colour\n")]);
    let run = Scene::guest(&folder, "edit-files")
        .policy_of("edit-files", &[])
        .arguments(["/notes", "colour", "color"])
        .approver(Script::approve())
        .run();
    let (seen, _, failure) = watch(&run, None);
    assert!(failure.is_none(), "{failure:?}");
    let declared = seen.iter().position(|seen| seen.function.ends_with("#declare")).unwrap();
    assert!(seen[..declared].iter().all(|seen| seen.intent.is_none()));
    assert!(seen[declared..].iter().all(|seen| seen.intent.is_some()));
}
