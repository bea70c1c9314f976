//! `edit-files`: changes real files, asks before it does, and leaves alone what it may not touch.

use wasm_agent_host::Outcome;
use wasm_agent_host::approval::{Detail, RefuseAll};
use wasm_agent_tests::approver::Reply;
use wasm_agent_tests::{Folder, OpenMode, Probe, Recorded, Scene, Script};

const POLICY: &str = r#"
[[filesystem]]
host = "notes"
guest = "/notes"
access = "write"
deny = ["**/.git/**", "**/.env"]
"#;

fn notes() -> Folder {
    Folder::with([
        ("notes/a.md", "the colour red\nno change\ncolour colour\n"),
        ("notes/deep/b.md", "a colour\n"),
        ("notes/other.md", "nothing here\n"),
        ("notes/.env", "colour=secret\n"),
        ("notes/.git/config", "colour\n"),
    ])
}

fn edit<'f>(folder: &'f Folder) -> Scene<'f> {
    Scene::guest(folder, "edit-files").policy(POLICY).arguments(["/notes", "colour", "color"])
}

#[test]
fn changes_what_is_approved_and_nothing_else() {
    let folder = notes();
    let approver = Script::approve();
    let run = edit(&folder).approver(approver.clone()).run();
    run.exited(0);
    assert_eq!(folder.read("notes/a.md"), "the color red\nno change\ncolor color\n");
    assert_eq!(folder.read("notes/deep/b.md"), "a color\n");
    assert_eq!(folder.read("notes/other.md"), "nothing here\n");
    assert_eq!(folder.read("notes/.env"), "colour=secret\n");
    assert_eq!(folder.read("notes/.git/config"), "colour\n");
    assert_eq!(approver.summaries(), ["file.modify (truncate) /notes/a.md", "file.modify (truncate) /notes/deep/b.md"]);
    assert_eq!(run.effects(), approver.summaries());
    assert!(run.stdout.ends_with("4 replacements in 2 files, 0 files left as they were\n"), "{}", run.stdout);
    assert_eq!(run.denials(), ["deny-pattern"]);
}

#[test]
fn works_under_its_own_policy() {
    let folder = notes();
    let run = edit(&folder).policy_of("edit-files", &[]).approver(Script::approve()).run();
    run.exited(0);
    assert_eq!(folder.read("notes/deep/b.md"), "a color\n");
}

#[test]
fn tells_the_approver_what_and_why() {
    let folder = notes();
    let approver = Script::approve();
    edit(&folder).approver(approver.clone()).run();
    let request = &approver.asked()[0];
    assert_eq!(request.intent.as_deref(), Some("to replace `colour` by `color` below /notes"));
    assert_eq!(request.component.name, "edit-files.wasm");
    assert!(request.grant.as_deref().unwrap().contains("(line 3)"), "{:?}", request.grant);
    let Detail::File { path, size, .. } = &request.action.detail else { panic!("{:?}", request.action) };
    assert_eq!((path.as_str(), *size), ("/notes/a.md", Some(39)));
}

#[test]
fn refused_edit_leaves_the_file_and_the_tool_sees_an_error() {
    let folder = notes();
    let before = folder.snapshot("notes");
    let run = edit(&folder).approver(Script::refuse()).run();
    run.exited(1);
    assert_eq!(folder.snapshot("notes"), before);
    assert!(run.stderr.contains("could not change /notes/a.md"), "{}", run.stderr);
    assert!(run.effects().is_empty(), "{:?}", run.effects());
    let answers = run.events_of("approval-settled");
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0]["approval"]["answer"], "refused");
    assert_eq!(answers[0]["approval"]["approver"], "ann");
    assert_eq!(answers[0]["approval"]["reason"], "said so");
}

#[test]
fn one_refused_file_does_not_stop_the_others() {
    let folder = notes();
    let run = edit(&folder).approver(Script::new([Reply::Refuse, Reply::Approve])).run();
    run.exited(1);
    assert!(folder.read("notes/a.md").contains("colour"));
    assert_eq!(folder.read("notes/deep/b.md"), "a color\n");
    assert_eq!(run.effects(), ["file.modify (truncate) /notes/deep/b.md"]);
}

#[test]
fn refuses_when_there_is_nobody_to_ask() {
    let folder = notes();
    let before = folder.snapshot("notes");
    let run = edit(&folder).approver(std::sync::Arc::new(RefuseAll)).run();
    run.exited(1);
    assert_eq!(folder.snapshot("notes"), before);
}

#[test]
fn broken_approver_is_a_refusal_on_the_record() {
    let folder = notes();
    let before = folder.snapshot("notes");
    let run = edit(&folder).approver(Script::new([Reply::Break])).run();
    run.exited(1);
    assert_eq!(folder.snapshot("notes"), before);
    let approval = &run.events_of("approval-settled")[0]["approval"];
    assert_eq!(approval["answer"], "broken");
    assert!(approval["reason"].as_str().unwrap().contains("the approver fell over"));
}

