//! Signals: the first one stops a run in an orderly way, the second one ends the program.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdout, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, kill_process, pidfd_open, waitpid};
use wasm_agent_tests::terminal::{screen, screen_until, terminal};

use crate::desk::{Desk, NOTES, program};
use crate::terminal::{start_at_terminal, start_edit_at_terminal};
use crate::tools;

/// How long to wait for a process that was killed: as long as a busy machine may take.
const GONE_MAX: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };

fn id(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
}

/// Starts a tool that prints `x` and goes on for ever, and waits until it has printed. `by` starts the program; no
/// signal is ignored before: a shell's job in the background ignores some.
fn endless(desk: &Desk, by: &[&str], change: impl FnOnce(&mut std::process::Command)) -> (Child, ChildStdout) {
    desk.tool("endless.wasm", &tools::print_and_go_on());
    desk.write("long.toml", LONG);
    let mut command = desk.command("env");
    command.arg("--default-signal").args(by).arg(program());
    command.args(["run", "-p", "long.toml", "-j", "a.journal", "endless.wasm"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    change(&mut command);
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    (child, stdout)
}

/// The status and standard error of a program that ends.
fn ended(mut child: Child) -> (Option<i32>, String) {
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code(), said)
}

#[test]
fn a_run_that_a_signal_stops_ends_in_order() {
    for (signal, name) in [
        (Signal::INT, "SIGINT"),
        (Signal::TERM, "SIGTERM"),
        (Signal::HUP, "SIGHUP"),
        (Signal::QUIT, "SIGQUIT"),
        (Signal::XCPU, "SIGXCPU"),
    ] {
        let desk = Desk::new();
        let (child, _stdout) = endless(&desk, &[], |_| {});
        kill_process(id(&child), signal).unwrap();
        let (status, said) = ended(child);
        assert_eq!(status, Some(3), "{name}: {said}");
        assert!(said.starts_with(&format!("stopped by signal {name}\n")), "{said}");
        assert!(said.contains("journal: a.journal"), "{said}");
        assert_eq!(desk.quietly("journal verify a.journal").status, 0);
        let again = desk.quietly("replay a.journal");
        assert_eq!((again.status, again.out().as_str()), (3, "x"), "{}", again.err());
        assert!(again.err().contains(&format!("stopped by signal {name}\n")), "{}", again.err());
        assert!(desk.quietly("journal show a.journal").out().contains(&format!("stopped by signal {name}")));
    }
}

#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let desk = Desk::new();
    let ignoring = ["sh", "-c", "trap '' HUP; exec \"$0\" \"$@\""];
    let (child, _stdout) = endless(&desk, &ignoring, |_| {});
    kill_process(id(&child), Signal::HUP).unwrap();
    kill_process(id(&child), Signal::TERM).unwrap();
    let (status, said) = ended(child);
    assert_eq!(status, Some(3));
    assert!(said.starts_with("stopped by signal SIGTERM\n"), "{said}");
}

/// A run of a tool that prints for ever into `output`.
fn flood(desk: &Desk, output: impl Into<Stdio>, policy: &str) -> Child {
    desk.tool("flood.wasm", &tools::flood());
    desk.write("policy.toml", policy);
    let mut command = desk.command(program());
    command.args(["run", "-p", "policy.toml", "-j", "a.journal", "flood.wasm"]);
    command.stdout(output).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until a pipe or terminal takes nothing more from a run.
fn full(output: &OwnedFd, child: &mut Child) {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    while poll(&mut [PollFd::new(output, PollFlags::OUT)], Some(&now)) != Ok(0) {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    }
}

/// So long that no test reaches it, and that a failing one ends.
const LONG: &str = "version = 1\n\n[limits]\ntime = \"10m\"\n";

#[test]
fn a_run_whose_output_nobody_reads_can_be_stopped() {
    let (_reader, pipe) = std::io::pipe().unwrap();
    let (_person, slave) = terminal();
    for output in [pipe.into(), slave] {
        let desk = Desk::new();
        let mut child = flood(&desk, output.try_clone().unwrap(), LONG);
        full(&output, &mut child);
        kill_process(id(&child), Signal::TERM).unwrap();
        let (status, said) = ended(child);
        assert_eq!(status, Some(3), "{said}");
        assert!(said.starts_with("stopped by signal SIGTERM\n"), "{said}");
        assert_eq!(desk.quietly("journal verify a.journal").status, 0);
        assert_eq!(desk.quietly("replay -q a.journal").status, 3);
    }
}

#[test]
fn signals_are_handled_while_a_question_can_not_be_shown_again() {
    let desk = Desk::new();
    let (_person, slave) = terminal();
    let mut child = flood(&desk, slave.try_clone().unwrap(), LONG);
    full(&slave, &mut child);
    let tasks = format!("/proc/{}/task", child.id());
    let waits = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.unwrap().path().join("comm")).is_ok_and(|name| name == "ask again\n")
    };
    while !std::fs::read_dir(&tasks).unwrap().any(waits) {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        kill_process(id(&child), Signal::CONT).unwrap();
        std::thread::yield_now();
    }
    kill_process(id(&child), Signal::TERM).unwrap();
    let (status, said) = ended(child);
    assert_eq!(status, Some(3), "{said}");
}

