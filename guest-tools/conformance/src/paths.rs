//! Every function that takes a path, with every kind of path.

use crate::answer::{case, ignore};
use crate::files::work;
use crate::wasi::filesystem::types::{
    Descriptor, DescriptorFlags as Flags, DescriptorStat, ErrorCode, NewTimestamp, OpenFlags, PathFlags,
};

/// What is spelt in a special way, or leads to something special. The folder has what `tests/conformance/stage.rs`
/// makes.
const PATHS: [&str; 57] = [
    "",
    ".",
    "./",
    "..",
    "../",
    "/",
    "//",
    "/file.txt",
    "file.txt",
    "./file.txt",
    "file.txt/",
    "file.txt/.",
    "file.txt/..",
    "file.txt/x",
    "FILE.TXT",
    "dir",
    "dir/",
    "dir//",
    "dir/.",
    "dir/..",
    "dir/../",
    "dir/../file.txt",
    "dir/inner.txt",
    "dir//inner.txt",
    "dir\\inner.txt",
    "dir/../..",
    "empty-dir",
    "empty-dir/",
    "a/b/c/d.txt",
    "a/./b/../b/c/d.txt",
    "missing",
    "missing/",
    "missing/.",
    "missing/x",
    "missing/..",
    "missing/../file.txt",
    "link",
    "link/",
    "link/.",
    "link-link",
    "link-dir",
    "link-dir/",
    "link-dir/.",
    "link-dir/..",
    "link-dir/inner.txt",
    "dangling",
    "dangling/",
    "dangling/x",
    "loop-a",
    "loop-a/",
    "self",
    "up",
    "up/",
    "up/work/file.txt",
    "../work/file.txt",
    "absolute",
    "snow ☃.txt",
];

