//! At a terminal: a tool's output can't control it, and questions are answered there.

use std::fs::File;
use std::io::Write;
use std::process::{Child, Stdio};

use wasm_agent_tests::terminal::{screen, screen_until, terminal};

use crate::desk::{Desk, program};
use crate::tools;

/// Runs a command with standard output and standard error at a terminal, and reads the screen.
fn on_screen(desk: &Desk, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let (person, slave) = terminal();
    let mut command = desk.command(program());
    command.args(arguments).env("TERM", "xterm").envs(variables.iter().copied());
    command.stdout(Stdio::from(slave.try_clone().unwrap())).stderr(Stdio::from(slave));
    let mut child = command.spawn().unwrap();
    drop(command);
    let seen = screen(person);
    child.wait().unwrap();
    seen
}

const RUDE_SHOWN: &str =
    "plain\ttab\n\\u{1b}[2J\\u{1b}]0;title\\u{7}over\\u{8}\\u{8}written\\r\\u{202e} reversed \\u{200b}\\u{9b}5m\\xff\n";

#[test]
fn what_a_tool_prints_does_not_act_on_the_terminal() {
    let desk = Desk::new();
    desk.tool("out.wasm", &tools::print(1, tools::RUDE));
    desk.tool("err.wasm", &tools::print(2, tools::RUDE));
    assert_eq!(on_screen(&desk, &["run", "-q", "-j", "a.journal", "out.wasm"], &[]), RUDE_SHOWN);
    assert_eq!(on_screen(&desk, &["run", "-q", "-j", "b.journal", "err.wasm"], &[]), RUDE_SHOWN);
    assert_eq!(on_screen(&desk, &["replay", "-q", "a.journal"], &[]), RUDE_SHOWN);
}

#[test]
fn what_a_call_returns_does_not_act_on_the_terminal() {
    let desk = Desk::new();
    desk.write("notes/a.md", "thing \u{1b}[2J \u{202e}\u{9b}5m\n");
    desk.write("policy.toml", crate::desk::NOTES);
    desk.guest("search");
    let wave =
        ["run", "-q", "-p", "policy.toml", "-j", "a.journal", "--call", r#"search("/notes", "thing")"#, "search.wasm"];
    let json = [
        "run",
        "-q",
        "-p",
        "policy.toml",
        "-j",
        "b.journal",
        "--call",
        "search",
        "--json",
        r#"["/notes", "thing"]"#,
        "search.wasm",
    ];
    // What is escaped in JSON is still JSON.
    for (arguments, escaped) in [(&wave[..], "\\u{202e}"), (&json[..], "\\u202e")] {
        let seen = on_screen(&desk, arguments, &[]);
        assert!(seen.contains("thing") && seen.contains(escaped), "{seen:?}");
        assert!(!seen.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{seen:?}");
    }
}

#[test]
fn colours_only_where_they_are_seen_and_wanted() {
    let desk = Desk::with_notes();
    let run = "run -p policy.toml -j a.journal edit-files.wasm -- /notes colour color";
    assert!(!desk.quietly(run).err().contains('\u{1b}'));
    desk.write("wrong.toml", "version = 2\n");
    for arguments in [
        &["journal", "show", "a.journal"][..],
        &["journal", "verify", "a.journal"],
        &["policy", "check", "policy.toml"],
        &["policy", "check", "wrong.toml"],
        &["policy", "explain", "policy.toml", "DELETE /notes/a"],
        &["inspect", "edit-files.wasm"],
        &["replay", "a.journal"],
        &["run", "nothing.wasm"],
        &["--help"],
        &["walk"],
    ] {
        let coloured = on_screen(&desk, arguments, &[]);
        assert!(coloured.contains("\u{1b}["), "{arguments:?}: {coloured}");
        for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
            let plain = on_screen(&desk, arguments, &[variable]);
            assert!(!plain.contains('\u{1b}'), "{arguments:?}: {plain:?}");
        }
        let piped = desk.quietly(&arguments.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "));
        assert!(!(piped.out() + &piped.err()).contains('\u{1b}'), "{arguments:?}");
    }
}

#[test]
fn a_timeline_stays_within_the_terminal() {
    let desk = Desk::with_notes();
    desk.write(&format!("notes/{}.md", "long".repeat(50)), "The colour of words.\n");
    desk.quietly("run -p policy.toml -j a.journal edit-files.wasm -- /notes colour color");
    let seen = on_screen(&desk, &["journal", "show", "--calls", "all", "a.journal"], &[("NO_COLOR", "1")]);
    let rows = seen.lines().skip_while(|line| !line.trim_start().starts_with("TIME"));
    let widest = rows.map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= 100, "{widest} columns:\n{seen}");
    assert!(seen.contains('…'));
}

/// Starts the program in a session of its own, which a terminal controls. Returns the person's end.
pub(crate) fn start_at_terminal(desk: &Desk, arguments: &[&str]) -> (File, Child) {
    let (person, slave) = terminal();
    let mut command = desk.command("setsid");
    // A job of a shell in the background ignores the signal of a key.
    command.args(["--wait", "--ctty", "env", "--default-signal"]);
    command.arg(program()).args(arguments).env("NO_COLOR", "1");
    command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
    let child = command.spawn().unwrap();
    (person, child)
}

/// Starts an edit, which asks at the terminal.
pub(crate) fn start_edit_at_terminal(desk: &Desk, journal: &str) -> (File, Child) {
    let run = ["run", "-p", "policy.toml", "-j", journal];
    start_at_terminal(desk, &[&run[..], &["edit-files.wasm", "--", "/notes", "colour", "color"]].concat())
}

/// Answers the question of an edit at the terminal, and returns the screen.
fn edit_with_answer(desk: &Desk, answer: &str) -> String {
    let (mut person, mut child) = start_edit_at_terminal(desk, &format!("{answer}.journal"));
    let asked = screen_until(&mut person, b"s> ");
    writeln!(person, "{answer}").unwrap();
    let seen = asked + &screen(person);
    child.wait().unwrap();
    seen
}

#[test]
fn asks_whoever_sits_there() {
    let desk = Desk::with_notes();
    let seen = edit_with_answer(&desk, "n");
    assert!(seen.contains("file.modify (truncate) /notes/today.md"), "{seen}");
    assert!(seen.contains("The colour of the sky."), "what may be lost is shown: {seen}");
    assert_eq!(desk.read("notes/today.md"), b"The colour of the sky.\n");
    edit_with_answer(&desk, "y");
    assert_eq!(desk.read("notes/today.md"), b"The color of the sky.\n");
    let shown = desk.quietly("journal show y.journal").out();
    assert!(shown.contains("approver  terminal") && shown.contains("approved by"), "{shown}");
}

#[test]
fn time_passes_for_a_tool_that_waits_for_the_terminal_and_a_timer() {
    let desk = Desk::new();
    desk.tool("poll.wasm", &tools::poll_input_and_timer());
    // The fuel ends it if the time does not.
    desk.write("policy.toml", "version = 1\n\n[limits]\ntime = \"1s\"\nfuel = 20_000_000\n");
    let (_person, slave) = terminal();
    let mut command = desk.command(program());
    command.args(["run", "-p", "policy.toml", "-j", "a.journal", "--stdin", "poll.wasm"]).stdin(slave);
    let ran = command.output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.code() == Some(3) && said.contains("`time`"), "{said}");
    assert_eq!(desk.quietly("replay -q a.journal").status, 3);
}

