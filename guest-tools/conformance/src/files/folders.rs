//! Listings, types, identities, and handles of folders.

use super::{create, filled, text, work};
use crate::answer::{Code, case, ignore, is};
use crate::wasi::filesystem::types::{Descriptor, DescriptorFlags as Flags, ErrorCode, OpenFlags, PathFlags};

pub(super) fn run() {
    let dir = work();
    case("list the folder", names(&dir));
    case("list it again", names(&dir));
    for path in ["dir", "empty-dir", "a", "link-dir"] {
        let folder = dir.open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::DIRECTORY, Flags::READ);
        case(format_args!("list {path}"), folder.and_then(|folder| names(&folder)));
    }
    beyond_the_end(&dir);
    changed_meanwhile(&dir);
    below_a_handle(&dir);
    identities(&dir);
    case("stat of the folder", dir.stat().map(|stat| stat.type_));
    case("get-type of the folder", dir.get_type());
    case("get-flags of the folder", dir.get_flags());
    case(
        "metadata-hash twice",
        dir.metadata_hash()
            .and_then(|hash| dir.metadata_hash().map(|again| (hash.lower, hash.upper) == (again.lower, again.upper))),
    );
}

/// Names and types, in order of the names: the order of a listing is up to the file system.
fn names(dir: &Descriptor) -> Result<Vec<String>, ErrorCode> {
    let entries = dir.read_directory()?;
    let mut names = Vec::new();
    while let Some(entry) = entries.read_directory_entry()? {
        names.push(format!("{} {:?}", entry.name, entry.type_));
    }
    names.sort();
    Ok(names)
}

fn beyond_the_end(dir: &Descriptor) {
    let entries = dir
        .open_at(PathFlags::empty(), "empty-dir", OpenFlags::DIRECTORY, Flags::READ)
        .and_then(|folder| folder.read_directory());
    match entries {
        Err(error) => is("read-directory", error.code()),
        Ok(entries) => {
            for number in 1..=2 {
                case(
                    format_args!("entry {number} beyond the end"),
                    entries.read_directory_entry().map(|entry| entry.is_some()),
                );
            }
        }
    }
}

fn changed_meanwhile(dir: &Descriptor) {
    case("a new folder", dir.create_directory_at("made"));
    let folder = dir.open_at(PathFlags::empty(), "made", OpenFlags::DIRECTORY, Flags::READ | Flags::MUTATE_DIRECTORY);
    let Ok(folder) = folder else { return };
    case("a file in it", create(&folder, "x").map(drop));
    case("its names", names(&folder));
    case("removed while it is not empty", dir.remove_directory_at("made"));
    case("its file removed", folder.unlink_file_at("x"));
    case("removed while it is open", dir.remove_directory_at("made"));
    case("names of a removed folder", names(&folder));
    case("a file in a removed folder", create(&folder, "y").map(drop));
    case("stat of a removed folder", folder.stat().map(|stat| stat.type_));
    case(
        "a removed file",
        filled(dir, "gone", "still here").and_then(|file| {
            dir.unlink_file_at("gone")?;
            let links = file.stat()?.link_count;
            file.read(100, 0).map(|(bytes, _)| (links, String::from_utf8_lossy(&bytes).into_owned()))
        }),
    );
}

fn below_a_handle(dir: &Descriptor) {
    let folder = dir.open_at(PathFlags::empty(), "dir", OpenFlags::DIRECTORY, Flags::READ | Flags::MUTATE_DIRECTORY);
    let Ok(folder) = folder else { return };
    case("text below a handle", text(&folder, "inner.txt"));
    case("text above a handle", text(&folder, "../file.txt"));
    case("text of the handle", text(&folder, "."));
    case("created below a handle", filled(&folder, "new.txt", "new").map(drop));
    case("moved out of the handle", folder.rename_at("new.txt", dir, "moved.txt"));
    case("moved into the handle", dir.rename_at("moved.txt", &folder, "back.txt"));
    case("removed below the handle", folder.unlink_file_at("back.txt"));
    case("a handle that only reads", {
        let reads = dir.open_at(PathFlags::empty(), "dir", OpenFlags::DIRECTORY, Flags::READ);
        reads.and_then(|reads| create(&reads, "not.txt").map(drop))
    });
    case("its flags", {
        let reads = dir.open_at(PathFlags::empty(), "dir", OpenFlags::DIRECTORY, Flags::READ);
        reads.and_then(|reads| reads.get_flags())
    });
    ignore(folder.unlink_file_at("not.txt"));
}

fn identities(dir: &Descriptor) {
    let open = |path| dir.open_at(PathFlags::SYMLINK_FOLLOW, path, OpenFlags::empty(), Flags::READ);
    for (one, two) in [("file.txt", "file.txt"), ("file.txt", "empty.txt"), ("file.txt", "link"), ("dir", "link-dir")] {
        let same = open(one).and_then(|one| open(two).map(|two| one.is_same_object(&two)));
        case(format_args!("{one} is {two}"), same);
        let hashes = [one, two].map(|path| dir.metadata_hash_at(PathFlags::SYMLINK_FOLLOW, path));
        let [Ok(one_hash), Ok(two_hash)] = hashes else { continue };
        let same = (one_hash.lower, one_hash.upper) == (two_hash.lower, two_hash.upper);
        is(format_args!("the hash of {one} is that of {two}"), same);
    }
    case("the folder is itself", Ok::<_, ErrorCode>(dir.is_same_object(dir)));
}
