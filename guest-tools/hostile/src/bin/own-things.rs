//! Tries to reach the host's own things in a granted folder: its keys, journal, policy and state.
//!
//! Each argument names one, relative to the folder. `way:NAME` is a folder or link on the way to one: it may be used,
//! but must stay as it is.

use std::process::ExitCode;

use hostile::wasi::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, NewTimestamp, OpenFlags, PathFlags};
use hostile::{Attack, files};

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if names.is_empty() {
        eprintln!("usage: own-things NAME|way:NAME...");
        return hostile::usage();
    }
    let mut attack = Attack::start();
    let Some(work) = attack.control("take the folder", files::work()) else {
        return attack.finish();
    };
    attack.control("read an ordinary file", files::read(&work, "notes.txt"));
    attack.control("create a file", files::create(&work, "mine.txt"));
    attack.control("create a folder", work.create_directory_at("mine"));
    for (number, name) in names.iter().enumerate() {
        match name.strip_prefix("way:") {
            Some(way) => stays(&mut attack, &work, way, number),
            None => own(&mut attack, &work, name, number),
        }
    }
    // Removes what the attempts needed.
    let _ = work.unlink_file_at("mine.txt");
    let _ = work.remove_directory_at("mine");
    attack.finish()
}

/// Tries every verb on one of the host's own things.
fn own(attack: &mut Attack, work: &Descriptor, name: &str, number: usize) {
    for path in
        [name.to_owned(), format!("./{name}"), format!("mine/../{name}"), format!("{name}/"), format!("{name}/.")]
    {
        look(attack, work, &path);
        attack.attempt(&format!("read {path:?} as a link"), work.readlink_at(&path));
        change(attack, work, &path, number);
    }
    listed(attack, work, name);
    let alias = format!("alias-{number}");
    if work.symlink_at(name, &alias).is_ok() {
        look(attack, work, &alias);
        attack.attempt(&format!("write {name:?} through a link"), files::create(work, &alias));
        let _ = work.unlink_file_at(&alias);
    }
}

fn look(attack: &mut Attack, work: &Descriptor, path: &str) {
    attack.attempt(&format!("read {path:?}"), files::read(work, path));
    attack.attempt(&format!("stat {path:?}"), work.stat_at(PathFlags::SYMLINK_FOLLOW, path));
    attack.attempt(&format!("hash {path:?}"), work.metadata_hash_at(PathFlags::SYMLINK_FOLLOW, path));
    attack.attempt(&format!("open {path:?} as a folder"), files::open_dir(work, path));
    for below in ["x", "../notes.txt"] {
        let below = format!("{path}/{below}");
        attack.attempt(&format!("read {below:?}"), files::read(work, &below));
    }
}

fn change(attack: &mut Attack, work: &Descriptor, path: &str, number: usize) {
    let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
    for open in [OpenFlags::empty(), OpenFlags::TRUNCATE, OpenFlags::CREATE, OpenFlags::CREATE | OpenFlags::EXCLUSIVE] {
        let opened = work.open_at(PathFlags::SYMLINK_FOLLOW, path, open, flags);
        attack.attempt(&format!("open {path:?} to write, {open:?}"), opened);
    }
    let times = work.set_times_at(PathFlags::empty(), path, NewTimestamp::Now, NewTimestamp::Now);
    attack.attempt(&format!("set the times of {path:?}"), times);
    let copy = format!("copy-{number}");
    let linked = work.link_at(PathFlags::empty(), path, work, &copy);
    gained(attack, work, &format!("link {path:?}"), linked, &copy);
    let renamed = work.rename_at(path, work, &copy);
    gained(attack, work, &format!("rename {path:?}"), renamed, &copy);
    attack.attempt(&format!("replace {path:?}"), work.rename_at("mine.txt", work, path));
    attack.attempt(&format!("replace {path:?} by a folder"), work.rename_at("mine", work, path));
    attack.attempt(&format!("link onto {path:?}"), work.link_at(PathFlags::empty(), "mine.txt", work, path));
    attack.attempt(&format!("symlink at {path:?}"), work.symlink_at("mine.txt", path));
    attack.attempt(&format!("make the folder {path:?}"), work.create_directory_at(path));
    attack.attempt(&format!("delete {path:?}"), work.unlink_file_at(path));
    attack.attempt(&format!("remove the folder {path:?}"), work.remove_directory_at(path));
    attack.attempt(&format!("create {path:?}/new"), files::create(work, &format!("{path}/new")));
}

/// Checks that something did not get another name.
fn gained(attack: &mut Attack, work: &Descriptor, what: &str, outcome: Result<(), ErrorCode>, name: &str) {
    attack.attempt(what, outcome);
    if work.stat_at(PathFlags::empty(), name).is_ok() {
        attack.broken(&format!("{what}: it is called {name:?} now"));
    }
}

/// Looks for the name in a listing.
fn listed(attack: &mut Attack, work: &Descriptor, name: &str) {
    let (folder, name) = name.rsplit_once('/').unwrap_or((".", name));
    let Ok(folder) = files::open_dir(work, folder) else {
        attack.held("open the folder to list it");
        return;
    };
    let Ok(entries) = folder.read_directory() else {
        attack.held("list the folder");
        return;
    };
    let names = std::iter::from_fn(|| entries.read_directory_entry().ok().flatten()).map(|entry| entry.name);
    if names.into_iter().any(|entry| entry == name) {
        attack.broken(&format!("{name:?} is listed"));
    } else {
        attack.held(&format!("{name:?} is not listed"));
    }
}

/// A folder or link on the way to a thing must not be moved, removed, replaced or created.
fn stays(attack: &mut Attack, work: &Descriptor, way: &str, number: usize) {
    let moved = format!("moved-{number}");
    for path in [way.to_owned(), format!("{way}/"), format!("mine/../{way}")] {
        attack.attempt(&format!("rename {path:?}"), work.rename_at(&path, work, &moved));
        attack.attempt(&format!("replace {path:?}"), work.rename_at("mine", work, &path));
        attack.attempt(&format!("replace {path:?} by a file"), work.rename_at("mine.txt", work, &path));
        attack.attempt(&format!("delete {path:?}"), work.unlink_file_at(&path));
        attack.attempt(&format!("remove {path:?}"), work.remove_directory_at(&path));
        attack.attempt(&format!("make {path:?}"), work.create_directory_at(&path));
        attack.attempt(&format!("symlink at {path:?}"), work.symlink_at("mine", &path));
        attack.attempt(&format!("link onto {path:?}"), work.link_at(PathFlags::empty(), "mine.txt", work, &path));
        attack.attempt(&format!("write {path:?}"), files::create(work, &path));
    }
}
