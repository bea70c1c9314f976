//! Reading and writing: offsets, ends, sizes, and streams that keep their place.

use super::{create, filled, text, work};
use crate::answer::{Code, case, ignore, is};
use crate::wasi::filesystem::types::{Advice, Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};
use crate::wasi::io::streams::StreamError;

/// Offsets at which something ends. The file has ten bytes.
const OFFSETS: [u64; 9] = [0, 1, 9, 10, 11, 1 << 32, (1 << 63) - 1, 1 << 63, u64::MAX];

/// What can be asked for at once. Larger ones only shorten what is there.
const LENGTHS: [u64; 4] = [0, 1, 10, 4096];

pub(super) fn run() {
    let dir = work();
    reading(&dir);
    writing(&dir);
    sizes(&dir);
    advice(&dir);
}

/// What a read gives: text, and whether the end was reached.
fn shown((bytes, end): (Vec<u8>, bool)) -> (String, bool) {
    (String::from_utf8_lossy(&bytes).into_owned(), end)
}

fn reading(dir: &Descriptor) {
    let file = match dir.open_at(PathFlags::empty(), "file.txt", OpenFlags::empty(), DescriptorFlags::READ) {
        Ok(file) => file,
        Err(error) => return is("open file.txt", error.code()),
    };
    for offset in OFFSETS {
        for length in LENGTHS {
            case(format_args!("read {length} at {offset}"), file.read(length, offset).map(shown));
        }
    }
    for length in [1 << 20, u64::from(u32::MAX), 1 << 62] {
        case(format_args!("read {length} at 0"), file.read(length, 0).map(shown));
    }
    case("write to a file open for reading", file.write(b"x", 0));
    case("set-size of a file open for reading", file.set_size(3));
    case("write-via-stream of a file open for reading", file.write_via_stream(0).map(drop));
    case("append-via-stream of a file open for reading", file.append_via_stream().map(drop));
    case("sync of a file open for reading", file.sync());
    case("sync-data of a file open for reading", file.sync_data());
    case("read of a folder", dir.read(10, 0).map(shown));
    case("write of a folder", dir.write(b"x", 0));
    case("set-size of a folder", dir.set_size(0));
    case("sync of a folder", dir.sync());
    case("sync-data of a folder", dir.sync_data());
    case("read-via-stream of a folder", dir.read_via_stream(0).map(drop));
    case("write-via-stream of a folder", dir.write_via_stream(0).map(drop));
    case("append-via-stream of a folder", dir.append_via_stream().map(drop));
    case("read-directory of a file", file.read_directory().map(drop));
    case("stat-at of a file", file.stat_at(PathFlags::empty(), ".").map(drop));
    case("open-at of a file", create(&file, "x").map(drop));
    case("create-directory-at of a file", file.create_directory_at("x"));
    case("unlink-file-at of a file", file.unlink_file_at("x"));
    case("readlink-at of a file", file.readlink_at("link"));
    case("rename-at into a file", dir.rename_at("empty.txt", &file, "x"));
    case("link-at into a file", dir.link_at(PathFlags::empty(), "empty.txt", &file, "x"));
    case("symlink-at in a file", file.symlink_at("x", "y"));
    case("metadata-hash-at of a file", file.metadata_hash_at(PathFlags::empty(), ".").map(drop));
}

fn writing(dir: &Descriptor) {
    for offset in OFFSETS.into_iter().filter(|offset| *offset < 1 << 32 || *offset >= 1 << 63) {
        let name = format!("w{offset}");
        let file = filled(dir, &name, "0123456789");
        case(format_args!("write at {offset}"), file.and_then(|file| file.write(b"ab", offset)));
        case(format_args!("after write at {offset}"), text(dir, &name));
    }
    let only = dir.open_at(PathFlags::empty(), "w0", OpenFlags::empty(), DescriptorFlags::WRITE);
    case("read of a file open for writing", only.as_ref().map_err(|code| *code).and_then(|file| file.read(3, 0)));
    case("write of nothing", only.as_ref().map_err(|code| *code).and_then(|file| file.write(b"", 5)));
    case("read-via-stream of a file open for writing", only.and_then(|file| file.read_via_stream(0)).map(drop));
    case("truncated at opening", {
        let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
        let file = dir.open_at(PathFlags::empty(), "w1", OpenFlags::TRUNCATE, flags);
        file.and_then(|file| file.read(10, 0)).map(shown)
    });
    case("truncated at opening for reading", {
        let file = dir.open_at(PathFlags::empty(), "w9", OpenFlags::TRUNCATE, DescriptorFlags::READ);
        file.and_then(|file| file.read(10, 0)).map(shown)
    });
}