#[test]
fn silence_is_a_refusal_and_counts_against_no_limit() {
    let folder = notes();
    let before = folder.snapshot("notes");
    // Nobody answers for longer, in all, than the run may take.
    let policy = format!("{POLICY}\n[approval]\ntimeout = \"600ms\"\n[limits]\ntime = \"1s\"\n");
    let run = edit(&folder).policy(policy).approver(Script::new([Reply::Silence])).run();
    run.exited(1);
    assert_eq!(folder.snapshot("notes"), before);
    assert_eq!(run.events_of("approval-settled")[0]["approval"]["answer"], "timed-out");
    let waited: u64 =
        run.events_of("approval-settled").iter().map(|event| event["approval"]["waited_ns"].as_u64().unwrap()).sum();
    assert!(waited >= 1_200_000_000, "{waited}");
    assert!(run.report.waited.as_nanos() >= u128::from(waited) * 9 / 10, "{:?}", run.report.waited);
}

#[test]
fn refusing_with_a_stop_ends_the_run() {
    let folder = notes();
    let before = folder.snapshot("notes");
    let run = edit(&folder).approver(Script::new([Reply::Stop])).run();
    assert_eq!(*run.outcome(), Outcome::Stopped { action: "file.modify (truncate) /notes/a.md".to_owned() });
    assert_eq!(folder.snapshot("notes"), before);
    assert_eq!(run.events_of("approval-asked").len(), 1);
}

#[test]
fn many_files_are_one_checkpoint_first() {
    let folder = Folder::new();
    for number in 0..5 {
        folder.write(&format!("notes/{number}.md"), "colour\n");
    }
    let approver = Script::refuse();
    let run = edit(&folder).approver(approver.clone()).run();
    run.exited(1);
    assert_eq!(approver.summaries(), ["checkpoint change 5 files below /notes"]);
    assert!(run.stderr.contains("nothing was changed: it was refused"), "{}", run.stderr);
    let Detail::Checkpoint { detail, .. } = &approver.asked()[0].action.detail else { panic!() };
    assert!(detail.contains("/notes/4.md: 1"), "{detail}");

    let run = edit(&folder).approver(std::sync::Arc::new(RefuseAll)).run();
    run.exited(1);
    assert!(run.stderr.contains("nothing was changed: nobody can be asked in this run"), "{}", run.stderr);

    let approver = Script::approve();
    let run = edit(&folder).approver(approver.clone()).run();
    run.exited(0);
    assert_eq!(approver.asked().len(), 6);
    assert_eq!(folder.read("notes/4.md"), "color\n");
}

#[test]
fn policy_without_questions_asks_none() {
    let folder = notes();
    let approver = Script::refuse();
    let run = edit(&folder).policy(format!("{POLICY}ask = []\n")).approver(approver.clone()).run();
    run.exited(0);
    assert!(approver.asked().is_empty());
    assert!(run.events_of("intent").iter().all(|intent| intent["irreversible"] == true));
}

#[test]
fn dry_run_changes_nothing() {
    let folder = notes();
    let before = folder.snapshot("notes");
    let run = edit(&folder).arguments(["--dry-run", "/notes", "colour", "color"]).run();
    run.exited(0);
    assert_eq!(folder.snapshot("notes"), before);
    assert_eq!(run.stdout, "would change /notes/a.md: 3\nwould change /notes/deep/b.md: 1\n");
}

#[test]
fn grant_for_reading_gives_no_writing() {
    let folder = notes();
    let before = folder.snapshot("notes");
    let approver = Script::approve();
    let run = edit(&folder).policy(POLICY.replace("access = \"write\"\n", "")).approver(approver.clone()).run();
    run.exited(1);
    assert_eq!(folder.snapshot("notes"), before);
    assert!(approver.asked().is_empty());
    assert_eq!(run.denials(), ["deny-pattern", "read-only"]);
}

#[test]
fn journal_has_the_reason_that_the_tool_gave() {
    let folder = notes();
    let run: Recorded = edit(&folder).approver(Script::approve()).run();
    let notes = run.events_of("note");
    let intent = notes.iter().find(|note| note["name"] == "intent").unwrap();
    assert_eq!(intent["text"], "to replace `colour` by `color` below /notes");
}

#[test]
fn approval_for_the_run_is_asked_once_and_covers_nothing_else() {
    let folder = notes();
    let mut probe = Probe::new();
    let dir = probe.preopen();
    for path in ["a.md", "a.md", "other.md", "a.md"] {
        probe.open(dir, path, OpenMode::WRITE);
    }
    // The same file, another action.
    probe.open(dir, "a.md", OpenMode::TRUNCATE);
    let approver = Script::new([Reply::ApproveForRun, Reply::Approve]);
    let run = Scene::tool(&folder, probe.tool()).policy(POLICY).approver(approver.clone()).run();
    assert_eq!(
        approver.summaries(),
        ["file.modify /notes/a.md", "file.modify /notes/other.md", "file.modify (truncate) /notes/a.md"]
    );
    let intents = run.events_of("intent");
    assert_eq!(intents.len(), 5);
    assert_eq!(intents[1]["approval"]["remember"], "run");
    assert_eq!(intents[1]["approval"]["waited_ns"], 0);
}

#[test]
fn approval_for_one_call_is_used_up_by_it() {
    let folder = notes();
    let mut probe = Probe::new();
    let dir = probe.preopen();
    probe.open(dir, "a.md", OpenMode::WRITE);
    probe.open(dir, "a.md", OpenMode::WRITE);
    let approver = Script::new([Reply::Approve, Reply::Refuse]);
    let run = Scene::tool(&folder, probe.tool()).policy(POLICY).approver(approver.clone()).run();
    assert_eq!(approver.asked().len(), 2);
    assert_eq!(run.effects().len(), 1);
}
