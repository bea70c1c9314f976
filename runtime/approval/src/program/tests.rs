//! Programs that answer, fail, hang and misbehave, as small shell scripts.

use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsRawFd as _;
use std::time::Duration;

use super::super::request::samples;
use super::super::settle::ask;
use super::super::{Answer, AnswerStatus, Remember, Settlement};
use super::*;

/// Longer than any script here takes. Only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

const APPROVE_ONCE: Answer = Answer::Approve { remember: Remember::Once };
const REFUSE: Answer = Answer::Refuse { stop: false };

fn script(text: &str) -> Program {
    let path = (OsString::from("PATH"), OsString::from("/usr/bin:/bin"));
    let secret = (OsString::from("TOKEN"), OsString::from("hunter2"));
    Program::new("/bin/sh", ["-c", text], [path, secret])
}

async fn run_within(text: &str, timeout: Duration) -> Settlement {
    ask(&samples::post_issue(), &script(text), timeout).await
}

async fn run(text: &str) -> Settlement {
    run_within(text, PATIENCE).await
}

async fn broken(text: &str) -> String {
    let settlement = run(text).await;
    assert_eq!(settlement.answer, REFUSE);
    match settlement.status {
        AnswerStatus::Broken(why) => why,
        status => panic!("{text}: {status:?}"),
    }
}