fn sizes(dir: &Descriptor) {
    for size in [0, 5, 10, 20, 1 << 62, (1 << 63) - 1, 1 << 63, u64::MAX] {
        let name = format!("s{size}");
        let file = filled(dir, &name, "0123456789");
        let set = file.and_then(|file| {
            let set = file.set_size(size);
            file.stat().map(|stat| (set.map_err(|code| code.code()), stat.size))
        });
        case(format_args!("set-size {size}"), set);
        ignore(dir.unlink_file_at(&name));
    }
}

fn advice(dir: &Descriptor) {
    let Ok(file) = create(dir, "advised") else { return };
    let kinds =
        [Advice::Normal, Advice::Sequential, Advice::Random, Advice::WillNeed, Advice::DontNeed, Advice::NoReuse];
    for kind in kinds {
        case(format_args!("advise {kind:?}"), file.advise(0, 10, kind));
    }
    case("advise nothing", file.advise(0, 0, Advice::Normal));
    case("advise beyond the end", file.advise(1 << 40, 10, Advice::WillNeed));
    case("advise beyond 63 bits", file.advise(u64::MAX, u64::MAX, Advice::Normal));
    case("advise of a folder", dir.advise(0, 10, Advice::Normal));
}

/// Streams of files.
pub(super) fn streams() {
    let dir = work();
    stream_reads(&dir);
    stream_writes(&dir);
}

fn as_text(read: Result<Vec<u8>, StreamError>) -> Result<String, StreamError> {
    read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn stream_reads(dir: &Descriptor) {
    let open = || dir.open_at(PathFlags::empty(), "file.txt", OpenFlags::empty(), DescriptorFlags::READ);
    for offset in OFFSETS {
        match open().and_then(|file| file.read_via_stream(offset)) {
            Err(error) => is(format_args!("read-via-stream at {offset}"), error.code()),
            Ok(stream) => {
                case(format_args!("blocking-read 4 at {offset}"), as_text(stream.blocking_read(4)));
                case(format_args!("blocking-read on at {offset}"), as_text(stream.blocking_read(4)));
                case(format_args!("blocking-skip at {offset}"), stream.blocking_skip(1));
                case(format_args!("blocking-read of nothing at {offset}"), as_text(stream.blocking_read(0)));
                case(format_args!("blocking-read to the end at {offset}"), as_text(stream.blocking_read(100)));
                case(format_args!("blocking-read past the end at {offset}"), as_text(stream.blocking_read(1)));
                case(format_args!("blocking-skip past the end at {offset}"), stream.blocking_skip(1));
            }
        }
    }
    // Two streams of one file each have their own place, and outlive its handle.
    let streams: Result<Vec<_>, ErrorCode> =
        open().and_then(|file| [0, 5].map(|offset| file.read_via_stream(offset)).into_iter().collect());
    for (number, stream) in streams.unwrap_or_default().into_iter().enumerate() {
        case(format_args!("stream {number} of two"), as_text(stream.blocking_read(3)));
    }
}

fn stream_writes(dir: &Descriptor) {
    for offset in [0, 5, 10, 15, 1 << 63, u64::MAX] {
        let name = format!("stream{offset}");
        let file = filled(dir, &name, "0123456789");
        match file.and_then(|file| file.write_via_stream(offset)) {
            Err(error) => is(format_args!("write-via-stream at {offset}"), error.code()),
            Ok(stream) => {
                case(format_args!("write at {offset}"), stream.blocking_write_and_flush(b"ab"));
                case(format_args!("write on at {offset}"), stream.blocking_write_and_flush(b"cd"));
                case(format_args!("write nothing at {offset}"), stream.blocking_write_and_flush(b""));
                case(format_args!("write zeroes at {offset}"), stream.blocking_write_zeroes_and_flush(2));
                case(format_args!("flush at {offset}"), stream.blocking_flush());
            }
        }
        case(format_args!("text after writes at {offset}"), text(dir, &name));
    }
    let file = filled(dir, "appended", "0123456789");
    match file.as_ref().map_err(|code| *code).and_then(Descriptor::append_via_stream) {
        Err(error) => is("append-via-stream", error.code()),
        Ok(stream) => {
            case("append", stream.blocking_write_and_flush(b"ab"));
            case("grown meanwhile", file.and_then(|file| file.write(b"XY", 12)));
            case("append on", stream.blocking_write_and_flush(b"cd"));
        }
    }
    case("text after appends", text(dir, "appended"));
    let copied = filled(dir, "copied", "").and_then(|file| file.write_via_stream(0));
    let source = dir
        .open_at(PathFlags::empty(), "file.txt", OpenFlags::empty(), DescriptorFlags::READ)
        .and_then(|file| file.read_via_stream(2));
    if let (Ok(to), Ok(from)) = (copied, source) {
        case("splice of nothing", to.blocking_splice(&from, 0));
        case("splice", to.blocking_splice(&from, 5));
        case("splice of more than there is", to.blocking_splice(&from, 100));
        case("splice at the end", to.blocking_splice(&from, 1));
        case("flush after splice", to.blocking_flush());
    }
    case("text after splice", text(dir, "copied"));
}