#[test]
fn the_time_of_a_run_whose_output_nobody_reads_ends() {
    let desk = Desk::new();
    let (_reader, pipe) = std::io::pipe().unwrap();
    let (status, said) = ended(flood(&desk, pipe, &LONG.replace("10m", "1s")));
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("`time`"), "{said}");
    assert_eq!(desk.quietly("journal verify a.journal").status, 0);
    assert_eq!(desk.quietly("replay -q a.journal").status, 3);
}

#[test]
fn the_second_signal_ends_the_program() {
    let desk = Desk::new();
    // Nobody reads the report, and the pipe for it is full.
    let (_reader, mut report) = std::io::pipe().unwrap();
    let modes = fcntl_getfl(&report).unwrap();
    fcntl_setfl(&report, modes | OFlags::NONBLOCK).unwrap();
    while report.write(b"x").is_ok() {}
    fcntl_setfl(&report, modes).unwrap();
    let (mut child, _stdout) = endless(&desk, &[], |command| {
        command.stderr(report);
    });
    kill_process(id(&child), Signal::INT).unwrap();
    let call = format!("/proc/{}/syscall", child.id());
    // The number of a system call, and its first argument: standard error.
    while std::fs::read_to_string(&call).unwrap().split(' ').nth(1) != Some("0x2") {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    }
    kill_process(id(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(Signal::TERM.as_raw()));
    assert_eq!(desk.quietly("journal verify a.journal").status, 0);
}

#[test]
fn what_an_approver_started_ends_with_a_run_that_is_stopped() {
    let desk = Desk::with_notes();
    desk.script("slow.sh", "#!/bin/sh\ncat > /dev/null\nsleep 1000 &\necho $! > started\nwait\n");
    assert!(desk.command("mkfifo").arg("started").status().unwrap().success());
    let mut command = desk.command(program());
    command.args(["run", "-p", "policy.toml", "-j", "a.journal", "--approve", "exec:./slow.sh", "edit-files.wasm"]);
    command.args(["--", "/notes", "colour", "color"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let started: i32 = String::from_utf8(desk.read("started")).unwrap().trim().parse().unwrap();
    let started = pidfd_open(Pid::from_raw(started).unwrap(), PidfdFlags::empty()).unwrap();
    kill_process(id(&child), Signal::TERM).unwrap();
    let (status, said) = ended(child);
    assert_eq!(status, Some(3), "{said}");
    assert_eq!(poll(&mut [PollFd::new(&started, PollFlags::IN)], Some(&GONE_MAX)), Ok(1), "it lives on");
    assert_eq!(desk.read("notes/today.md"), b"The colour of the sky.\n");
    assert_eq!(desk.quietly("journal verify a.journal").status, 0);
    assert_eq!(desk.quietly("replay a.journal").status, 3);
}

#[test]
fn a_run_goes_on_after_it_was_suspended() {
    let desk = Desk::new();
    // A group of its own, as a shell with jobs gives it. In the group of its parent, nothing might continue it.
    let (child, _stdout) = endless(&desk, &[], |command| {
        command.process_group(0);
    });
    suspend_and_continue(id(&child));
    kill_process(id(&child), Signal::TERM).unwrap();
    let (status, said) = ended(child);
    assert_eq!(status, Some(3), "{said}");
}

/// Stops a child, and continues it once it stands still.
fn suspend_and_continue(child: Pid) {
    kill_process(child, Signal::TSTP).unwrap();
    let (_, status) = waitpid(Some(child), WaitOptions::UNTRACED).unwrap().unwrap();
    assert!(status.stopped(), "{status:?}");
    kill_process(child, Signal::CONT).unwrap();
    let (_, status) = waitpid(Some(child), WaitOptions::CONTINUED).unwrap().unwrap();
    assert!(status.continued(), "{status:?}");
}

#[test]
fn a_run_whose_session_is_that_of_another_namespace_can_be_suspended() {
    const HERE: &str = "signals::a_run_goes_on_after_it_was_suspended";
    let mut again = std::process::Command::new("unshare");
    again.args(["--user", "--map-root-user", "--mount-proc", "--pid", "--fork", "--kill-child"]);
    let output = again.arg(std::env::current_exe().unwrap()).args(["--exact", HERE]).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if said.contains("unshare: ") {
        println!("skipped, as there can be no namespace: {said}");
        return;
    }
    assert!(said.contains("test result: ok. 1 passed"), "{said}");
}

#[test]
fn a_run_that_no_shell_could_continue_is_not_suspended() {
    let desk = Desk::new();
    desk.tool("endless.wasm", &tools::print_and_go_on());
    desk.write("long.toml", LONG);
    let (mut person, slave) = terminal();
    let mut command = desk.command("setsid");
    // The shell has no jobs, so the run is in its group, and nothing outside of that is in the session.
    command.args(["--wait", "--ctty", "env", "--default-signal"]);
    command.args(["sh", "-c", "trap : INT; \"$0\" \"$@\"; echo \"ended $?\""]).arg(program());
    command.args(["run", "-p", "long.toml", "-j", "a.journal", "endless.wasm"]).env("NO_COLOR", "1");
    command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
    let mut child = command.spawn().unwrap();
    drop(command);
    person.read_exact(&mut [0]).unwrap();
    person.write_all(b"\x1a").unwrap();
    // The terminal shows the key once it has sent the signal.
    let mut shown = [0; 2];
    person.read_exact(&mut shown).unwrap();
    assert_eq!(&shown, b"^Z");
    person.write_all(b"\x03").unwrap();
    let over = pidfd_open(id(&child), PidfdFlags::empty()).unwrap();
    assert_eq!(poll(&mut [PollFd::new(&over, PollFlags::IN)], Some(&GONE_MAX)), Ok(1), "it stands still");
    let seen = screen(person);
    child.wait().unwrap();
    assert!(seen.contains("stopped by signal SIGINT") && seen.contains("ended 3"), "{seen}");
}

#[test]
fn the_key_for_an_interrupt_withdraws_the_question_at_the_terminal() {
    let desk = Desk::with_notes();
    desk.write("policy.toml", NOTES);
    let (mut person, mut child) = start_edit_at_terminal(&desk, "a.journal");
    screen_until(&mut person, b"s> ");
    person.write_all(b"\x03").unwrap();
    let seen = screen(person);
    assert_eq!(child.wait().unwrap().code(), Some(3), "{seen}");
    assert!(seen.contains("no longer waiting for an answer: not approved"), "{seen}");
    assert!(seen.contains("stopped by signal SIGINT"), "{seen}");
    assert_eq!(desk.read("notes/today.md"), b"The colour of the sky.\n");
}

#[test]
fn a_report_does_not_stand_beside_the_key_that_stopped_the_run() {
    let desk = Desk::new();
    desk.tool("endless.wasm", &tools::print_and_go_on());
    let (mut person, mut child) = start_at_terminal(&desk, &["run", "-j", "a.journal", "endless.wasm"]);
    let mut first = [0];
    person.read_exact(&mut first).unwrap();
    person.write_all(b"\x03").unwrap();
    let seen = screen(person);
    assert_eq!(child.wait().unwrap().code(), Some(3), "{seen}");
    assert!(seen.starts_with("^C\nstopped by signal SIGINT\n"), "{seen:?}");
}
