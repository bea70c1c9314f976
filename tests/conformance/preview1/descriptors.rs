//! What can be done with descriptors.

use super::module::{Module, Shown, Value};
use super::{ALL, NUMBER, OTHER, WORK};

const LONG: Shown = Shown::Number(0, 8);

/// Type, flags and rights of a descriptor. The inheriting rights follow from the others.
const FDSTAT: [Shown; 3] = [Shown::Number(0, 1), Shown::Number(2, 2), Shown::Number(8, 8)];

/// Type, link count and size of a file.
const FILESTAT: [Shown; 3] = [Shown::Number(16, 1), Shown::Number(24, 8), Shown::Number(32, 8)];

/// Opens a file into a slot.
fn open(module: &mut Module, case: &str, path: &str, flags: u32, rights: u64, fdflags: u32, slot: usize) {
    let arguments = [
        WORK,
        Value::Number(0),
        Value::Text(path),
        Value::Number(flags),
        Value::Long(rights),
        Value::Long(0),
        Value::Number(fdflags),
        Value::Slot(slot),
    ];
    module.call(case, "path_open", &arguments, &[]);
}

/// Reading, writing and seeking.
pub(super) fn files() -> Module {
    let mut module = Module::default();
    let file = Value::Fd(0);
    open(&mut module, "open for everything", "file.txt", 0, (1 << 29) - 1, 0, 0);
    module.call("fd_fdstat_get", "fd_fdstat_get", &[file, Value::Result], &FDSTAT);
    module.call("fd_filestat_get", "fd_filestat_get", &[file, Value::Result], &FILESTAT);
    for length in [4, 100, 1] {
        let read = [file, Value::Into(length), Value::Result];
        module.call(&format!("fd_read {length}"), "fd_read", &read, &[NUMBER, Shown::Text]);
        module.call(&format!("fd_tell after {length}"), "fd_tell", &[file, Value::Result], &[LONG]);
    }
    for (offset, whence) in
        [(0, 0), (5, 0), (-1, 0), (2, 1), (-3, 1), (-100, 1), (0, 2), (-2, 2), (100, 2), (i64::MAX, 0)]
    {
        let seek = [file, Value::Long(offset.cast_unsigned()), Value::Number(whence), Value::Result];
        module.call(&format!("fd_seek {offset} from {whence}"), "fd_seek", &seek, &[LONG]);
    }
    for offset in [0, 5, 10, 11, 1 << 40, (1 << 63) - 1, 1 << 63, u64::MAX] {
        let read = [file, Value::Into(4), Value::Long(offset), Value::Result];
        module.call(&format!("fd_pread at {offset}"), "fd_pread", &read, &[NUMBER, Shown::Text]);
    }
    for offset in [0, 8, 12, 1 << 63, u64::MAX] {
        let write = [file, Value::From("abc"), Value::Long(offset), Value::Result];
        module.call(&format!("fd_pwrite at {offset}"), "fd_pwrite", &write, &[NUMBER]);
    }
    let begin = [file, Value::Long(2), Value::Number(0), Value::Result];
    module.call("back to 2", "fd_seek", &begin, &[LONG]);
    module.call("fd_write", "fd_write", &[file, Value::From("XY"), Value::Result], &[NUMBER]);
    module.call("fd_write of nothing", "fd_write", &[file, Value::From(""), Value::Result], &[NUMBER]);
    module.call("fd_tell after writes", "fd_tell", &[file, Value::Result], &[LONG]);
    module.call("back to 3", "fd_seek", &[file, Value::Long(3), Value::Number(0), Value::Result], &[LONG]);
    module.call("fd_read of nothing", "fd_read", &[file, Value::Into(0), Value::Result], &[NUMBER]);
    module.call("fd_read after that", "fd_read", &[file, Value::Into(4), Value::Result], &[NUMBER]);
    sizes(&mut module, file);
    appending(&mut module);
    module
}