#[test]
fn a_report_begins_on_a_line_of_its_own() {
    let desk = Desk::new();
    for (text, seen_before) in [("x", "x\n"), ("x\n", "x\n"), ("", "")] {
        for stream in [1, 2] {
            desk.tool("print.wasm", &tools::print(stream, text.as_bytes()));
            let journal = format!("{}{stream}{}.journal", text.len(), seen_before.len());
            let run = ["run", "-j", &journal, "print.wasm"];
            let plain = [("NO_COLOR", "1")];
            let seen = on_screen(&desk, &run, &plain);
            assert!(seen.starts_with(&format!("{seen_before}finished\n")), "{text:?}: {seen:?}");
            let again = on_screen(&desk, &["replay", &journal], &plain);
            assert!(again.starts_with(&format!("{seen_before}identical")), "{text:?}: {again:?}");
        }
    }
    // Elsewhere standard error has only what was written to it, and the line that a tool left unfinished there.
    desk.tool("print.wasm", &tools::print(1, b"x"));
    let ran = desk.quietly("run -j out.journal print.wasm");
    assert!(ran.out() == "x" && ran.err().starts_with("finished\n"), "{}", ran.err());
    desk.tool("print.wasm", &tools::print(2, b"x"));
    assert!(desk.quietly("run -j err.journal print.wasm").err().starts_with("x\nfinished\n"));
}

#[test]
fn a_tool_that_is_compiled_shows_that_it_goes_on() {
    let desk = Desk::new();
    desk.tool("real.wasm", &tools::print(1, b"done\n"));
    // Nothing comes out of the pipe yet, so loading takes as long as this test wants.
    assert!(desk.command("mkfifo").arg("tool.wasm").status().unwrap().success());
    let mut pipe = std::fs::OpenOptions::new().read(true).write(true).open(desk.path("tool.wasm")).unwrap();
    let (mut person, slave) = terminal();
    let mut command = desk.command(program());
    command.args(["run", "-q", "-j", "a.journal", "tool.wasm"]).env("TERM", "xterm");
    command.stdout(Stdio::piped()).stderr(Stdio::from(slave));
    let child = command.spawn().unwrap();
    drop(command);
    screen_until(&mut person, b"compiling tool.wasm");
    pipe.write_all(&desk.read("real.wasm")).unwrap();
    drop(pipe);
    let rest = screen(person);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"done\n"[..]), "{rest}");
    assert!(rest.ends_with("\u{1b}[2K"), "it is cleared: {rest:?}");
}
