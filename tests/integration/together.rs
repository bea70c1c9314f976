//! Runs that share an event loop, and are followed and stopped from outside.

use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use wasm_agent_host::approval::{Answer, AnswerFuture, ApprovalRequest, Approver, Remember, Settled};
use wasm_agent_host::{Outcome, Run, RunError, Stage};
use wasm_agent_tests::approver::Reply;
use wasm_agent_tests::store::Memory;
use wasm_agent_tests::{Folder, Probe, Recorded, Scene, Script, Sent, Server};

const NOTES: &str = "[[filesystem]]\nhost = \"notes\"\nguest = \"/notes\"\naccess = \"write\"\n";

/// Approves as often as the test lets it.
struct Held(Semaphore);

impl Approver for Held {
    fn name(&self) -> String {
        "held".to_owned()
    }

    fn ask<'a>(&'a self, _: &'a ApprovalRequest) -> AnswerFuture<'a> {
        Box::pin(async {
            self.0.acquire().await.unwrap().forget();
            Ok(Settled {
                answer: Answer::Approve { remember: Remember::Once },
                approver: "ann".to_owned(),
                reason: None,
            })
        })
    }
}

fn event_loop() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A folder with a note, and a probe that deletes it.
fn deletion() -> (Folder, Probe) {
    let folder = Folder::new();
    folder.write("notes/a.md", "a");
    let mut probe = Probe::new();
    let notes = probe.preopen();
    probe.unlink(notes, "a.md");
    (folder, probe)
}

fn recorded(probe: &Probe, report: wasm_agent_host::RunReport, store: &Memory) -> Recorded {
    let run = Recorded::new(probe.tool(), report, store.bytes(), String::new(), String::new());
    wasm_agent_tests::invariants::assert_hold(&run);
    run.replays_identically();
    run
}

#[test]
fn many_runs_wait_for_a_person_on_one_thread() {
    const RUNS: usize = 500;
    let approver = Arc::new(Held(Semaphore::new(0)));
    let scenes: Vec<(Folder, Probe)> = (0..RUNS).map(|_| deletion()).collect();
    let runs: Vec<(Run, Memory)> = scenes
        .iter()
        .map(|(folder, probe)| {
            let run = Scene::tool(folder, probe.tool()).policy(NOTES).approver(approver.clone()).set_up().unwrap();
            (run, Memory::default())
        })
        .collect();
    let reports = event_loop().block_on(async {
        let mut handles: Vec<_> = runs.iter().map(|(run, _)| run.handle()).collect();
        let tasks: Vec<_> = runs
            .into_iter()
            .map(|(run, store)| tokio::spawn(async move { (run.execute(store.clone()).await, store) }))
            .collect();
        for handle in &mut handles {
            while handle.progress().asking.is_empty() {
                handle.changed().await.unwrap();
            }
        }
        // All of them are held now, each with its tool in the middle of a call.
        assert!(scenes.iter().all(|(folder, _)| folder.path("notes/a.md").exists()));
        approver.0.add_permits(RUNS);
        let mut reports = Vec::new();
        for task in tasks {
            reports.push(task.await.unwrap());
        }
        assert!(handles.iter().all(|handle| handle.progress().stage == Stage::Ended));
        reports
    });
    assert_eq!(reports.len(), RUNS);
    for ((folder, probe), (report, store)) in scenes.iter().zip(reports) {
        let run = recorded(probe, report.unwrap(), &store);
        run.exited(0);
        assert_eq!(run.effects(), ["file.delete /notes/a.md"]);
        assert!(!folder.path("notes/a.md").exists());
    }
}

#[test]
fn a_run_is_followed_from_its_beginning_to_its_end() {
    let (folder, probe) = deletion();
    let approver = Arc::new(Held(Semaphore::new(0)));
    let run = Scene::tool(&folder, probe.tool()).policy(NOTES).approver(approver.clone()).set_up().unwrap();
    let mut handle = run.handle();
    assert_eq!((handle.progress().stage, handle.calls()), (Stage::Ready, 0));
    assert_eq!(handle.id(), run.id());
    let store = Memory::default();
    let report = event_loop().block_on(async {
        let task = tokio::spawn(run.execute(store.clone()));
        let asking = loop {
            let progress = handle.changed().await.unwrap();
            assert_eq!(progress.stage, Stage::Running);
            if !progress.asking.is_empty() {
                break progress.asking;
            }
        };
        assert_eq!(asking.iter().map(|action| &**action).collect::<Vec<_>>(), ["file.delete /notes/a.md"]);
        approver.0.add_permits(1);
        while handle.changed().await.is_some() {}
        let progress = handle.progress();
        assert!(progress.stage == Stage::Ended && progress.asking.is_empty());
        task.await.unwrap()
    });
    let run = recorded(&probe, report.unwrap(), &store);
    run.exited(0);
    assert_eq!(handle.calls(), run.report.calls);
}