fn sizes(module: &mut Module, file: Value<'_>) {
    for size in [20, 5, 0, 10, 1 << 63, u64::MAX] {
        let set = [file, Value::Long(size)];
        module.call(&format!("fd_filestat_set_size {size}"), "fd_filestat_set_size", &set, &[]);
        module.call(&format!("size after {size}"), "fd_filestat_get", &[file, Value::Result], &FILESTAT);
    }
    for (offset, length) in [(0, 0), (0, 5), (0, 30), (u64::MAX, 1)] {
        let allocate = [file, Value::Long(offset), Value::Long(length)];
        module.call(&format!("fd_allocate {offset} {length}"), "fd_allocate", &allocate, &[]);
    }
    for advice in 0..6 {
        let advise = [file, Value::Long(0), Value::Long(10), Value::Number(advice)];
        module.call(&format!("fd_advise {advice}"), "fd_advise", &advise, &[]);
    }
    for flags in [0, 1, 2, 4, 5, 8] {
        let set = [file, Value::Number(flags)];
        module.call(&format!("fd_fdstat_set_flags {flags}"), "fd_fdstat_set_flags", &set, &[]);
        module.call(&format!("flags after {flags}"), "fd_fdstat_get", &[file, Value::Result], &FDSTAT);
    }
    module.call("fd_fdstat_set_rights to the same", "fd_fdstat_set_rights", &[file, ALL, ALL], &[]);
    module.call("fd_fdstat_set_rights to less", "fd_fdstat_set_rights", &[file, Value::Long(2), Value::Long(0)], &[]);
    for flags in [0, 1, 2, 3, 4, 5, 8, 10, 12, 15] {
        let set = [file, Value::Long(86_400_000_000_000), Value::Long(1), Value::Number(flags)];
        module.call(&format!("fd_filestat_set_times {flags}"), "fd_filestat_set_times", &set, &[]);
    }
    module.call("fd_sync", "fd_sync", &[file], &[]);
    module.call("fd_datasync", "fd_datasync", &[file], &[]);
    module.call("fd_readdir of a file", "fd_readdir", &[file, Value::Buffer(100), Value::Long(0), Value::Result], &[]);
    module.call("fd_prestat_get of a file", "fd_prestat_get", &[file, Value::Result], &[]);
}

fn appending(module: &mut Module) {
    let file = Value::Fd(1);
    open(module, "open to append", "appended.txt", 1, (1 << 29) - 1, 1, 1);
    module.call("flags of it", "fd_fdstat_get", &[file, Value::Result], &[Shown::Number(2, 2)]);
    module.call("append", "fd_write", &[file, Value::From("one "), Value::Result], &[NUMBER]);
    let begin = [file, Value::Long(0), Value::Number(0), Value::Result];
    module.call("to the beginning", "fd_seek", &begin, &[LONG]);
    module.call("append on", "fd_write", &[file, Value::From("two"), Value::Result], &[NUMBER]);
    module.call("fd_tell then", "fd_tell", &[file, Value::Result], &[LONG]);
    module.call(
        "fd_pwrite at 0 of one that appends",
        "fd_pwrite",
        &[file, Value::From("T"), Value::Long(0), Value::Result],
        &[NUMBER],
    );
    open(module, "open for reading", "file.txt", 0, 2, 0, 2);
    let read = Value::Fd(2);
    module.call("its rights", "fd_fdstat_get", &[read, Value::Result], &FDSTAT);
    module.call("write to it", "fd_write", &[read, Value::From("x"), Value::Result], &[]);
    module.call("pwrite to it", "fd_pwrite", &[read, Value::From("x"), Value::Long(0), Value::Result], &[]);
    module.call("set its size", "fd_filestat_set_size", &[read, Value::Long(3)], &[]);
    open(module, "open for writing", "file.txt", 0, 64, 0, 3);
    let write = Value::Fd(3);
    module.call("read it", "fd_read", &[write, Value::Into(3), Value::Result], &[]);
}

