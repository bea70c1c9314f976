//! Tries to leave the granted folder with dot segments, in every spelling.

use std::process::ExitCode;

use hostile::{Attack, files};

const OUTSIDE: [&str; 20] = [
    "../outside.txt",
    "./../outside.txt",
    ".//..//outside.txt",
    "sub/../../outside.txt",
    "sub/./../../outside.txt",
    "sub/../sub/../../outside.txt",
    "missing/../../outside.txt",
    "notes.txt/../../outside.txt",
    "../work/../outside.txt",
    "../outside.txt/",
    "../outside.txt/.",
    "sub/../..//outside.txt",
    "..",
    "../",
    "sub/../..",
    "sub/../../",
    "../../../../../../../../etc/passwd",
    "..\\outside.txt",
    "sub\\..\\..\\outside.txt",
    "..\0/outside.txt",
];

/// Names that a file system does not take for dot segments, and that must not become dot segments on the way there.
const ENCODED: [&str; 7] = [
    "%2e%2e/outside.txt",
    "..%2foutside.txt",
    "%2e%2e%2foutside.txt",
    "..%c0%afoutside.txt",
    "\u{ff0e}\u{ff0e}/outside.txt",
    "..\u{2215}outside.txt",
    ".\u{200b}./outside.txt",
];

fn main() -> ExitCode {
    let mut attack = Attack::start();
    let Some(work) = attack.control("take the folder", files::work()) else {
        return attack.finish();
    };
    attack.control("read an ordinary file", files::read(&work, "notes.txt"));
    let sub = attack.control("open an ordinary folder", files::open_dir(&work, "sub"));

    for path in OUTSIDE.into_iter().chain(ENCODED) {
        attack.attempt(&format!("read {path:?}"), files::read(&work, path));
        attack.attempt(&format!("open the folder {path:?}"), files::open_dir(&work, path));
    }
    for path in ["../escaped/new.txt", "sub/../../escaped/new.txt", "../new-folder/new.txt"] {
        attack.attempt(&format!("create {path:?}"), files::create(&work, path));
    }
    attack.attempt("create a folder outside", work.create_directory_at("../escaped/folder"));
    attack.attempt("remove a folder outside", work.remove_directory_at("../escaped"));
    attack.attempt("delete a file outside", work.unlink_file_at("../outside.txt"));
    attack.attempt("move a file out", work.rename_at("notes.txt", &work, "../escaped/notes.txt"));
    attack.attempt("move a file in", work.rename_at("../outside.txt", &work, "taken.txt"));
    if let Some(sub) = sub {
        attack.attempt("leave by a folder's descriptor", files::read(&sub, "../../outside.txt"));
        attack.attempt("climb to the folder's parent", files::read(&sub, "../../work/notes.txt"));
        attack.attempt("move out by a descriptor", work.rename_at("notes.txt", &sub, "../../escaped/notes.txt"));
    }
    // Once more as an ordinary program does it, through `std` and its C library.
    attack.attempt("read through std", std::fs::read("/work/../outside.txt"));
    attack.finish()
}
