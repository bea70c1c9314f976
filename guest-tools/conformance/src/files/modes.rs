//! What a file may be opened for, what its handle says of it, and a folder that is granted for reading.

use super::{create, other, text, work};
use crate::answer::{case, ignore};
use crate::wasi::filesystem::types::{
    Descriptor, DescriptorFlags as Flags, ErrorCode, NewTimestamp, OpenFlags, PathFlags,
};

/// Every combination of flags that means something, on a file, a folder and nothing.
pub(super) fn run() {
    let dir = work();
    let asked = [
        Flags::empty(),
        Flags::READ,
        Flags::WRITE,
        Flags::READ | Flags::WRITE,
        Flags::MUTATE_DIRECTORY,
        Flags::READ | Flags::MUTATE_DIRECTORY,
        Flags::WRITE | Flags::MUTATE_DIRECTORY,
        Flags::READ | Flags::FILE_INTEGRITY_SYNC,
        Flags::WRITE | Flags::FILE_INTEGRITY_SYNC,
        Flags::WRITE | Flags::DATA_INTEGRITY_SYNC,
        Flags::READ | Flags::WRITE | Flags::REQUESTED_WRITE_SYNC,
    ];
    let how = [
        OpenFlags::empty(),
        OpenFlags::CREATE,
        OpenFlags::TRUNCATE,
        OpenFlags::EXCLUSIVE,
        OpenFlags::DIRECTORY,
        OpenFlags::CREATE | OpenFlags::EXCLUSIVE,
        OpenFlags::CREATE | OpenFlags::TRUNCATE,
        OpenFlags::DIRECTORY | OpenFlags::TRUNCATE,
        OpenFlags::DIRECTORY | OpenFlags::EXCLUSIVE,
    ];
    for path in ["modes.txt", "empty-dir", "not-there"] {
        for open in how {
            for flags in asked {
                drop(create(&dir, "modes.txt"));
                ignore(dir.unlink_file_at("not-there"));
                let name = format!("open {path} {open:?} for {flags:?}");
                case(name, opened(&dir, path, open, flags));
            }
        }
    }
}

fn opened(dir: &Descriptor, path: &str, open: OpenFlags, flags: Flags) -> Result<(Flags, Can), ErrorCode> {
    let file = dir.open_at(PathFlags::empty(), path, open, flags)?;
    let can = Can { read: file.read(1, 0).is_ok(), write: file.write(b"x", 0).is_ok() };
    Ok((file.get_flags()?, can))
}

#[derive(Debug)]
#[expect(dead_code, reason = "printed")]
struct Can {
    read: bool,
    write: bool,
}

/// A folder that is granted for reading: everything that would change it.
pub(super) fn read_only() {
    let dir = other();
    let work = work();
    let none = PathFlags::empty();
    case("flags", dir.get_flags());
    case("read", text(&dir, "read.txt"));
    case("stat", dir.stat_at(none, "read.txt").map(|stat| stat.size));
    case("readlink", dir.readlink_at("link"));
    case("create", create(&dir, "new.txt").map(drop));
    case("open for writing", dir.open_at(none, "read.txt", OpenFlags::empty(), Flags::WRITE).map(drop));
    case("truncate", dir.open_at(none, "read.txt", OpenFlags::TRUNCATE, Flags::WRITE).map(drop));
    case("create what is there", dir.open_at(none, "read.txt", OpenFlags::CREATE, Flags::READ).map(drop));
    case("create-directory-at", dir.create_directory_at("new"));
    case("create-directory-at over a file", dir.create_directory_at("read.txt"));
    case("remove-directory-at", dir.remove_directory_at("folder"));
    case("unlink-file-at", dir.unlink_file_at("read.txt"));
    case("unlink-file-at of nothing", dir.unlink_file_at("missing"));
    case("symlink-at", dir.symlink_at("read.txt", "new-link"));
    case("link-at within", dir.link_at(none, "read.txt", &dir, "new-hard"));
    case("link-at out", dir.link_at(none, "read.txt", &work, "new-hard"));
    case("link-at in", work.link_at(none, "file.txt", &dir, "new-hard"));
    case("rename-at within", dir.rename_at("read.txt", &dir, "renamed"));
    case("rename-at out", dir.rename_at("read.txt", &work, "renamed"));
    case("rename-at in", work.rename_at("file.txt", &dir, "renamed"));
    case("set-times-at", dir.set_times_at(none, "read.txt", NewTimestamp::Now, NewTimestamp::Now));
    case("set-times of the folder", dir.set_times(NewTimestamp::Now, NewTimestamp::Now));
    case("mutate-directory", {
        dir.open_at(none, "folder", OpenFlags::DIRECTORY, Flags::READ | Flags::MUTATE_DIRECTORY).map(drop)
    });
    let file = dir.open_at(none, "read.txt", OpenFlags::empty(), Flags::READ);
    case("set-times of a file", file.and_then(|file| file.set_times(NewTimestamp::Now, NewTimestamp::Now)));
    let file = dir.open_at(none, "read.txt", OpenFlags::empty(), Flags::READ);
    case("set-size of a file", file.and_then(|file| file.set_size(0)));
    let file = dir.open_at(none, "read.txt", OpenFlags::empty(), Flags::READ);
    case("sync of a file", file.and_then(|file| file.sync()));
}