#[tokio::test]
async fn approves_when_the_program_says_so() {
    let settlement = run(r#"cat >/dev/null; echo '{"decision": "approve"}'"#).await;
    assert_eq!(settlement.status, AnswerStatus::Answered);
    assert_eq!(settlement.answer, APPROVE_ONCE);
    assert_eq!(settlement.approver, "exec:/bin/sh");
}

#[tokio::test]
async fn refuses_when_the_program_says_so() {
    let settlement =
        run(r#"cat >/dev/null; echo '{"decision": "refuse", "approver": "ann", "reason": "not today"}'"#).await;
    assert_eq!(settlement.status, AnswerStatus::Answered);
    assert_eq!(settlement.answer, REFUSE);
    assert_eq!(settlement.approver, "ann");
    assert_eq!(settlement.reason.as_deref(), Some("not today"));
}

#[tokio::test]
async fn hands_the_request_over_as_one_line_of_json() {
    let settlement = run(r#"read -r line; case "$line" in
        '{"version":1,"run":"00112233445566778899aabbccddeeff","call":42,'*'"url":"https://api.example.com/issues"'*'}')
            echo '{"decision": "approve"}';;
        *) exit 1;;
        esac"#)
    .await;
    assert_eq!(settlement.status, AnswerStatus::Answered);
    assert_eq!(settlement.answer, APPROVE_ONCE);
}

#[tokio::test]
async fn takes_an_answer_from_a_program_that_reads_nothing() {
    let mut request = samples::post_issue();
    // More than a pipe holds, so that writing fails after the program has ended.
    request.intent = Some("x".repeat(1 << 20));
    let program = script(r#"exec <&-; echo '{"decision": "approve"}'"#);
    let settlement = ask(&request, &program, PATIENCE).await;
    assert_eq!(settlement.status, AnswerStatus::Answered);
    assert_eq!(settlement.answer, APPROVE_ONCE);
}

#[tokio::test]
async fn passes_no_other_environment_on() {
    let settlement =
        run(r#"test -z "$TOKEN" && test "$PATH" = /usr/bin:/bin && test -z "$HOME" && echo '{"decision": "approve"}'"#)
            .await;
    assert_eq!(settlement.answer, APPROVE_ONCE);
}

#[tokio::test]
async fn refuses_what_is_no_answer() {
    for output in [
        "true",
        "echo approve",
        r#"echo '{"decision": "yes"}'"#,
        r#"echo '{"decision": "approve"}'; echo done"#,
        r#"printf '{"decision": "approve"}\0'"#,
    ] {
        let why = broken(output).await;
        assert!(why.starts_with("`/bin/sh` gave no valid answer: "), "{why}");
    }
}

#[tokio::test]
async fn refuses_when_the_program_fails_whatever_it_answered() {
    let why = broken(r#"echo '{"decision": "approve"}'; printf 'no \033[2Jscreen\n' >&2; exit 1"#).await;
    assert_eq!(why, "`/bin/sh` ended with exit status: 1, saying `no \\u{1b}[2Jscreen`");
}

#[tokio::test]
async fn refuses_when_the_program_is_killed() {
    let why = broken(r#"echo '{"decision": "approve"}'; kill -9 $$"#).await;
    assert!(why.starts_with("`/bin/sh` ended with signal: 9"), "{why}");
}

#[tokio::test]
async fn refuses_when_the_program_is_not_there() {
    let program = Program::new("/nonexistent/ask", [""; 0], []);
    let settlement = ask(&samples::delete_file(), &program, PATIENCE).await;
    assert_eq!(settlement.answer, REFUSE);
    let AnswerStatus::Broken(why) = settlement.status else { panic!("{:?}", settlement.status) };
    assert!(why.starts_with("cannot start `/nonexistent/ask`: "), "{why}");
}

#[tokio::test]
async fn refuses_an_endless_answer() {
    let why = broken(r#"echo '{"decision": "approve"}'; exec cat /dev/zero"#).await;
    assert_eq!(why, "`/bin/sh` wrote more than 65536 bytes");
}

#[tokio::test]
async fn does_not_mind_a_flood_of_diagnostics() {
    let settlement = run(r#"head -c 1000000 /dev/zero >&2; echo '{"decision": "approve"}'"#).await;
    assert_eq!(settlement.status, AnswerStatus::Answered);
    assert_eq!(settlement.answer, APPROVE_ONCE);
}

/// A named pipe in a folder. It reads as closed once every process with its writing end has ended.
fn fifo(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    let fifo = folder.path().join(name);
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    fifo
}

/// Reads a named pipe until all of its writers have ended.
fn read_to_end(fifo: PathBuf) -> tokio::task::JoinHandle<String> {
    tokio::task::spawn_blocking(move || std::fs::read_to_string(fifo).unwrap())
}

#[tokio::test]
async fn ends_what_a_program_leaves_behind_and_takes_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (alive, blocked) = (fifo(&folder, "alive"), fifo(&folder, "blocked"));
    let seen = read_to_end(alive.clone());
    // `cat` waits for a writer that never comes, and keeps the answer's pipe and the other one open.
    let settlement = run(&format!(
        r#"exec 3>'{}'; cat '{}' & echo left >&3; echo '{{"decision": "approve", "approver": "ann"}}'"#,
        alive.display(),
        blocked.display()
    ))
    .await;
    assert_eq!((settlement.status, settlement.answer), (AnswerStatus::Answered, APPROVE_ONCE));
    assert_eq!(settlement.approver, "ann");
    assert_eq!(tokio::time::timeout(PATIENCE, seen).await.unwrap().unwrap(), "left\n");
}

#[tokio::test]
async fn is_not_held_up_by_a_process_that_left_the_group() {
    let folder = tempfile::tempdir().unwrap();
    let [alive, ready, blocked] = ["alive", "ready", "blocked"].map(|name| fifo(&folder, name));
    let seen = read_to_end(alive.clone());
    // A process in another session keeps the answer's pipe open. The program answers once that process runs.
    let settlement = run(&format!(
        r#"exec 3>'{alive}'; setsid sh -c 'echo left >&3; echo > "{ready}"; cat "{blocked}"' & read -r line < '{ready}'
        echo '{{"decision": "approve"}}'"#,
        alive = alive.display(),
        ready = ready.display(),
        blocked = blocked.display()
    ))
    .await;
    assert_eq!((settlement.status, settlement.answer), (AnswerStatus::Answered, APPROVE_ONCE));
    // Lets that process end.
    drop(std::fs::OpenOptions::new().write(true).open(&blocked).unwrap());
    assert_eq!(tokio::time::timeout(PATIENCE, seen).await.unwrap().unwrap(), "left\n");
}

#[tokio::test]
async fn takes_all_that_was_written_before_the_end_and_no_more() {
    let longest = " ".repeat(ANSWER_BYTES_MAX - 30);
    let settlement = run(&format!(r#"sleep 1000 & printf '%s' '{{"decision": "approve"}}{longest}'"#)).await;
    assert_eq!((settlement.status, settlement.answer), (AnswerStatus::Answered, APPROVE_ONCE));
    let why = broken("{ sleep 1000; echo '{\"decision\": \"approve\"}'; } &").await;
    assert!(why.starts_with("`/bin/sh` gave no valid answer: "), "{why}");
}

#[tokio::test]
async fn ends_what_a_program_leaves_behind_when_it_fails() {
    let folder = tempfile::tempdir().unwrap();
    let (alive, blocked) = (fifo(&folder, "alive"), fifo(&folder, "blocked"));
    let seen = read_to_end(alive.clone());
    let script = format!("exec 3>'{}'; cat '{}' & echo left >&3; exit 7", alive.display(), blocked.display());
    assert_eq!(broken(&script).await, "`/bin/sh` ended with exit status: 7");
    assert_eq!(tokio::time::timeout(PATIENCE, seen).await.unwrap().unwrap(), "left\n");
}

#[tokio::test]
async fn holds_no_descriptor_of_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("secret")).unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let names = [file.as_raw_fd(), reader.as_raw_fd(), writer.as_raw_fd(), socket.as_raw_fd()]
        .map(|number| std::fs::read_link(format!("/proc/self/fd/{number}")).unwrap().display().to_string());
    let list = folder.path().join("list");
    let script = format!(r#"ls -l /proc/$$/fd > '{}'; echo '{{"decision": "approve"}}'"#, list.display());
    assert_eq!(run(&script).await.answer, APPROVE_ONCE);
    let list = std::fs::read_to_string(list).unwrap();
    assert!(list.contains("pipe:["), "{list}");
    assert!(names.iter().all(|name| !list.contains(name)), "{names:?} in {list}");
}

#[tokio::test]
async fn passes_no_variable_on_that_a_secret_comes_from() {
    let variable = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
    let environment = [variable("PATH", "/usr/bin:/bin"), variable("LANG", "hunter2"), variable("HOME", "/root")];
    let script = r#"test -z "$LANG" && test "$HOME" = /root && echo '{"decision": "approve"}'"#;
    let program = Program::new("/bin/sh", ["-c", script], environment).without(["TOKEN", "LANG"]);
    let settlement = ask(&samples::delete_file(), &program, PATIENCE).await;
    assert_eq!(settlement.answer, APPROVE_ONCE);
}

#[tokio::test]
async fn refuses_when_the_program_hangs() {
    let timeout = Duration::from_millis(50);
    let settlement = run_within("exec sleep 1000", timeout).await;
    assert_eq!(settlement.status, AnswerStatus::TimedOut);
    assert_eq!(settlement.answer, REFUSE);
    assert!(settlement.waited >= timeout);
}

#[tokio::test]
async fn refuses_a_program_that_answers_and_never_ends() {
    let answer_and_hang = r#"echo '{"decision": "approve"}'; exec sleep 1000 >&- 2>&-"#;
    let settlement = run_within(answer_and_hang, Duration::from_millis(50)).await;
    assert_eq!(settlement.status, AnswerStatus::TimedOut);
    assert_eq!(settlement.answer, REFUSE);
}

#[tokio::test]
async fn kills_the_program_and_what_it_started_when_nobody_waits_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = fifo(&folder, "fifo");

    // Every process of the group holds the pipe's writing end: it reads as closed once all have ended.
    let program = script(&format!("exec 3>'{}'; sleep 1000 & echo ready >&3; sleep 1000", fifo.display()));
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let reader = std::thread::spawn(move || {
        let mut pipe = BufReader::new(std::fs::File::open(&fifo).unwrap());
        let mut line = String::new();
        pipe.read_line(&mut line).unwrap();
        ready.send(()).unwrap();
        pipe.read_to_string(&mut line).unwrap();
        line
    });

    let request = samples::delete_file();
    let mut question = program.ask(&request);
    tokio::select! {
        answer = &mut question => panic!("{answer:?}"),
        ready = is_ready => ready.unwrap(),
    }
    drop(question);
    let read = tokio::task::spawn_blocking(|| reader.join().unwrap());
    assert_eq!(tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap(), "ready\n");
}