/// Paths that are too long to write down, and one with a byte that no path has.
fn odd_paths() -> [(&'static str, String); 5] {
    [
        ("(255 bytes)", "n".repeat(255)),
        ("(256 bytes)", "n".repeat(256)),
        ("(dot 1500 times)", "./".repeat(1500) + "file.txt"),
        ("(dot 3000 times)", "./".repeat(3000) + "file.txt"),
        ("(zero byte)", "file\0.txt".to_owned()),
    ]
}

/// One function, with everything but the path.
type Operation = fn(&Descriptor, &str) -> Result<String, ErrorCode>;

const NO_FOLLOW: PathFlags = PathFlags::empty();
const FOLLOW: PathFlags = PathFlags::SYMLINK_FOLLOW;

/// A moment that no clock shows any more.
const LONG_AGO: NewTimestamp =
    NewTimestamp::Timestamp(crate::wasi::clocks::wall_clock::Datetime { seconds: 86_400, nanoseconds: 5 });

fn done<T>(_: T) -> String {
    "done".to_owned()
}

fn opened(dir: &Descriptor, follow: PathFlags, path: &str, open: OpenFlags, flags: Flags) -> Result<String, ErrorCode> {
    let file = dir.open_at(follow, path, open, flags)?;
    Ok(format!("{:?}, {:?}", file.get_type()?, file.get_flags()?))
}

/// Size and link count of a directory are up to the file system.
fn described(stat: &DescriptorStat) -> String {
    use crate::wasi::filesystem::types::DescriptorType::RegularFile;
    let times = [stat.data_access_timestamp, stat.data_modification_timestamp, stat.status_change_timestamp];
    let times = times.map(|time| time.is_some());
    match stat.type_ {
        RegularFile => format!("{:?}, {} bytes, {} links, {times:?}", stat.type_, stat.size, stat.link_count),
        other => format!("{other:?}, {times:?}"),
    }
}

/// Runs one operation on all paths; false if there is none of this name.
pub(crate) fn run(operation: &str) -> bool {
    let Some(perform) = looks(operation).or_else(|| opens(operation)).or_else(|| changes(operation)) else {
        return false;
    };
    let dir = work();
    for path in PATHS {
        case(format_args!("{operation} {path:?}"), perform(&dir, path));
        repair(&dir);
    }
    for (name, path) in odd_paths() {
        case(format_args!("{operation} {name}"), perform(&dir, &path));
        repair(&dir);
    }
    true
}

/// Makes again what an operation removed, and removes what it made, so that the next path finds what it should.
fn repair(dir: &Descriptor) {
    for made in ["missing", "FILE.TXT", "dir\\inner.txt", "new", "renamed", "linked", "made"] {
        ignore(dir.unlink_file_at(made));
        ignore(dir.remove_directory_at(made));
    }
    for folder in ["dir", "empty-dir"] {
        ignore(dir.create_directory_at(folder));
    }
    for file in ["file.txt", "dir/inner.txt", "a/b/c/d.txt", "snow ☃.txt"] {
        ignore(dir.open_at(NO_FOLLOW, file, OpenFlags::CREATE, Flags::WRITE));
    }
    for (target, link) in [("file.txt", "link"), ("link", "link-link"), ("dir", "link-dir"), ("missing", "dangling")] {
        ignore(dir.symlink_at(target, link));
    }
}

fn looks(operation: &str) -> Option<Operation> {
    Some(match operation {
        "stat-at" => |dir, path| dir.stat_at(NO_FOLLOW, path).map(|stat| described(&stat)),
        "stat-at-follow" => |dir, path| dir.stat_at(FOLLOW, path).map(|stat| described(&stat)),
        "readlink-at" => |dir, path| dir.readlink_at(path),
        "metadata-hash-at" => |dir, path| {
            let hash = dir.metadata_hash_at(NO_FOLLOW, path)?;
            let again = dir.metadata_hash_at(NO_FOLLOW, path)?;
            Ok(format!("the same: {}", (hash.lower, hash.upper) == (again.lower, again.upper)))
        },
        "metadata-hash-at-follow" => |dir, path| dir.metadata_hash_at(FOLLOW, path).map(done),
        _ => return None,
    })
}

fn opens(operation: &str) -> Option<Operation> {
    Some(match operation {
        "open-at" => |dir, path| opened(dir, NO_FOLLOW, path, OpenFlags::empty(), Flags::READ),
        "open-at-follow" => |dir, path| opened(dir, FOLLOW, path, OpenFlags::empty(), Flags::READ),
        "open-at-nothing" => |dir, path| opened(dir, FOLLOW, path, OpenFlags::empty(), Flags::empty()),
        "open-at-write" => |dir, path| opened(dir, FOLLOW, path, OpenFlags::empty(), Flags::WRITE),
        "open-at-mutate" => |dir, path| {
            let flags = Flags::READ | Flags::MUTATE_DIRECTORY;
            opened(dir, FOLLOW, path, OpenFlags::DIRECTORY, flags)
        },
        "open-at-directory" => |dir, path| opened(dir, NO_FOLLOW, path, OpenFlags::DIRECTORY, Flags::READ),
        "open-at-create" => |dir, path| opened(dir, NO_FOLLOW, path, OpenFlags::CREATE, Flags::READ | Flags::WRITE),
        "open-at-create-follow" => |dir, path| opened(dir, FOLLOW, path, OpenFlags::CREATE, Flags::WRITE),
        "open-at-exclusive" => {
            |dir, path| opened(dir, FOLLOW, path, OpenFlags::CREATE | OpenFlags::EXCLUSIVE, Flags::READ | Flags::WRITE)
        }
        "open-at-truncate" => |dir, path| opened(dir, FOLLOW, path, OpenFlags::TRUNCATE, Flags::WRITE),
        "open-at-create-directory" => {
            |dir, path| opened(dir, FOLLOW, path, OpenFlags::CREATE | OpenFlags::DIRECTORY, Flags::READ)
        }
        _ => return None,
    })
}

fn changes(operation: &str) -> Option<Operation> {
    Some(match operation {
        "create-directory-at" => |dir, path| dir.create_directory_at(path).map(done),
        "remove-directory-at" => |dir, path| dir.remove_directory_at(path).map(done),
        "unlink-file-at" => |dir, path| dir.unlink_file_at(path).map(done),
        // There and back, so that the next path finds everything where it was.
        "rename-at-from" => |dir, path| {
            dir.rename_at(path, dir, "renamed")?;
            Ok(match dir.rename_at("renamed", dir, path) {
                Ok(()) => "done".to_owned(),
                Err(code) => format!("done, and back: {}", code.name()),
            })
        },
        "rename-at-to" => |dir, path| {
            dir.open_at(NO_FOLLOW, "new", OpenFlags::CREATE, Flags::WRITE).map(drop)?;
            dir.rename_at("new", dir, path).map(done)
        },
        "rename-at-directory-to" => |dir, path| {
            if dir.stat_at(NO_FOLLOW, "new").is_err() {
                dir.create_directory_at("new")?;
            }
            dir.rename_at("new", dir, path).map(done)
        },
        "link-at-from" => |dir, path| {
            dir.link_at(NO_FOLLOW, path, dir, "linked")?;
            dir.unlink_file_at("linked").map(done)
        },
        "link-at-from-follow" => |dir, path| {
            dir.link_at(FOLLOW, path, dir, "linked")?;
            dir.unlink_file_at("linked").map(done)
        },
        "link-at-to" => |dir, path| dir.link_at(NO_FOLLOW, "file.txt", dir, path).map(done),
        "symlink-at" => |dir, path| dir.symlink_at("file.txt", path).map(done),
        "symlink-at-target" => |dir, path| {
            dir.symlink_at(path, "made")?;
            let target = dir.readlink_at("made")?;
            dir.unlink_file_at("made")?;
            Ok(format!("as given: {}", target == path))
        },
        "set-times-at" => |dir, path| dir.set_times_at(NO_FOLLOW, path, LONG_AGO, LONG_AGO).map(done),
        "set-times-at-follow" => |dir, path| dir.set_times_at(FOLLOW, path, LONG_AGO, LONG_AGO).map(done),
        _ => return None,
    })
}