fn cancelled(reason: &str) -> Outcome {
    Outcome::Cancelled { reason: reason.to_owned() }
}

#[test]
fn a_run_is_stopped_before_it_begins() {
    let (folder, probe) = deletion();
    let run = Scene::tool(&folder, probe.tool()).policy(NOTES).approver(Script::approve()).set_up().unwrap();
    run.handle().stop("not today");
    let store = Memory::default();
    let report = event_loop().block_on(run.execute(store.clone())).unwrap();
    assert_eq!(report.outcome, cancelled("not today"));
    assert_eq!(recorded(&probe, report, &store).report.calls, 0);
    assert!(folder.path("notes/a.md").exists());
}

#[test]
fn a_run_is_stopped_while_it_computes() {
    let folder = Folder::new();
    let mut probe = Probe::new();
    probe.compute(4_000_000_000);
    let run = Scene::tool(&folder, probe.tool()).set_up().unwrap();
    let handle = run.handle();
    let store = Memory::default();
    let report = event_loop().block_on(async {
        let task = tokio::spawn(run.execute(store.clone()));
        // The run gives way while it computes, or this would not go on.
        let mut seen = handle.clone();
        while seen.progress().stage != Stage::Running {
            seen.changed().await.unwrap();
        }
        tokio::task::yield_now().await;
        handle.stop("enough");
        task.await.unwrap().unwrap()
    });
    assert_eq!(report.outcome, cancelled("enough"));
    recorded(&probe, report, &store);
}

#[test]
fn a_run_is_stopped_while_it_waits_for_an_answer() {
    let (folder, probe) = deletion();
    let silent = Script::new([Reply::Silence]);
    let run = Scene::tool(&folder, probe.tool()).policy(NOTES).approver(silent).set_up().unwrap();
    let mut handle = run.handle();
    let store = Memory::default();
    let report = event_loop().block_on(async {
        let task = tokio::spawn(run.execute(store.clone()));
        while handle.progress().asking.is_empty() {
            handle.changed().await.unwrap();
        }
        handle.stop("nobody is there");
        task.await.unwrap().unwrap()
    });
    assert_eq!(report.outcome, cancelled("nobody is there"));
    let run = recorded(&probe, report, &store);
    assert!(run.effects().is_empty() && folder.path("notes/a.md").exists());
}

#[test]
fn what_is_under_way_at_the_end_of_a_run_is_in_its_journal() {
    let server = Server::text("ok");
    let authority = server.address().to_string();
    let folder = Folder::new();
    let mut probe = Probe::new();
    for path in ["/a", "/b", "/c"] {
        probe.send(Sent { method: "GET", authority: &authority, path, headers: &[] });
    }
    let policy = format!("[[http]]\nurl = \"http://{authority}/**\"\nnetworks = [\"127.0.0.0/8\"]\n");
    let run = Scene::tool(&folder, probe.tool()).policy(policy).set_up().unwrap();
    let store = Memory::default();
    let report = event_loop().block_on(async { tokio::spawn(run.execute(store.clone())).await.unwrap() });
    let run = recorded(&probe, report.unwrap(), &store);
    run.exited(0);
    assert_eq!(run.events_of("intent").len(), run.events_of("outcome").len());
}

#[test]
fn a_run_that_is_dropped_leaves_a_journal_like_that_of_a_killed_one() {
    let (folder, probe) = deletion();
    let silent = Script::new([Reply::Silence]);
    let run = Scene::tool(&folder, probe.tool()).policy(NOTES).approver(silent).set_up().unwrap();
    let mut handle = run.handle();
    let store = Memory::default();
    event_loop().block_on(async {
        let task = tokio::spawn(run.execute(store.clone()));
        while handle.progress().asking.is_empty() {
            handle.changed().await.unwrap();
        }
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    });
    assert_eq!(handle.progress().stage, Stage::Ended);
    let names: Vec<String> = wasm_agent_tests::recorded::records(&store.bytes())
        .iter()
        .map(|record| wasm_agent_host::journal::to_json(record)["event"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.contains(&"approval-asked".to_owned()) && !names.contains(&"end".to_owned()), "{names:?}");
    assert!(folder.path("notes/a.md").exists());
}

#[test]
fn a_thread_with_an_event_loop_is_not_blocked() {
    let (folder, probe) = deletion();
    let run = || Scene::tool(&folder, probe.tool()).policy(NOTES).set_up().unwrap();
    let refused = event_loop().block_on(async { run().execute_blocking(Memory::default()) });
    assert!(matches!(refused, Err(RunError::Start { .. })), "{refused:?}");
    assert!(run().execute_blocking(Memory::default()).is_ok());
}
