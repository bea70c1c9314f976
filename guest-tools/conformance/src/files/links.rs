//! Hard links, symbolic links, and renames over what is there.

use super::{create, filled, text, work};
use crate::answer::{case, ignore};
use crate::wasi::filesystem::types::{Descriptor, DescriptorFlags as Flags, ErrorCode, OpenFlags, PathFlags};

/// Hard and symbolic links.
pub(super) fn run() {
    let dir = work();
    hard(&dir);
    symbolic(&dir);
}

fn links(dir: &Descriptor, path: &str) -> Result<u64, ErrorCode> {
    dir.stat_at(PathFlags::empty(), path).map(|stat| stat.link_count)
}

fn hard(dir: &Descriptor) {
    let none = PathFlags::empty();
    case("a hard link", dir.link_at(none, "file.txt", dir, "hard"));
    case("its count", links(dir, "hard"));
    case("the same file", dir.stat_at(none, "hard").map(|stat| (stat.type_, stat.size)));
    case("a write through it", filled(dir, "hard", "AB").map(drop));
    case("seen under the other name", text(dir, "file.txt"));
    case("a link over a file", dir.link_at(none, "file.txt", dir, "empty.txt"));
    case("a link over itself", dir.link_at(none, "file.txt", dir, "file.txt"));
    case("a link over a folder", dir.link_at(none, "file.txt", dir, "dir"));
    case("a link to a folder", dir.link_at(none, "dir", dir, "hard-dir"));
    case("a link to a missing file", dir.link_at(none, "missing", dir, "hard-missing"));
    case("a link to a link", dir.link_at(none, "link", dir, "hard-link"));
    case("its type", dir.stat_at(none, "hard-link").map(|stat| stat.type_));
    case("a link to what a link leads to", dir.link_at(PathFlags::SYMLINK_FOLLOW, "link", dir, "hard-followed"));
    case("a link into a missing folder", dir.link_at(none, "file.txt", dir, "missing/hard"));
    case("a link with a slash at its end", dir.link_at(none, "file.txt", dir, "hard-slash/"));
    case("one name removed", dir.unlink_file_at("hard"));
    case("the count after that", links(dir, "file.txt"));
}

fn symbolic(dir: &Descriptor) {
    let none = PathFlags::empty();
    for (target, link) in [
        ("file.txt", "to-file"),
        ("dir", "to-dir"),
        ("nowhere", "to-nothing"),
        ("", "to-empty"),
        (".", "to-here"),
        ("./file.txt", "dir/to-sibling"),
        ("../file.txt", "dir/to-above"),
        ("..", "to-outside"),
        ("/file.txt", "to-absolute"),
        ("to-itself", "to-itself"),
        ("file.txt", "file.txt"),
        ("file.txt", "dir"),
        ("file.txt", "link"),
        ("file.txt", "missing/link"),
        ("file.txt/", "to-file-slash"),
    ] {
        case(format_args!("symlink {link} -> {target}"), dir.symlink_at(target, link));
        case(format_args!("readlink {link}"), dir.readlink_at(link));
        case(format_args!("follow {link}"), text(dir, link));
        case(format_args!("type of {link}"), dir.stat_at(none, link).map(|stat| stat.type_));
    }
    case("a long target", dir.symlink_at(&"t".repeat(4000), "to-long"));
    case("its length", dir.readlink_at("to-long").map(|target| target.len()));
    case("a target that is too long", dir.symlink_at(&"t".repeat(5000), "to-too-long"));
    case("size of a link", dir.stat_at(none, "to-file").map(|stat| stat.size));
    // 41 links in a row, one more than Linux follows.
    for number in 0..41 {
        let target = if number == 0 { "file.txt".to_owned() } else { format!("chain{}", number - 1) };
        ignore(dir.symlink_at(&target, &format!("chain{number}")));
    }
    for number in [1, 7, 30, 38, 39, 40] {
        case(format_args!("follow chain{number}"), text(dir, &format!("chain{number}")).map(drop));
    }
    case("created through a link", create_through(dir, "to-nothing"));
    case("created through a link, exclusively", {
        let flags = OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        dir.open_at(PathFlags::SYMLINK_FOLLOW, "to-file", flags, Flags::WRITE).map(drop)
    });
    case("a link removed", dir.unlink_file_at("to-file"));
    case("its target", text(dir, "file.txt"));
    case("a link to a folder removed as a file", dir.unlink_file_at("to-dir"));
    case("a link to a folder removed as a folder", dir.remove_directory_at("link-dir"));
}

fn create_through(dir: &Descriptor, link: &str) -> Result<(), ErrorCode> {
    dir.open_at(PathFlags::SYMLINK_FOLLOW, link, OpenFlags::CREATE, Flags::READ | Flags::WRITE).map(drop)
}

/// Renames.
pub(super) fn renames() {
    let dir = work();
    for (number, (from, to)) in [
        ("file", "new"),
        ("file", "other-file"),
        ("file", "file"),
        ("file", "empty"),
        ("file", "full"),
        ("file", "link-to-file"),
        ("file", "link-to-empty"),
        ("file", "missing/new"),
        ("empty", "new"),
        ("empty", "new/"),
        ("empty", "file"),
        ("empty", "empty"),
        ("empty", "other-empty"),
        ("empty", "full"),
        ("empty", "empty/below"),
        ("full", "new"),
        ("full", "other-empty"),
        ("full", "full/inner"),
        ("full/inner", "full"),
        ("full/inner", "inner"),
        ("link-to-file", "new"),
        ("link-to-file", "file"),
        ("link-to-file", "link-to-file"),
        ("link-to-empty", "other-empty"),
        ("link-to-empty/", "new"),
        ("missing", "new"),
        ("missing", "file"),
        (".", "new"),
        ("file", "."),
        ("file", "twin"),
        ("twin", "file"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("renames{number}");
        let Ok(stage) = stage(&dir, &name) else {
            case(format_args!("stage for {from} -> {to}"), stage(&dir, &name).map(drop));
            continue;
        };
        case(format_args!("rename {from} -> {to}"), stage.rename_at(from, &stage, to));
        case(format_args!("{to} after {from} -> {to}"), stage.stat_at(PathFlags::empty(), to).map(|stat| stat.type_));
        case(
            format_args!("{from} left by {from} -> {to}"),
            stage.stat_at(PathFlags::empty(), from).map(|stat| stat.type_),
        );
    }
}

/// A folder for one rename.
fn stage(dir: &Descriptor, name: &str) -> Result<Descriptor, ErrorCode> {
    dir.create_directory_at(name)?;
    let flags = Flags::READ | Flags::MUTATE_DIRECTORY;
    let stage = dir.open_at(PathFlags::empty(), name, OpenFlags::DIRECTORY, flags)?;
    for file in ["file", "other-file"] {
        create(&stage, file)?;
    }
    for folder in ["empty", "other-empty", "full"] {
        stage.create_directory_at(folder)?;
    }
    create(&stage, "full/inner")?;
    stage.symlink_at("file", "link-to-file")?;
    stage.symlink_at("empty", "link-to-empty")?;
    stage.link_at(PathFlags::empty(), "file", &stage, "twin")?;
    Ok(stage)
}