/// Every function on a descriptor that is not open, or not any more.
pub(super) fn closed() -> Module {
    let mut module = Module::default();
    open(&mut module, "open", "file.txt", 0, (1 << 29) - 1, 0, 0);
    module.call("fd_close", "fd_close", &[Value::Fd(0)], &[]);
    module.call("fd_close twice", "fd_close", &[Value::Fd(0)], &[]);
    for (name, fd) in [("closed", Value::Fd(0)), ("99", Value::Number(99)), ("-1", Value::Number(u32::MAX))] {
        let zero = Value::Long(0);
        let text = Value::Text("x");
        let calls: [(&str, &[Value<'_>]); 25] = [
            ("fd_advise", &[fd, zero, zero, Value::Number(0)]),
            ("fd_allocate", &[fd, zero, zero]),
            ("fd_datasync", &[fd]),
            ("fd_fdstat_get", &[fd, Value::Result]),
            ("fd_fdstat_set_flags", &[fd, Value::Number(0)]),
            ("fd_fdstat_set_rights", &[fd, zero, zero]),
            ("fd_filestat_get", &[fd, Value::Result]),
            ("fd_filestat_set_size", &[fd, zero]),
            ("fd_filestat_set_times", &[fd, zero, zero, Value::Number(0)]),
            ("fd_pread", &[fd, Value::Into(1), zero, Value::Result]),
            ("fd_prestat_get", &[fd, Value::Result]),
            ("fd_prestat_dir_name", &[fd, Value::Buffer(10)]),
            ("fd_pwrite", &[fd, Value::From("x"), zero, Value::Result]),
            ("fd_read", &[fd, Value::Into(1), Value::Result]),
            ("fd_readdir", &[fd, Value::Buffer(100), zero, Value::Result]),
            ("fd_renumber", &[fd, fd]),
            ("fd_seek", &[fd, zero, Value::Number(0), Value::Result]),
            ("fd_sync", &[fd]),
            ("fd_tell", &[fd, Value::Result]),
            ("fd_write", &[fd, Value::From("x"), Value::Result]),
            ("path_create_directory", &[fd, text]),
            ("path_filestat_get", &[fd, Value::Number(0), text, Value::Result]),
            ("path_readlink", &[fd, text, Value::Buffer(10), Value::Result]),
            ("path_unlink_file", &[fd, text]),
            ("path_rename", &[fd, text, WORK, text]),
        ];
        for (function, arguments) in calls {
            module.call(&format!("{function} of {name}"), function, arguments, &[]);
        }
    }
    module
}

/// Preopens, folders, and descriptors that are renumbered.
pub(super) fn folders() -> Module {
    let mut module = Module::default();
    for fd in 0..6 {
        let shown = [Shown::Number(0, 1), Shown::Number(4, 4)];
        module.call(&format!("fd_prestat_get {fd}"), "fd_prestat_get", &[Value::Number(fd), Value::Result], &shown);
        for length in [3, 5, 6, 100] {
            let name = [Value::Number(fd), Value::Buffer(length)];
            module.call(&format!("fd_prestat_dir_name {fd} {length}"), "fd_prestat_dir_name", &name, &[]);
        }
        module.call(&format!("fd_fdstat_get {fd}"), "fd_fdstat_get", &[Value::Number(fd), Value::Result], &FDSTAT);
    }
    open(&mut module, "open a folder", "empty-dir", 2, 1 << 14, 0, 0);
    let folder = Value::Fd(0);
    module.call("its rights", "fd_fdstat_get", &[folder, Value::Result], &FDSTAT);
    for (length, cookie) in [(0, 0), (1, 0), (24, 0), (1000, 0), (1000, 1), (1000, 2), (1000, 99)] {
        let read = [folder, Value::Buffer(length), Value::Long(cookie), Value::Result];
        module.call(&format!("fd_readdir {length} from {cookie}"), "fd_readdir", &read, &[NUMBER]);
    }
    let all = [WORK, Value::Buffer(4000), Value::Long(0), Value::Result];
    module.call("fd_readdir of the preopen", "fd_readdir", &all, &[NUMBER]);
    module.call("fd_read of a folder", "fd_read", &[folder, Value::Into(4), Value::Result], &[]);
    module.call("fd_write of a folder", "fd_write", &[folder, Value::From("x"), Value::Result], &[]);
    let seek = [folder, Value::Long(0), Value::Number(0), Value::Result];
    module.call("fd_seek of a folder", "fd_seek", &seek, &[]);
    module.call("fd_tell of a folder", "fd_tell", &[folder, Value::Result], &[]);
    module.call("fd_sync of a folder", "fd_sync", &[folder], &[]);
    module.call("fd_filestat_set_size of a folder", "fd_filestat_set_size", &[folder, Value::Long(0)], &[]);
    open(&mut module, "open a file", "file.txt", 0, 2, 0, 1);
    open(&mut module, "open another", "empty.txt", 0, 2, 0, 2);
    module.call("fd_renumber", "fd_renumber", &[Value::Fd(1), Value::Fd(2)], &[]);
    module.call("read the new number", "fd_read", &[Value::Fd(2), Value::Into(4), Value::Result], &[Shown::Text]);
    module.call("read the old number", "fd_read", &[Value::Fd(1), Value::Into(4), Value::Result], &[]);
    module.call("fd_renumber to itself", "fd_renumber", &[Value::Fd(2), Value::Fd(2)], &[]);
    module.call("fd_renumber to a number that is free", "fd_renumber", &[Value::Fd(2), Value::Number(50)], &[]);
    module.call("fd_renumber over a preopen", "fd_renumber", &[Value::Fd(2), OTHER], &[]);
    module.call("fd_close of a preopen", "fd_close", &[WORK], &[]);
    module
}

/// Standard input and output.
pub(super) fn standard() -> Module {
    let mut module = Module::default();
    for fd in 0..3 {
        let of = |function: &str| format!("{function} of {fd}");
        let fd = Value::Number(fd);
        module.call(&of("fd_fdstat_get"), "fd_fdstat_get", &[fd, Value::Result], &[Shown::Number(2, 2)]);
        module.call(&of("fd_filestat_get"), "fd_filestat_get", &[fd, Value::Result], &[]);
        module.call(&of("fd_tell"), "fd_tell", &[fd, Value::Result], &[]);
        let seek = [fd, Value::Long(0), Value::Number(0), Value::Result];
        module.call(&of("fd_seek"), "fd_seek", &seek, &[]);
        module.call(&of("fd_sync"), "fd_sync", &[fd], &[]);
        module.call(&of("fd_filestat_set_size"), "fd_filestat_set_size", &[fd, Value::Long(0)], &[]);
        module.call(&of("fd_pread"), "fd_pread", &[fd, Value::Into(1), Value::Long(0), Value::Result], &[]);
        module.call(&of("fd_fdstat_set_flags"), "fd_fdstat_set_flags", &[fd, Value::Number(4)], &[]);
        module.call(&of("flags"), "fd_fdstat_get", &[fd, Value::Result], &[Shown::Number(2, 2)]);
    }
    for (number, length) in [4, 0, 100, 1].into_iter().enumerate() {
        let read = [Value::Number(0), Value::Into(length), Value::Result];
        module.call(&format!("read {number} of stdin"), "fd_read", &read, &[NUMBER, Shown::Text]);
    }
    module.call("write to stdin", "fd_write", &[Value::Number(0), Value::From("x"), Value::Result], &[]);
    module.call("read from stdout", "fd_read", &[Value::Number(1), Value::Into(1), Value::Result], &[]);
    module.call("write to stderr", "fd_write", &[Value::Number(2), Value::From("error"), Value::Result], &[NUMBER]);
    module.call("close stderr", "fd_close", &[Value::Number(2)], &[]);
    module.call(
        "write to a closed stderr",
        "fd_write",
        &[Value::Number(2), Value::From("lost"), Value::Result],
        &[NUMBER],
    );
    module
}
