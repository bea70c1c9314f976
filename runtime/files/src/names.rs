//! Folders that know a file by more names than the one in their listing.
//!
//! Some file systems ignore case (drives of Windows and macOS, and their mounts in containers), the form of Unicode,
//! dots at the end, or know short names besides long ones. The policy decides about names, so in such a folder a name
//! is replaced by the one that its listing has for the same file. That needs no knowledge of the file system's rules.
//!
//! Whether a folder may be such a one is found out once for each mount. On file systems that are known to have one name
//! for each file, nothing is looked up. Elsewhere a name costs one look, for the same letters in the other case.

#![expect(clippy::disallowed_methods, reason = "lists a directory that is open, to find a name that it has")]

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Dir, Mode, OFlags};
use rustix::io::Errno;

use super::{Directory, Found, look_for};

/// Most entries of a folder that are searched for a name. In a larger one, what is not named as its listing has it is
/// denied.
const ENTRIES_MAX: usize = 65_536;

/// Most entries that are tried to find out whether a folder ignores case: one with a letter is enough.
const TRIED_MAX: usize = 64;

/// How a folder knows its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// By one name each, and so do the folders below it on the same mount.
    Exact,
    /// By one name each. A folder below it may have the attribute to ignore case (`chattr +F`).
    ExactHere,
    /// Perhaps by several.
    Unsure,
}

/// Whether a file system with one name for each file can be told to ignore case.
#[derive(Clone, Copy)]
enum Folds {
    Never,
    /// All of it, when it is made.
    Whole,
    /// Each folder, by an attribute that the kernel knows if it shows one of these names.
    Folder(&'static [&'static str]),
}

/// File systems with one name for each file, as `statfs` gives their types (Linux, `include/uapi/linux/magic.h`).
const EXACT: [(u64, Folds); 9] = [
    (0x0000_ef53, Folds::Folder(&["ext4"])),
    (0xf2f5_2010, Folds::Folder(&["f2fs"])),
    (0x0102_1994, Folds::Folder(&["tmpfs"])),
    // An overlay takes the attribute from the file systems below it.
    (0x794c_7630, Folds::Folder(&["ext4", "f2fs", "tmpfs"])),
    (0x5846_5342, Folds::Whole), // XFS
    (0x9123_683e, Folds::Never), // Btrfs
    (0x8584_58f6, Folds::Never), // ramfs
    (0x7371_7368, Folds::Never), // SquashFS
    (0xe0f5_e1e2, Folds::Never), // EROFS
];

/// `FS_CASEFOLD_FL`: the folder ignores case (Linux, `include/uapi/linux/fs.h`).
const CASEFOLD: u32 = 0x4000_0000;

impl Names {
    /// How an open directory knows its files.
    ///
    /// # Errors
    ///
    /// When the kernel does not say what it lies on.
    pub(super) fn of(directory: impl AsFd) -> Result<Self, Errno> {
        let kind = rustix::fs::fstatfs(directory.as_fd())?.f_type;
        let kind = u64::try_from(kind).map_err(|_| Errno::INVAL)? & u64::from(u32::MAX);
        let Some((_, folds)) = EXACT.iter().find(|(exact, _)| *exact == kind) else { return Ok(Self::Unsure) };
        Ok(match (ignores_case(directory.as_fd()), folds) {
            (Some(true), _) | (None, Folds::Whole) => Self::Unsure,
            (_, Folds::Folder(names)) if kernel_folds(names) => Self::attribute_of(directory),
            _ => Self::Exact,
        })
    }

    /// The same for a directory below one on the same mount.
    pub(super) fn below(self, directory: impl AsFd) -> Self {
        match self {
            Self::Exact | Self::Unsure => self,
            Self::ExactHere => Self::attribute_of(directory),
        }
    }

    fn attribute_of(directory: impl AsFd) -> Self {
        let attributes = readable(directory).and_then(rustix::fs::ioctl_getflags);
        // A folder that can't be read is taken to ignore case.
        if attributes.is_ok_and(|attributes| attributes.bits() & CASEFOLD == 0) {
            Self::ExactHere
        } else {
            Self::Unsure
        }
    }
}

/// Whether this kernel can make folders of one of these file systems ignore case. One that does not show them may.
fn kernel_folds(names: &[&str]) -> bool {
    let shown = Path::new("/sys/fs");
    !shown.exists() || names.iter().any(|name| shown.join(name).join("features/casefold").exists())
}

/// Whether an entry of a directory is also found in the other case. `None` if none of the first ones has letters.
fn ignores_case(directory: impl AsFd) -> Option<bool> {
    let entries = Dir::new(readable(directory.as_fd()).ok()?).ok()?;
    let names = entries.take(TRIED_MAX).filter_map(|entry| entry.ok()?.file_name().to_str().ok().map(str::to_owned));
    names.into_iter().find_map(|name| {
        let other = look_for(directory.as_fd(), other_case(&name)?).ok()?;
        let found = look_for(directory.as_fd(), name).ok()??;
        Some(other.is_some_and(|other| other.identity == found.identity))
    })
}

