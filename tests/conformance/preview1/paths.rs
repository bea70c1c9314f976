//! Every function that takes a path, with every kind of path.

use super::module::{Module, Shown, Value};
use super::{NUMBER, WORK};

/// An operation on a path, added to a module.
type Operation = fn(&mut Module, &str, &str);

/// The operations, each a program of its own.
pub(super) const OPERATIONS: &[(&str, Operation)] = &[
    ("path_filestat_get.wasm", |module, case, path| stat(module, case, 0, path)),
    ("path_filestat_get-follow.wasm", |module, case, path| stat(module, case, 1, path)),
    ("path_open.wasm", |module, case, path| open(module, case, 0, path, 0, 2)),
    ("path_open-follow.wasm", |module, case, path| open(module, case, 1, path, 0, 2)),
    ("path_open-write.wasm", |module, case, path| open(module, case, 1, path, 0, 66)),
    ("path_open-create.wasm", |module, case, path| open(module, case, 0, path, 1, 66)),
    ("path_open-directory.wasm", |module, case, path| open(module, case, 0, path, 2, 1 << 14)),
    ("path_open-exclusive.wasm", |module, case, path| open(module, case, 0, path, 5, 66)),
    ("path_open-truncate.wasm", |module, case, path| open(module, case, 0, path, 8, 66)),
    ("path_readlink.wasm", |module, case, path| {
        let arguments = [WORK, Value::Text(path), Value::Buffer(100), Value::Result];
        module.call(case, "path_readlink", &arguments, &[NUMBER, Shown::Text]);
    }),
    ("path_create_directory.wasm", |module, case, path| {
        module.call(case, "path_create_directory", &[WORK, Value::Text(path)], &[]);
    }),
    ("path_remove_directory.wasm", |module, case, path| {
        module.call(case, "path_remove_directory", &[WORK, Value::Text(path)], &[]);
    }),
    ("path_unlink_file.wasm", |module, case, path| {
        module.call(case, "path_unlink_file", &[WORK, Value::Text(path)], &[]);
    }),
    ("path_rename-from.wasm", |module, case, path| {
        module.call(case, "path_rename", &[WORK, Value::Text(path), WORK, Value::Text("renamed")], &[]);
        module.call(
            &format!("{case}, and back"),
            "path_rename",
            &[WORK, Value::Text("renamed"), WORK, Value::Text(path)],
            &[],
        );
    }),
    ("path_rename-to.wasm", |module, case, path| {
        module.call(case, "path_rename", &[WORK, Value::Text("empty.txt"), WORK, Value::Text(path)], &[]);
    }),
    ("path_link.wasm", |module, case, path| {
        let arguments = [WORK, Value::Number(0), Value::Text(path), WORK, Value::Text("linked")];
        module.call(case, "path_link", &arguments, &[]);
        module.call(&format!("{case}, removed"), "path_unlink_file", &[WORK, Value::Text("linked")], &[]);
    }),
    ("path_symlink.wasm", |module, case, path| {
        module.call(case, "path_symlink", &[Value::Text("file.txt"), WORK, Value::Text(path)], &[]);
    }),
    ("path_filestat_set_times.wasm", |module, case, path| {
        let times = [Value::Long(86_400_000_000_000), Value::Long(5)];
        let arguments = [WORK, Value::Number(0), Value::Text(path), times[0], times[1], Value::Number(5)];
        module.call(case, "path_filestat_set_times", &arguments, &[]);
    }),
];

/// The paths. Changes of one stay for the next: removing comes late in the list.
const PATHS: [&str; 34] = [
    "",
    ".",
    "./",
    "..",
    "../x",
    "/",
    "/file.txt",
    "missing",
    "missing/",
    "missing/x",
    "missing/../file.txt",
    "file.txt/",
    "file.txt/x",
    "file.txt/.",
    "link/",
    "link-dir/",
    "link-dir/inner.txt",
    "dangling",
    "dangling/",
    "loop-a",
    "loop-a/x",
    "up",
    "up/x",
    "absolute",
    "snow ☃.txt",
    "a/b/../b/c/d.txt",
    "dir",
    "dir/",
    "empty-dir/",
    "empty-dir",
    "link",
    "link-dir",
    "./file.txt",
    "file.txt",
];

/// One operation on all paths.
pub(super) fn program(name: &str, operation: Operation) -> Module {
    let mut module = Module::default();
    let name = name.trim_end_matches(".wasm");
    for path in PATHS {
        operation(&mut module, &format!("{name} {path:?}"), path);
    }
    let long = "n".repeat(256);
    operation(&mut module, &format!("{name} (256 bytes)"), &long);
    operation(&mut module, &format!("{name} (zero byte)"), "file\0.txt");
    module
}

/// The type. Links and size of a directory are up to the file system.
fn stat(module: &mut Module, case: &str, follow: u32, path: &str) {
    let arguments = [WORK, Value::Number(follow), Value::Text(path), Value::Result];
    module.call(case, "path_filestat_get", &arguments, &[Shown::Number(16, 1)]);
}

fn open(module: &mut Module, case: &str, follow: u32, path: &str, flags: u32, rights: u64) {
    let arguments = [
        WORK,
        Value::Number(follow),
        Value::Text(path),
        Value::Number(flags),
        Value::Long(rights),
        Value::Long(0),
        Value::Number(0),
        Value::Slot(0),
    ];
    module.call(case, "path_open", &arguments, &[]);
    // So that descriptors stay few. If the call before failed, this is one that is closed.
    module.call(&format!("{case}, closed"), "fd_close", &[Value::Fd(0)], &[]);
}

/// All flags and rights.
pub(super) fn flags() -> Module {
    let mut module = Module::default();
    for path in ["file.txt", "empty-dir", "new"] {
        for flags in 0..16 {
            for (name, rights) in [("nothing", 0), ("reading", 2), ("writing", 64), ("listing", 1 << 14), ("both", 66)]
            {
                let case = format!("path_open {path} with {flags} for {name}");
                open(&mut module, &case, 0, path, flags, rights);
                if path == "new" {
                    let remove = [WORK, Value::Text(path)];
                    module.call(&format!("{case}, removed"), "path_unlink_file", &remove, &[]);
                }
            }
        }
        for fdflags in [1, 2, 4, 8, 16, 31] {
            let arguments = [
                WORK,
                Value::Number(0),
                Value::Text(path),
                Value::Number(0),
                Value::Long(66),
                Value::Long(0),
                Value::Number(fdflags),
                Value::Slot(0),
            ];
            module.call(&format!("path_open {path} with fdflags {fdflags}"), "path_open", &arguments, &[]);
        }
    }
    module
}
