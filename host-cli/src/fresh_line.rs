//! Whether output has left a line unfinished, so that the next message begins on a line of its own.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::fstat;
use wasm_agent_host::Stream;

/// Whether the last line of standard output, and of standard error, has no end yet. A process has one of each.
static UNFINISHED: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];

/// Notes the bytes that a tool wrote.
pub(crate) fn wrote(stream: Stream, bytes: &[u8]) {
    if let Some(last) = bytes.last() {
        set(stream, *last != b'\n');
    }
}

/// Notes that the person at the terminal has ended its line.
pub(crate) fn ended_by_person() {
    UNFINISHED.iter().for_each(|unfinished| unfinished.store(false, Ordering::Relaxed));
}

/// Notes that a key was pressed that a terminal shows, such as `^C`, wherever its cursor was.
pub(crate) fn key_was_shown() {
    if io::stderr().is_terminal() {
        set(Stream::Stderr, true);
    }
}

/// Ends the line if it is unfinished.
pub(crate) fn begin(stream: Stream) {
    if !of(stream).load(Ordering::Relaxed) {
        return;
    }
    set(stream, false);
    // If this can't be written, the message after it can't either.
    let _ = match stream {
        Stream::Stdout => io::stdout().write_all(b"\n"),
        Stream::Stderr => io::stderr().write_all(b"\n"),
    };
}

fn set(stream: Stream, unfinished: bool) {
    if are_one() {
        UNFINISHED.iter().for_each(|line| line.store(unfinished, Ordering::Relaxed));
    } else {
        of(stream).store(unfinished, Ordering::Relaxed);
    }
}

fn of(stream: Stream) -> &'static AtomicBool {
    let [stdout, stderr] = &UNFINISHED;
    match stream {
        Stream::Stdout => stdout,
        Stream::Stderr => stderr,
    }
}

/// Whether both streams go to the same terminal, file or pipe.
fn are_one() -> bool {
    static ONE: OnceLock<bool> = OnceLock::new();
    let place = |stream: &dyn AsFd| fstat(stream).ok().map(|found| (found.st_dev, found.st_ino));
    *ONE.get_or_init(|| place(&io::stdout()).is_some_and(|stdout| place(&io::stderr()) == Some(stdout)))
}
