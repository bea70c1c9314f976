//! Tries to leave the granted folder through symbolic links, existing ones and new ones.

use std::process::ExitCode;

use hostile::wasi::filesystem::types::{Descriptor, PathFlags};
use hostile::{Attack, files};

fn main() -> ExitCode {
    let mut attack = Attack::start();
    let Some(work) = attack.control("take the folder", files::work()) else {
        return attack.finish();
    };
    attack.control("read an ordinary file", files::read(&work, "notes.txt"));
    for link in ["link-out", "link-dir", "link-abs", "link-env", "link-secret", "link-new"] {
        attack.control(&format!("find {link}"), work.stat_at(PathFlags::empty(), link));
    }
    follow_existing(&mut attack, &work);
    make_and_follow(&mut attack, &work);
    attack.finish()
}

fn follow_existing(attack: &mut Attack, work: &Descriptor) {
    for path in [
        "link-out",
        "link-out/",
        "link-out/.",
        "./link-out",
        "sub/../link-out",
        "link-abs",
        "link-env",
        "link-env/",
        "link-dir/outside.txt",
        "link-dir/work/notes.txt",
        "link-dir/work/link-dir/outside.txt",
        "link-secret/key.txt",
        "link-secret/../outside.txt",
        "link-dir/../etc/passwd",
    ] {
        attack.attempt(&format!("read {path:?}"), files::read(work, path));
        attack.attempt(&format!("look behind {path:?}"), work.stat_at(PathFlags::SYMLINK_FOLLOW, path));
    }
    for path in ["link-dir", "link-dir/", "link-dir/.", "link-dir/work", "link-secret", "link-secret/"] {
        attack.attempt(&format!("open the folder {path:?}"), files::open_dir(work, path));
    }
    for path in ["link-new", "link-dir/escaped/new.txt", "link-secret/new.txt", "link-out", "link-env"] {
        attack.attempt(&format!("write {path:?}"), files::create(work, path));
    }
    attack.attempt("create a folder", work.create_directory_at("link-dir/escaped/folder"));
    attack.attempt("delete a file", work.unlink_file_at("link-dir/outside.txt"));
    attack.attempt("move a file out", work.rename_at("notes.txt", work, "link-dir/escaped/notes.txt"));
    attack.attempt("move a file in", work.rename_at("link-dir/outside.txt", work, "taken.txt"));
    for flags in [PathFlags::empty(), PathFlags::SYMLINK_FOLLOW] {
        for path in ["link-out", "link-env", "link-dir/outside.txt"] {
            // A link to a link is harmless, as long as its target stays out of reach.
            let linked = work.link_at(flags, path, work, "taken.txt");
            let what = format!("read {path:?} by a hard link, {flags:?}, made: {linked:?}");
            attack.attempt(&what, files::read(work, "taken.txt"));
            let _ = work.unlink_file_at("taken.txt");
        }
    }
    // The WIT says so: the guest must not learn where the host's folders are.
    attack.attempt("learn a path of the host", work.readlink_at("link-abs"));
}

/// Making a link may be allowed. Following it out must not be.
fn make_and_follow(attack: &mut Attack, work: &Descriptor) {
    for (name, target, reached) in [
        ("made-abs", "/etc/passwd", "made-abs"),
        ("made-out", "../outside.txt", "made-out"),
        ("made-dir", "..", "made-dir/outside.txt"),
        ("made-up", "sub/../..", "made-up/outside.txt"),
        ("made-slash", "../", "made-slash/outside.txt"),
        ("made-chain", "link-dir", "made-chain/outside.txt"),
        ("made-deep", "sub/../link-dir/./outside.txt", "made-deep"),
        ("made-env", ".env", "made-env"),
        ("made-secret", "secret", "made-secret/key.txt"),
        ("made-dot", "./secret/../secret", "made-dot/key.txt"),
        ("made-loop", "made-loop", "made-loop"),
    ] {
        let made = work.symlink_at(target, name);
        if target.starts_with('/') && made.is_ok() {
            attack.broken(&format!("link to {target:?}: the WIT has absolute targets refused"));
        }
        attack
            .attempt(&format!("read {reached:?} by a link to {target:?}, made: {made:?}"), files::read(work, reached));
    }
    // A link that is moved points to another place.
    let made = work.symlink_at("../notes.txt", "sub/harmless");
    let moved = work.rename_at("sub/harmless", work, "harmful");
    attack.attempt(&format!("move a link, made: {made:?}, moved: {moved:?}"), files::read(work, "harmful"));
}
