//! Uses absolute paths to files of the host.

use std::process::ExitCode;

use hostile::wasi::filesystem::preopens;
use hostile::wasi::filesystem::types::PathFlags;
use hostile::{Attack, files};

const ABSOLUTE: [&str; 9] = [
    "/etc/passwd",
    "//etc/passwd",
    "/./etc/passwd",
    "/../etc/passwd",
    "/proc/self/environ",
    "/proc/self/root/etc/passwd",
    "/dev/fd/0",
    "/",
    // Absolute and granted, but still not a path that starts at this descriptor.
    "/work/notes.txt",
];

fn main() -> ExitCode {
    let mut attack = Attack::start();
    let Some(work) = attack.control("take the folder", files::work()) else {
        return attack.finish();
    };
    attack.control("read an ordinary file", files::read(&work, "notes.txt"));

    for path in ABSOLUTE {
        attack.attempt(&format!("read {path:?}"), files::read(&work, path));
        attack.attempt(&format!("open the folder {path:?}"), files::open_dir(&work, path));
        attack.attempt(&format!("look at {path:?}"), work.stat_at(PathFlags::empty(), path));
        attack.attempt(&format!("create {path:?}"), files::create(&work, path));
    }
    attack.attempt("an empty path", files::read(&work, ""));
    for (_, path) in preopens::get_directories() {
        if path != "/work" {
            attack.broken(&format!("{path:?} was granted by no one"));
        }
    }
    for path in ["/etc/passwd", "/proc/self/environ", "/"] {
        attack.attempt(&format!("read {path:?} through std"), std::fs::read(path));
    }
    attack.attempt("list the root through std", std::fs::read_dir("/"));
    attack.finish()
}
