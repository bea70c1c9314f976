//! Pseudo-terminals for programs, with the person's end in the test.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, OutputModes, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

/// A terminal: the person's end, and the program's.
pub fn terminal() -> (File, OwnedFd) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = rustix::fs::open(ptsname(&master, Vec::new()).unwrap(), flags, Mode::empty()).unwrap();
    let mut modes = tcgetattr(&slave).unwrap();
    modes.output_modes -= OutputModes::OPOST;
    tcsetattr(&slave, OptionalActions::Now, &modes).unwrap();
    tcsetwinsize(&slave, Winsize { ws_row: 24, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    (File::from(master), slave)
}

/// Reads the screen up to these bytes, such as the end of a question.
///
/// # Panics
///
/// When nobody can write them any more.
pub fn screen_until(person: &mut File, end: &[u8]) -> String {
    let mut seen = Vec::new();
    while !seen.ends_with(end) {
        let mut next = [0];
        person.read_exact(&mut next).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&seen)));
        seen.push(next[0]);
    }
    String::from_utf8(seen).unwrap()
}

/// Reads the screen until no process can write to it any more.
pub fn screen(mut person: File) -> String {
    let mut seen = Vec::new();
    let mut part = [0; 4096];
    // The other end is closed, which is an error here and not the end of a file.
    while let Ok(length @ 1..) = person.read(&mut part) {
        seen.extend_from_slice(&part[..length]);
    }
    String::from_utf8(seen).unwrap()
}
