//! File systems that hold nobody's files but show the kernel, its processes and its devices.
//!
//! They lead out of the sandbox: `/proc/self/environ` has the secrets of this process, `/proc/self/mem` its memory,
//! `/proc/self/fd` its open files. So no grant covers them, whatever it says.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{Directory, Mount, Place, look_at};

/// Types as `statfs` gives them (Linux, `include/uapi/linux/magic.h`).
const MAGIC: [(u64, &str); 34] = [
    (0x0000_9fa0, "proc"),
    (0x6265_6572, "sysfs"),
    (0x0000_1cd1, "devpts"),
    (0x6462_6720, "debugfs"),
    (0x7472_6163, "tracefs"),
    (0x7363_6673, "securityfs"),
    (0xf97c_ff8c, "selinuxfs"),
    (0x4341_5d53, "smackfs"),
    (0x5a3c_69f0, "apparmorfs"),
    (0x0027_e0eb, "cgroup"),
    (0x6367_7270, "cgroup2"),
    (0xcafe_4a11, "bpf"),
    (0x6165_676c, "pstore"),
    (0xde5e_81e4, "efivarfs"),
    (0x6265_6570, "configfs"),
    (0x6573_5543, "fusectl"),
    (0x4249_4e4d, "binfmt_misc"),
    (0x1980_0202, "mqueue"),
    (0x9584_58f6, "hugetlbfs"),
    (0x6e73_6673, "nsfs"),
    (0x6759_6969, "rpc_pipefs"),
    (0x0000_0187, "autofs"),
    (0x0904_1934, "anon_inode"),
    (0x5049_5045, "pipefs"),
    (0x534f_434b, "sockfs"),
    (0x444d_4142, "dmabuf"),
    (0x0765_5821, "resctrl"),
    (0xabba_1974, "xenfs"),
    (0x0000_9fa1, "openpromfs"),
    (0x0000_9fa2, "usbdevfs"),
    (0x6264_6576, "bdev"),
    (0x454d_444d, "devmem"),
    (0x5345_434d, "secretmem"),
    (0x6c6f_6f70, "binderfs"),
];

/// The type of tmpfs, which devtmpfs shares.
const TMPFS: u64 = 0x0102_1994;

/// Longest `/proc/self/mountinfo` that is read, in bytes.
const MOUNTINFO_BYTES_MAX: u64 = 16 << 20;

/// Whether a file system of this type, as `mountinfo` names it, shows the kernel.
pub(super) fn is_pseudo(kind: &str) -> bool {
    kind == "devtmpfs" || MAGIC.iter().any(|(_, name)| *name == kind)
}

/// The name of the file system that a directory lies on, if it is one that shows the kernel.
///
/// # Errors
///
/// When the kernel does not say what it is.
pub fn pseudo_filesystem(directory: &Directory) -> Result<Option<&'static str>, Errno> {
    kind_of(directory.as_fd(), directory.mount)
}

/// As [`pseudo_filesystem`], for the object at a place, on which another file system may be mounted.
#[expect(clippy::disallowed_methods, reason = "opens nothing but a name, to ask what it lies on")]
pub fn pseudo_filesystem_at(place: &Place) -> Result<Option<&'static str>, Errno> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let there = rustix::fs::openat(place.dir.as_fd(), &place.name, flags, Mode::empty())?;
    let mount = look_at(&there)?.mount;
    kind_of(there.as_fd(), mount)
}

fn kind_of(file: BorrowedFd<'_>, mount: Mount) -> Result<Option<&'static str>, Errno> {
    let kind = rustix::fs::fstatfs(file)?.f_type;
    let kind = u64::try_from(kind).map_err(|_| Errno::INVAL)? & u64::from(u32::MAX);
    if kind == TMPFS && is_of_devices(mount) {
        return Ok(Some("devtmpfs"));
    }
    Ok(MAGIC.iter().find(|(magic, _)| *magic == kind).map(|(_, name)| *name))
}

/// Whether a mount is a devtmpfs. A mount that is not listed is taken to be one.
#[expect(clippy::disallowed_methods, reason = "asks the kernel what it has mounted; no guest names this file")]
fn is_of_devices(mount: Mount) -> bool {
    let Mount::Id(id) = mount else { return true };
    let Ok(file) = File::open("/proc/self/mountinfo") else { return true };
    let lines = BufReader::new(std::io::Read::take(file, MOUNTINFO_BYTES_MAX)).lines();
    lines.map_while(Result::ok).find_map(|line| mount_type(&line, id)).is_none_or(|kind| kind == "devtmpfs")
}

/// The type of file system in a line of `mountinfo` (proc(5)), if it is about this mount.
fn mount_type(line: &str, id: u64) -> Option<String> {
    let (number, rest) = line.split_once(' ')?;
    let is_it = number.parse() == Ok(id);
    // The number of fields before the dash varies.
    let kind = rest.split_once(" - ")?.1.split(' ').next()?;
    is_it.then(|| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use wasm_agent_policy::GuestPath;

    use super::*;

    fn kind(path: &str) -> Option<&'static str> {
        let file = Arc::new(File::open(path).unwrap());
        pseudo_filesystem(&Directory::new(file, GuestPath::root()).unwrap()).unwrap()
    }

    #[test]
    fn what_shows_the_kernel_is_told_from_what_holds_files() {
        assert_eq!(kind("/proc"), Some("proc"));
        assert_eq!(kind("/proc/self/fd"), Some("proc"));
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(kind(dir.path().to_str().unwrap()), None);
    }

    #[test]
    fn the_type_of_a_mount_is_read_whatever_stands_before_it() {
        let line = "25 30 0:5 / /dev rw,nosuid shared:2 master:1 - devtmpfs udev rw,size=1k";
        assert_eq!(mount_type(line, 25).as_deref(), Some("devtmpfs"));
        assert_eq!(mount_type("25 30 0:5 / /a\\040-\\040b rw - tmpfs tmpfs rw", 25).as_deref(), Some("tmpfs"));
        assert_eq!(mount_type(line, 30), None);
        assert_eq!(mount_type("", 25), None);
    }
}