/// What a name is in its folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OwnName {
    /// The name itself, or nothing is there.
    Same,
    /// Another spelling.
    Other(String),
    /// It can't be told: the listing has no name for the file, or several.
    Unknown,
}

/// The name that a directory itself has for what is found under a name.
pub(super) fn own_name(directory: &Directory, name: &str) -> Result<OwnName, Errno> {
    if directory.names != Names::Unsure {
        return Ok(OwnName::Same);
    }
    let Some(found) = look_for(directory.as_fd(), name)? else { return Ok(OwnName::Same) };
    if is_plain(name) {
        let other = other_case(name).map(|other| look_for(directory.as_fd(), other)).transpose()?;
        if other.flatten().is_none() {
            return Ok(OwnName::Same);
        }
    }
    listed_name(directory, name, &found)
}

fn listed_name(directory: &Directory, name: &str, found: &Found) -> Result<OwnName, Errno> {
    let mut candidates = Vec::new();
    for (count, entry) in Dir::new(readable(directory.as_fd())?)?.enumerate() {
        let entry = entry?;
        if entry.file_name().to_bytes() == name.as_bytes() {
            return Ok(OwnName::Same);
        }
        if count >= ENTRIES_MAX {
            return Ok(OwnName::Unknown);
        }
        candidates.push(entry.file_name().to_owned());
    }
    let is_it = |candidate: &std::ffi::CString| {
        let there = look_for(directory.as_fd(), candidate.as_c_str()).ok().flatten();
        there.is_some_and(|there| there.identity == found.identity)
    };
    candidates.retain(is_it);
    // With several hard links to the file in the folder, nobody knows which of them was meant.
    match (candidates.pop().and_then(|only| only.into_string().ok()), candidates.is_empty()) {
        (Some(own), true) => Ok(OwnName::Other(own)),
        _ => Ok(OwnName::Unknown),
    }
}

/// Whether a name has no other spelling but for its case, whatever the file system: it is ASCII, not a short name
/// (`GIT~1`), has no stream (`:`), and ends in nothing that is ignored.
fn is_plain(name: &str) -> bool {
    name.is_ascii() && !name.contains(['~', ':']) && !name.ends_with(['.', ' '])
}

/// The name with its ASCII letters in the other case; `None` if it has none.
fn other_case(name: &str) -> Option<String> {
    let swap = |letter: char| match letter {
        'a'..='z' => letter.to_ascii_uppercase(),
        _ => letter.to_ascii_lowercase(),
    };
    name.contains(|letter: char| letter.is_ascii_alphabetic()).then(|| name.chars().map(swap).collect())
}

/// An open directory once more, so that it can be read.
fn readable(directory: impl AsFd) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(directory, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Arc;

    use wasm_agent_policy::GuestPath;

    use super::*;

    fn directory(path: &Path, names: Names) -> Directory {
        let file = Arc::new(File::open(path).unwrap());
        Directory { names, ..Directory::new(file, GuestPath::parse("/d").unwrap()).unwrap() }
    }

    #[test]
    fn a_name_is_the_one_that_the_listing_has() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.txt", "B.txt", "b.txt", "caf\u{e9}", "GIT~1", "end."] {
            std::fs::write(dir.path().join(name), name).unwrap();
        }
        let unsure = directory(dir.path(), Names::Unsure);
        for name in ["a.txt", "A.txt", "B.txt", "b.txt", "caf\u{e9}", "GIT~1", "end.", "missing"] {
            assert_eq!(own_name(&unsure, name), Ok(OwnName::Same), "{name}");
        }
    }

    #[test]
    fn a_file_that_is_listed_under_another_name_has_that_name() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("own"), "1").unwrap();
        let unsure = directory(dir.path(), Names::Unsure);
        let found = look_for(unsure.as_fd(), "own").unwrap().unwrap();
        // As if the file system had found it under this name.
        assert_eq!(listed_name(&unsure, "OWN", &found), Ok(OwnName::Other("own".to_owned())));
        std::fs::hard_link(dir.path().join("own"), dir.path().join("second")).unwrap();
        assert_eq!(listed_name(&unsure, "OWN", &found), Ok(OwnName::Unknown));
        assert_eq!(listed_name(&unsure, "second", &found), Ok(OwnName::Same));
        std::fs::remove_file(dir.path().join("own")).unwrap();
        std::fs::remove_file(dir.path().join("second")).unwrap();
        assert_eq!(listed_name(&unsure, "OWN", &found), Ok(OwnName::Unknown));
    }

    #[test]
    fn an_ordinary_folder_is_asked_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("Name"), "1").unwrap();
        assert_ne!(Names::of(File::open(dir.path()).unwrap()), Ok(Names::Unsure));
        assert_eq!(Names::Exact.below(File::open(dir.path()).unwrap()), Names::Exact);
        assert_eq!(Names::Unsure.below(File::open(dir.path()).unwrap()), Names::Unsure);
    }
}
