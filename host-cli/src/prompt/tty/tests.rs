//! A real terminal, its other end held by the test.

use std::io::{BufRead, BufReader, PipeWriter};
use std::os::fd::AsFd;
use std::thread;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use wasm_agent_host::approval::{Answer, Remember, Settled};

use super::super::layout::tests::request;
use super::super::{QUESTION, ask_at};
use super::*;

/// The person's end of a terminal.
struct Person {
    keyboard: File,
    screen: BufReader<File>,
    /// Ends all waiting at the terminal when it is dropped.
    cancel: PipeWriter,
}

fn open(path: &std::ffi::CStr) -> OwnedFd {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::open(path, flags, Mode::empty()).unwrap()
}

fn terminal() -> (Person, Terminal) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let tty = open(&ptsname(&master, Vec::new()).unwrap());
    let (cancelled, cancel) = io::pipe().unwrap();
    let keyboard = File::from(master);
    let screen = BufReader::new(keyboard.try_clone().unwrap());
    (Person { keyboard, screen, cancel }, Terminal::new(tty, cancelled).unwrap())
}

impl Person {
    fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Reads the screen until the cursor stands behind the question.
    fn sees_the_question(&mut self) {
        let mut seen = Vec::new();
        while !seen.ends_with(QUESTION.as_bytes()) {
            let mut next = [0];
            self.screen.read_exact(&mut next).unwrap();
            seen.push(next[0]);
        }
    }

    fn sees_a_line(&mut self) -> String {
        let mut line = String::new();
        self.screen.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

fn asks(mut terminal: Terminal) -> thread::JoinHandle<(Terminal, Result<Settled, ApproverError>)> {
    thread::spawn(move || {
        let settled = ask_at(&mut terminal, &request(), false);
        (terminal, settled)
    })
}

#[test]
fn takes_the_answer_that_is_typed_at_the_question() {
    let (mut person, terminal) = terminal();
    let asked = asks(terminal);
    person.sees_the_question();
    person.types("a\n");
    let (_, settled) = asked.join().unwrap();
    assert_eq!(settled.unwrap().answer, Answer::Approve { remember: Remember::Run });
    assert_eq!(person.sees_a_line(), "a", "what was typed is seen");
    assert_eq!(person.sees_a_line(), "approved, and this same action for the rest of the run");
}

#[test]
fn throws_away_what_was_typed_before_the_question() {
    let (mut person, terminal) = terminal();
    person.types("y\ny\ny\ny");
    let asked = asks(terminal);
    person.sees_the_question();
    person.types("n\n");
    let (_, settled) = asked.join().unwrap();
    assert_eq!(settled.unwrap().answer, Answer::Refuse { stop: false });
}

#[test]
fn refuses_at_the_end_of_input() {
    let (mut person, terminal) = terminal();
    let asked = asks(terminal);
    person.sees_the_question();
    person.types("\x04");
    let (_, settled) = asked.join().unwrap();
    assert_eq!(settled.unwrap().answer, Answer::Refuse { stop: false });
}

#[test]
fn does_not_approve_when_the_terminal_goes_away() {
    let (mut person, terminal) = terminal();
    let asked = asks(terminal);
    person.sees_the_question();
    drop(person.keyboard);
    drop(person.screen);
    let (_, settled) = asked.join().unwrap();
    assert!(!matches!(settled, Ok(Settled { answer: Answer::Approve { .. }, .. })), "{settled:?}");
}

#[test]
fn lets_go_of_the_terminal_when_nobody_waits_any_more() {
    let (mut person, terminal) = terminal();
    let asked = asks(terminal);
    person.sees_the_question();
    person.types("y");
    drop(person.cancel);
    let (terminal, settled) = asked.join().unwrap();
    settled.unwrap_err();

    // The half answer is gone, and the next line goes to whoever reads next.
    person.keyboard.write_all(b"later\n").unwrap();
    let (cancelled, _cancel) = io::pipe().unwrap();
    let mut next = Terminal { tty: terminal.tty, cancelled };
    assert_eq!(next.read_line().unwrap(), Line::Text("later".to_owned()));
}

#[test]
fn knows_that_nobody_waits_before_it_asks() {
    let (cancelled, cancel) = io::pipe().unwrap();
    assert!(!is_over(&cancelled).unwrap());
    drop(cancel);
    assert!(is_over(&cancelled).unwrap());
}

#[test]
fn does_not_write_for_ever_to_a_terminal_that_stands_still() {
    let (mut person, mut terminal) = terminal();
    // The person holds the output, as with Ctrl-S, and never lets it go on.
    person.types("\x13");
    let writing = thread::spawn(move || {
        loop {
            if let Err(error) = terminal.write(&"x".repeat(100_000)) {
                return error.kind();
            }
        }
    });
    drop(person.cancel);
    assert_eq!(writing.join().unwrap(), ErrorKind::TimedOut);
}

#[test]
fn does_not_read_a_line_that_is_not_text() {
    let (mut person, mut terminal) = terminal();
    person.keyboard.write_all(b"\xff\n").unwrap();
    assert_eq!(terminal.read_line().unwrap(), Line::Unreadable);
}

#[test]
fn takes_eighty_columns_where_the_terminal_does_not_know() {
    let (_person, terminal) = terminal();
    assert_eq!(terminal.width().unwrap(), 80);
    let size = rustix::termios::Winsize { ws_row: 24, ws_col: 132, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&terminal.tty, size).unwrap();
    assert_eq!(terminal.width().unwrap(), 132);
}

#[test]
fn does_not_ask_at_a_terminal_in_raw_mode() {
    let (_person, terminal) = terminal();
    let mut modes = tcgetattr(&terminal.tty).unwrap();
    modes.make_raw();
    tcsetattr(&terminal.tty, OptionalActions::Now, &modes).unwrap();
    let (cancelled, _cancel) = io::pipe().unwrap();
    let tty = terminal.tty.as_fd().try_clone_to_owned().unwrap();
    let error = Terminal::new(tty, cancelled).err().unwrap();
    assert_eq!(error.to_string(), "cannot ask at the terminal: it is in raw mode");
}

#[test]
fn does_not_ask_where_there_is_no_terminal() {
    let (cancelled, cancel) = io::pipe().unwrap();
    let error = Terminal::new(cancel.into(), cancelled).err().unwrap();
    assert!(error.to_string().starts_with("cannot ask at the terminal: not a terminal"), "{error}");
}
