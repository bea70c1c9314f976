//! Streams without blocking, as a program with an event loop uses them, and their rules, one broken in each part.

use crate::answer::{Code, case, is};
use crate::files::work;
use crate::wasi::filesystem::types::{DescriptorFlags, ErrorCode, OpenFlags, PathFlags};
use crate::wasi::io::streams::{InputStream, OutputStream};

/// Runs one part; false if there is none of this name.
pub(crate) fn run(part: &str) -> bool {
    match part {
        "loop" => event_loop(),
        "splice" => splice(),
        "write-unasked" => {
            if let Ok(stream) = output("unasked") {
                case("write without check-write", stream.write(b"abc"));
                case("flush after it", stream.blocking_flush());
            }
        }
        "write-too-much" => {
            if let Ok(stream) = output("too-much") {
                let room = usize::try_from(stream.check_write().unwrap_or_default()).unwrap_or_default();
                let bytes = vec![b'x'; room.min(16 << 20) + 1];
                case("write of more than there is room for", stream.write(&bytes));
                case("flush after too much", stream.blocking_flush());
            }
        }
        "write-and-flush-4097" => {
            if let Ok(stream) = output("large") {
                case("blocking-write-and-flush of 4097 bytes", stream.blocking_write_and_flush(&[b'x'; 4097]));
            }
        }
        "write-zeroes-4097" => {
            if let Ok(stream) = output("zeroes") {
                case("blocking-write-zeroes-and-flush of 4097 bytes", stream.blocking_write_zeroes_and_flush(4097));
            }
        }
        "read-all" => {
            if let Ok(stream) = input("file.txt") {
                let read = stream.blocking_read(u64::MAX);
                case("blocking-read of 2^64-1 bytes", read.map(|bytes| bytes.len()));
                case("blocking-skip of 2^64-1 bytes", stream.blocking_skip(u64::MAX));
            }
        }
        _ => return false,
    }
    true
}

fn input(path: &str) -> Result<InputStream, ErrorCode> {
    work().open_at(PathFlags::empty(), path, OpenFlags::empty(), DescriptorFlags::READ)?.read_via_stream(0)
}

fn output(path: &str) -> Result<OutputStream, ErrorCode> {
    let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
    work().open_at(PathFlags::empty(), path, OpenFlags::CREATE, flags)?.write_via_stream(0)
}

fn event_loop() {
    let Ok(stream) = input("file.txt") else { return };
    let ready = stream.subscribe();
    let (mut text, mut turns) = (Vec::new(), 0);
    let end = loop {
        ready.block();
        turns += 1;
        match stream.read(4) {
            Ok(bytes) => text.extend(bytes),
            Err(error) => break error.code(),
        }
        if turns > 100 {
            break "no end".to_owned();
        }
    };
    is("a file read in turns", (String::from_utf8_lossy(&text), end));
    case("read after the end", stream.read(4).map(|bytes| bytes.len()));
    case("skip after the end", stream.skip(4));
    drop(ready);

    let Ok(stream) = output("written") else { return };
    let ready = stream.subscribe();
    for (number, piece) in [b"one ".as_slice(), b"", b"two"].into_iter().enumerate() {
        ready.block();
        case(format_args!("piece {number}: room"), stream.check_write().map(|room| room > 0));
        case(format_args!("piece {number}: write"), stream.write(piece));
    }
    case("flush", stream.flush());
    ready.block();
    case("room after a flush", stream.check_write().map(|room| room > 0));
    case("write-zeroes", stream.write_zeroes(2));
    case("blocking-flush", stream.blocking_flush());
    drop(ready);
    drop(stream);
    let Ok(stream) = input("written") else { return };
    case("what was written", stream.blocking_read(100).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
}

fn splice() {
    let (Ok(from), Ok(to)) = (input("file.txt"), output("spliced")) else { return };
    from.subscribe().block();
    case("room", to.check_write().map(|room| room > 0));
    // How much of it one turn moves is up to the host, but it moves something.
    case("splice", to.splice(&from, 4).map(|bytes| bytes <= 4));
    case("blocking-flush", to.blocking_flush());
    let (Ok(from), Ok(to)) = (input("file.txt"), output("spliced-whole")) else { return };
    let mut moved = 0;
    let end = loop {
        match to.blocking_splice(&from, 3) {
            Ok(bytes) => moved += bytes,
            Err(error) => break error.code(),
        }
    };
    is("spliced to the end", (moved, end));
    case("and flushed", to.blocking_flush());
}
