//! Programs of every sort of behaviour, as small shell scripts.

use std::io::{BufRead, BufReader, Read};

use super::super::request::samples;
use super::super::{Answer, How, Remember, Settlement, settle};
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
    settle(&script(text), &samples::post_issue(), timeout).await
}

async fn run(text: &str) -> Settlement {
    run_within(text, PATIENCE).await
}

async fn broken(text: &str) -> String {
    let settlement = run(text).await;
    assert_eq!(settlement.answer, REFUSE);
    match settlement.how {
        How::Broken(why) => why,
        how => panic!("{text}: {how:?}"),
    }
}

#[tokio::test]
async fn approves_when_the_program_says_so() {
    let settlement = run(r#"cat >/dev/null; echo '{"decision": "approve"}'"#).await;
    assert_eq!(settlement.how, How::Answered);
    assert_eq!(settlement.answer, APPROVE_ONCE);
    assert_eq!(settlement.approver, "exec:/bin/sh");
}

#[tokio::test]
async fn refuses_when_the_program_says_so() {
    let settlement =
        run(r#"cat >/dev/null; echo '{"decision": "refuse", "approver": "ann", "reason": "not today"}'"#).await;
    assert_eq!(settlement.how, How::Answered);
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
    assert_eq!(settlement.how, How::Answered);
    assert_eq!(settlement.answer, APPROVE_ONCE);
}

#[tokio::test]
async fn takes_an_answer_from_a_program_that_reads_nothing() {
    let mut request = samples::post_issue();
    // More than a pipe holds, so that writing fails after the program has ended.
    request.intent = Some("x".repeat(1 << 20));
    let program = script(r#"exec <&-; echo '{"decision": "approve"}'"#);
    let settlement = settle(&program, &request, PATIENCE).await;
    assert_eq!(settlement.how, How::Answered);
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
    let settlement = settle(&program, &samples::delete_file(), PATIENCE).await;
    assert_eq!(settlement.answer, REFUSE);
    let How::Broken(why) = settlement.how else { panic!("{:?}", settlement.how) };
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
    assert_eq!(settlement.how, How::Answered);
    assert_eq!(settlement.answer, APPROVE_ONCE);
}

#[tokio::test]
async fn refuses_when_a_process_left_behind_keeps_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let why = broken(&format!(r#"sleep 1000 & echo $! >'{}'; echo '{{"decision": "approve"}}'"#, file.display())).await;
    let pid = std::fs::read_to_string(file).unwrap().trim().parse().unwrap();
    rustix::process::kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    assert_eq!(why, "`/bin/sh` ended, and a process it left behind keeps its output open");
}

#[tokio::test]
async fn refuses_when_the_program_hangs() {
    let timeout = Duration::from_millis(50);
    let settlement = run_within("exec sleep 1000", timeout).await;
    assert_eq!(settlement.how, How::TimedOut);
    assert_eq!(settlement.answer, REFUSE);
    assert!(settlement.waited >= timeout);
}

#[tokio::test]
async fn refuses_a_program_that_answers_and_never_ends() {
    let answer_and_hang = r#"echo '{"decision": "approve"}'; exec sleep 1000 >&- 2>&-"#;
    let settlement = run_within(answer_and_hang, Duration::from_millis(50)).await;
    assert_eq!(settlement.how, How::TimedOut);
    assert_eq!(settlement.answer, REFUSE);
}

#[tokio::test]
async fn kills_the_program_and_what_it_started_when_nobody_waits_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();

    // Every process of the group holds the pipe's writing end: it reads as closed once all have ended.
    let program = script(&format!("exec 3>'{}'; sleep 1000 & echo ready >&3; sleep 1000", fifo.display()));
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let reader = std::thread::spawn(move || {
        let file = rustix::fs::open(&fifo, rustix::fs::OFlags::RDONLY, mode).unwrap();
        let mut pipe = BufReader::new(std::fs::File::from(file));
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
