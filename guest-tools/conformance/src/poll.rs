//! Waiting: for moments, for files, for lists of both.

use crate::answer::is;
use crate::files::work;
use crate::wasi::cli::{stdin, stdout};
use crate::wasi::clocks::monotonic_clock::{now, subscribe_duration, subscribe_instant};
use crate::wasi::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};
use crate::wasi::io::poll::poll;

/// A time after which nothing in these programs is waited for, in nanoseconds.
const NEVER: u64 = 3_600_000_000_000;

/// Runs one part; false if there is none of this name.
pub(crate) fn run(part: &str) -> bool {
    match part {
        "moments" => moments(),
        "lists" => lists(),
        "streams" => streams(),
        // A list must have something to wait for.
        "empty" => is("poll of an empty list", poll(&[])),
        _ => return false,
    }
    true
}

fn moments() {
    for duration in [0, 1, 1000, 1_000_000] {
        let start = now();
        let pollable = subscribe_duration(duration);
        pollable.block();
        is(format_args!("ready after {duration} ns"), pollable.ready());
        is(format_args!("{duration} ns have passed"), now() - start >= duration);
        pollable.block();
        is(format_args!("ready again after {duration} ns"), pollable.ready());
    }
    for duration in [NEVER, u64::MAX - 1, u64::MAX] {
        is(format_args!("ready before {duration} ns"), subscribe_duration(duration).ready());
    }
    for (name, instant) in [("0", 0), ("1", 1), ("now", now())] {
        let pollable = subscribe_instant(instant);
        pollable.block();
        is(format_args!("ready at {name}"), pollable.ready());
    }
    let start = now();
    let pollable = subscribe_instant(start + 1_000_000);
    pollable.block();
    is("a moment to come has come", now() >= start + 1_000_000);
    is("ready before a far moment", subscribe_instant(start + NEVER).ready());
    is("ready before the last moment", subscribe_instant(u64::MAX).ready());
}

fn lists() {
    let (soon, never) = (subscribe_duration(0), subscribe_duration(NEVER));
    soon.block();
    is("poll of one", poll(&[&soon]));
    is("poll of one that is ready, and one that is not", poll(&[&soon, &never]));
    is("poll the other way round", poll(&[&never, &soon]));
    is("poll of the same twice", poll(&[&soon, &soon]));
    is("poll of the same twice, among others", poll(&[&never, &soon, &never, &soon]));
    let first = subscribe_duration(1_000_000);
    is("poll of one to come", poll(&[&never, &first]));
    let many: Vec<_> = (0..100).map(|_| subscribe_duration(0)).collect();
    many.iter().for_each(|pollable| pollable.block());
    is("poll of a hundred", poll(&many.iter().collect::<Vec<_>>()).len());
}

fn streams() {
    let dir = work();
    let file = dir.open_at(PathFlags::empty(), "file.txt", OpenFlags::empty(), DescriptorFlags::READ);
    let Ok(stream) = file.and_then(|file| file.read_via_stream(0)) else { return };
    let ready = stream.subscribe();
    ready.block();
    is("a file is ready", ready.ready());
    is("a file in a list", poll(&[&subscribe_duration(NEVER), &ready]));
    drop(ready);
    let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
    let file = dir.open_at(PathFlags::empty(), "polled", OpenFlags::CREATE, flags);
    let Ok(written) = file.and_then(|file| file.write_via_stream(0)) else { return };
    let ready = written.subscribe();
    ready.block();
    is("a file is ready for writes", ready.ready());
    let input = stdin::get_stdin().subscribe();
    input.block();
    is("standard input is ready", input.ready());
    let output = stdout::get_stdout().subscribe();
    output.block();
    is("standard output is ready", output.ready());
}
