//! `approvals`: a run asks in a queue, and another process answers.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use wasm_agent_tests::terminal::{screen, screen_until};

use crate::desk::{Desk, NOTES, program};
use crate::terminal::start_at_terminal;

/// The note before anybody approved that it changes.
const BEFORE: &[u8] = b"The colour of the sky.\n";

const AFTER: &[u8] = b"The color of the sky.\n";

/// A folder with a note, a policy and a tool that changes it.
fn desk() -> Desk {
    let desk = Desk::with_notes();
    desk.write("policy.toml", NOTES);
    desk
}

/// Starts a run that asks in the queue `q`.
fn start(desk: &Desk, options: &[&str]) -> Child {
    let mut command = desk.command(program());
    command.args(["run", "-p", "policy.toml", "-j", "a.journal", "--approve", "queue", "--queue", "q"]).args(options);
    command.args(["edit-files.wasm", "--", "/notes", "colour", "color"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until the run asks, and gives the question.
fn asked(desk: &Desk, run: &mut Child) -> Value {
    loop {
        assert!(run.try_wait().unwrap().is_none(), "it ended");
        let listed = desk.quietly("approvals list --queue q --format json");
        if listed.status == 0
            && let Some(question) = listed.out_objects().pop()
        {
            return question;
        }
        std::thread::yield_now();
    }
}

/// How the run ended, and its standard error.
fn ended(run: Child) -> (Option<i32>, String) {
    let output = run.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn id(question: &Value) -> &str {
    question["id"].as_str().unwrap()
}

fn pid(run: &Child) -> Pid {
    Pid::from_raw(i32::try_from(run.id()).unwrap()).unwrap()
}

#[test]
fn what_waits_is_listed_shown_and_approved_from_another_process() {
    let desk = desk();
    let mut run = start(&desk, &[]);
    let question = asked(&desk, &mut run);
    let (short, digest) = (&id(&question)[..12], &question["shown"].as_str().unwrap()[..12]);
    assert_eq!((&question["awaited"], &question["answered_by"]), (&true.into(), &Value::Null));
    let listed = desk.quietly("approvals list --queue q").out();
    let row = listed.lines().nth(2).unwrap();
    assert!(
        row.starts_with(short) && row.ends_with("  edit-files.wasm  file.modify (truncate) /notes/today.md"),
        "{row}"
    );
    let shown = desk.quietly(&format!("approvals show --queue q {short}"));
    for part in ["A tool waits for an approval", "│ The colour of the sky.", &format!("\ndigest: {digest}\n")] {
        assert!(shown.out().contains(part), "{part}: {}", shown.out());
    }
    assert!(shown.err().contains(&format!("`wasm-agent approvals approve {short} --digest {digest}`")));
    assert_eq!(desk.read("notes/today.md"), BEFORE, "it changed before anybody approved");
    let approve = format!("approvals approve --queue q {short} --digest {digest} --reason 'looks right'");
    let approved = desk.quietly(&approve);
    assert_eq!((approved.status, approved.err()), (0, "approved: file.modify (truncate) /notes/today.md\n".to_owned()));
    let (status, said) = ended(run);
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(desk.read("notes/today.md"), AFTER);
    // Nothing is left of the question.
    assert_eq!(desk.quietly("approvals list --queue q").err(), "nothing waits: q\n");
    assert_eq!(fs::read_dir(desk.path("q")).unwrap().count(), 0);
    let shown = desk.quietly("journal show a.journal").out();
    let user = rustix::process::getuid().as_raw();
    assert!(shown.contains(&format!("approved by queue, user {user}")) && shown.contains(": looks right"), "{shown}");
    assert_eq!(desk.quietly("replay a.journal").status, 0);
}

#[test]
fn what_is_refused_does_not_happen() {
    for (stop, expected) in [("", 1), (" --stop", 3)] {
        let desk = desk();
        let mut run = start(&desk, &[]);
        let question = asked(&desk, &mut run);
        let refuse = format!("approvals refuse --queue q {}{stop} --reason 'not today'", id(&question));
        let refused = desk.quietly(&refuse);
        assert_eq!(refused.status, 0, "{}", refused.err());
        let (status, said) = ended(run);
        assert_eq!((status, desk.read("notes/today.md")), (Some(expected), BEFORE.to_vec()), "{said}");
        assert!(desk.quietly("journal show a.journal").out().contains("not today"));
    }
}

#[test]
fn what_was_not_shown_is_not_approved() {
    let mut desk = desk();
    let mut run = start(&desk, &[]);
    let question = asked(&desk, &mut run);
    let other = format!("approvals approve --queue q {} --digest 000000000000", id(&question));
    desk.hide(id(&question).to_owned(), "QUESTION");
    desk.hide(question["shown"].as_str().unwrap().to_owned(), "DIGEST");
    desk.run(&other).fails_in_one_line(&[2]);
    // Without a digest, somebody has to look.
    desk.run_without_terminal(&format!("approvals approve --queue q {}", id(&question))).fails_in_one_line(&[2]);
    desk.run("approvals approve --queue q 0 --digest 000000000000").fails_in_one_line(&[2]);
    assert_eq!(desk.read("notes/today.md"), BEFORE);
    kill_process(pid(&run), Signal::TERM).unwrap();
    let (status, said) = ended(run);
    assert_eq!(status, Some(3), "{said}");
    assert_eq!(fs::read_dir(desk.path("q")).unwrap().count(), 0, "a run that is stopped takes its question away");
    desk.matches("approvals-other");
}

#[test]
fn a_person_at_another_terminal_is_asked_as_at_the_runs() {
    let desk = desk();
    let mut run = start(&desk, &[]);
    let question = asked(&desk, &mut run);
    let (mut person, mut child) = start_at_terminal(&desk, &["approvals", "approve", "--queue", "q", id(&question)]);
    let seen = screen_until(&mut person, b"s> ");
    assert!(seen.contains("file.modify (truncate) /notes/today.md") && seen.contains("The colour of the sky."));
    std::io::Write::write_all(&mut person, b"y\n").unwrap();
    let seen = screen(person);
    assert_eq!(child.wait().unwrap().code(), Some(0), "{seen}");
    let (status, said) = ended(run);
    assert_eq!((status, desk.read("notes/today.md")), (Some(0), AFTER.to_vec()), "{said}");
}

#[test]
fn a_killed_run_leaves_a_question_that_nobody_can_answer() {
    let desk = desk();
    let mut run = start(&desk, &[]);
    let question = asked(&desk, &mut run);
    kill_process(pid(&run), Signal::KILL).unwrap();
    run.wait().unwrap();
    assert!(desk.quietly("approvals list --queue q").out().contains("  gone  "));
    let shown = desk.quietly(&format!("approvals show --queue q {}", id(&question)));
    let hint = format!("hint: `rm q/{}.question`: nobody takes an answer\n", id(&question));
    assert!(shown.out().contains(", whose run is gone\n") && shown.err() == hint, "{}", shown.err());
    let refused = desk.quietly(&format!("approvals refuse --queue q {}", id(&question)));
    refused.fails_in_one_line(&[2]);
    assert!(refused.err().contains("nobody waits for an answer"), "{}", refused.err());
    assert_eq!(fs::read_dir(desk.path("q")).unwrap().count(), 1);
}

#[test]
fn a_queue_that_others_can_use_is_refused_before_anything_runs() {
    let mut desk = desk();
    fs::create_dir(desk.path("q")).unwrap();
    fs::set_permissions(desk.path("q"), fs::Permissions::from_mode(0o755)).unwrap();
    let run = "run -p policy.toml -j a.journal --approve queue --queue q edit-files.wasm -- /notes colour color";
    desk.run(run).fails_in_one_line(&[2]);
    desk.run("approvals list --queue q").fails_in_one_line(&[2]);
    desk.run("approvals list --queue nowhere").fails_in_one_line(&[2]);
    desk.run("run --approve refuse --queue q edit-files.wasm").fails_in_one_line(&[2]);
    assert!(!desk.path("a.journal").exists());
    desk.matches("approvals-refused");
}

#[test]
fn a_tool_does_not_reach_the_queue() {
    let desk = desk();
    // The queue lies in what the policy grants.
    fs::create_dir(desk.path("notes/q")).unwrap();
    fs::set_permissions(desk.path("notes/q"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(desk.path("notes/q/colour.md"), BEFORE).unwrap();
    let mut command = desk.command(program());
    command.args(["run", "-p", "policy.toml", "-j", "a.journal", "--approve", "queue", "--queue", "notes/q"]);
    command.args(["edit-files.wasm", "--", "/notes/q", "colour", "color"]);
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("1 denied") && said.contains("it belongs to the host"), "{said}");
    assert_eq!(desk.read("notes/q/colour.md"), BEFORE);
}

#[test]
fn without_a_terminal_the_queue_is_asked_next() {
    let desk = desk();
    let mut command = desk.command("setsid");
    command.arg("--wait").arg(program());
    command.args(["run", "-p", "policy.toml", "-j", "a.journal", "--approve", "terminal,queue", "--queue", "q"]);
    command.args(["edit-files.wasm", "--", "/notes", "colour", "color"]);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let question = asked(&desk, &mut run);
    let digest = question["shown"].as_str().unwrap();
    let approved = desk.quietly(&format!("approvals approve --queue q {} --digest {digest}", id(&question)));
    assert_eq!(approved.status, 0, "{}", approved.err());
    let (status, said) = ended(run);
    assert_eq!((status, desk.read("notes/today.md")), (Some(0), AFTER.to_vec()), "{said}");
}

#[test]
fn whoever_watches_is_asked_as_questions_come() {
    let desk = desk();
    desk.write("notes/today.md", "colour colour\n");
    fs::create_dir(desk.path("q")).unwrap();
    fs::set_permissions(desk.path("q"), fs::Permissions::from_mode(0o700)).unwrap();
    let (mut person, mut watching) = start_at_terminal(&desk, &["approvals", "watch", "--queue", "q"]);
    screen_until(&mut person, b"until Ctrl-C");
    // One that is answered here.
    let run = start(&desk, &[]);
    screen_until(&mut person, b"s> ");
    std::io::Write::write_all(&mut person, b"y\n").unwrap();
    let (status, said) = ended(run);
    assert_eq!((status, desk.read("notes/today.md")), (Some(0), b"color color\n".to_vec()), "{said}");
    // One whose run goes away, and one that somebody else answers.
    desk.write("notes/today.md", BEFORE);
    for end in [Signal::KILL, Signal::CONT] {
        fs::remove_file(desk.path("a.journal")).unwrap();
        let mut run = start(&desk, &[]);
        screen_until(&mut person, b"s> ");
        let question = asked(&desk, &mut run);
        kill_process(pid(&run), end).unwrap();
        if end == Signal::CONT {
            assert_eq!(desk.quietly(&format!("approvals refuse --queue q {}", id(&question))).status, 0);
        }
        let seen = screen_until(&mut person, b"not approved");
        assert!(seen.contains("no longer waiting for an answer"), "{seen}");
        run.wait().unwrap();
        assert_eq!(desk.read("notes/today.md"), BEFORE);
    }
    std::io::Write::write_all(&mut person, b"\x03").unwrap();
    screen(person);
    assert!(!watching.wait().unwrap().success());
}

#[test]
fn programs_that_watch_get_each_question_once() {
    let desk = desk();
    fs::create_dir(desk.path("q")).unwrap();
    fs::set_permissions(desk.path("q"), fs::Permissions::from_mode(0o700)).unwrap();
    let mut command = desk.command(program());
    command.args(["approvals", "watch", "--queue", "q", "--format", "json"]);
    let mut watching = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let run = start(&desk, &[]);
        let question: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(question["request"]["action"]["kind"], "file.modify");
        assert_eq!(desk.quietly(&format!("approvals refuse --queue q {}", id(&question))).status, 0);
        assert_eq!(ended(run).0, Some(1));
        fs::remove_file(desk.path("a.journal")).unwrap();
    }
    watching.kill().unwrap();
    watching.wait().unwrap();
    assert!(lines.next().is_none());
}
