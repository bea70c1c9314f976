//! Mount points, so that listings leave out those that can't be reached.
//!
//! A tool that lists a name and may not look at it usually fails, because C libraries look at each entry. Whether a
//! mount may be reached is decided on each access, by what the kernel says then; this only keeps it out of listings.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::pseudo::is_pseudo;
use super::{FileId, look_at};

/// Longest list of mounts that is read, in bytes.
const BYTES_MAX: u64 = 16 << 20;

/// Names of mount points, by directory.
#[derive(Debug, Default)]
pub(super) struct MountPoints(HashMap<FileId, Vec<MountPoint>>);

#[derive(Debug)]
struct MountPoint {
    name: OsString,
    is_pseudo: bool,
}

impl MountPoints {
    /// The current mounts, as far as the kernel shows them. Without procfs none is known, and listings name mount
    /// points that can't be reached.
    #[expect(clippy::disallowed_methods, reason = "asks the kernel what it has mounted; no guest names these files")]
    pub(super) fn now() -> Self {
        let mut points = Self::default();
        let Ok(file) = File::open("/proc/self/mountinfo") else { return points };
        for line in BufReader::new(file.take(BYTES_MAX)).split(b'\n').map_while(Result::ok) {
            let Some((path, kind)) = mount_point(&line) else { continue };
            let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { continue };
            // A mount that can't be entered is in no grant.
            let Some(parent) = File::open(parent).ok().and_then(|parent| look_at(parent).ok()) else { continue };
            let point = MountPoint { name: name.to_owned(), is_pseudo: is_pseudo(&kind) };
            points.0.entry(parent.identity.file()).or_default().push(point);
        }
        points
    }

    /// Whether this name is a mount point that can't be reached: any mount point, or with `mounts` only those of the
    /// kernel's file systems.
    pub(super) fn hides(&self, directory: FileId, name: &str, mounts: bool) -> bool {
        let points = self.0.get(&directory).into_iter().flatten();
        points.into_iter().any(|point| point.name == name && (point.is_pseudo || !mounts))
    }
}

/// The path and the type of file system in a line of `mountinfo` (proc(5)).
fn mount_point(line: &[u8]) -> Option<(PathBuf, String)> {
    let path = line.split(|byte| *byte == b' ').nth(4)?;
    let dash = line.windows(3).position(|three| three == b" - ")?;
    let kind = line.get(dash + 3..)?.split(|byte| *byte == b' ').next()?;
    let path = OsString::from_vec(unescaped(path));
    Some((Path::new(&path).to_owned(), String::from_utf8(kind.to_vec()).ok()?))
}

/// Decodes `\040`: blanks, line breaks and backslashes are written as octal numbers.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let code = digits.filter(|_| *first == b'\\').and_then(|digits| u8::from_str_radix(digits, 8).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_point_is_read_with_its_blanks() {
        let line = br"36 35 98:0 / /mnt/a\040b\134c rw,noatime master:1 - ext3 /dev/root rw";
        assert_eq!(mount_point(line), Some((r"/mnt/a b\c".into(), "ext3".to_owned())));
        assert_eq!(mount_point(b"36 35"), None);
        assert_eq!(unescaped(br"\9\04"), br"\9\04");
    }

    #[test]
    fn the_kernels_own_is_hidden_wherever_it_is() {
        let root = look_at(File::open("/").unwrap()).unwrap().identity.file();
        let points = MountPoints::now();
        assert!(points.hides(root, "proc", true) && points.hides(root, "proc", false));
        assert!(!points.hides(root, "no such name", false));
    }
}
