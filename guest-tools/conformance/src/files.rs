//! Files and folders, beyond their paths.

mod contents;
mod folders;
mod links;
mod modes;
mod times;

use crate::answer::is;
use crate::wasi::filesystem::preopens;
use crate::wasi::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode, OpenFlags, PathFlags};

/// Runs one part; false if there is none of this name.
pub(crate) fn run(part: &str) -> bool {
    match part {
        "preopens" => {
            let mut names: Vec<String> = preopens::get_directories().into_iter().map(|(_, name)| name).collect();
            names.sort();
            is("preopens", names);
        }
        "contents" => contents::run(),
        "streams" => contents::streams(),
        "folders" => folders::run(),
        "links" => links::run(),
        "renames" => links::renames(),
        "modes" => modes::run(),
        "read-only" => modes::read_only(),
        "times" => times::run(),
        _ => return false,
    }
    true
}

/// The folder that is granted for writing.
pub(crate) fn work() -> Descriptor {
    preopen("/work")
}

/// The folder that is granted for reading.
fn other() -> Descriptor {
    preopen("/other")
}

fn preopen(name: &str) -> Descriptor {
    let found = preopens::get_directories().into_iter().find(|(_, path)| path == name);
    let Some((descriptor, _)) = found else {
        eprintln!("conformance needs `{name}`");
        std::process::exit(2)
    };
    descriptor
}

/// Opens a file for reading and writing, and creates it if it is missing.
fn create(dir: &Descriptor, path: &str) -> Result<Descriptor, ErrorCode> {
    dir.open_at(PathFlags::empty(), path, OpenFlags::CREATE, DescriptorFlags::READ | DescriptorFlags::WRITE)
}

/// Creates a file with this text.
fn filled(dir: &Descriptor, path: &str, text: &str) -> Result<Descriptor, ErrorCode> {
    let file = create(dir, path)?;
    file.write(text.as_bytes(), 0)?;
    Ok(file)
}

/// The text of a file, or why there is none.
fn text(dir: &Descriptor, path: &str) -> Result<String, ErrorCode> {
    let file = dir.open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::empty(), DescriptorFlags::READ)?;
    file.read(4096, 0).map(|(bytes, _)| String::from_utf8_lossy(&bytes).into_owned())
}
