//! What the host itself reads: for the journal and for the approver. No tool gets any of it.

use std::ffi::CString;
use std::io::Read;

use rustix::fs::FileType;
use rustix::io::Errno;

use crate::open::{Access, open_file};
use crate::{Opened, Target};

/// Length and digest of a file's contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Its length in bytes.
    pub length: u64,
    /// The BLAKE3 digest of the contents; `None` if they are too long.
    pub blake3: Option<[u8; 32]>,
}

impl Target {
    /// The beginning of the file that was found, for the approver who decides whether it may be lost.
    #[must_use]
    pub fn head(&self, bytes_max: u64) -> Option<Vec<u8>> {
        let mut head = Vec::new();
        self.peek()?.file.take(bytes_max).read_to_end(&mut head).ok()?;
        Some(head)
    }

    /// The contents of the file that was found, as they are now, with a digest if they have at most `bytes_max` bytes.
    /// `None` if they can't be read.
    #[must_use]
    pub fn contents(&self, bytes_max: u64) -> Option<Contents> {
        let opened = self.peek()?;
        let length = opened.found.size;
        if length > bytes_max {
            return Some(Contents { length, blake3: None });
        }
        let mut hasher = blake3::Hasher::new();
        // The file may grow meanwhile: exactly the stated length is digested.
        hasher.update_reader(opened.file.take(length)).ok()?;
        let blake3 = (hasher.count() == length).then(|| *hasher.finalize().as_bytes());
        Some(Contents { length, blake3 })
    }

    /// The target of the symbolic link that is there now; `None` if it is not a link. A link that can't be read is
    /// taken to lead up.
    #[must_use]
    pub fn link_text(&self) -> Option<CString> {
        match rustix::fs::readlinkat(self.place.dir.as_fd(), &self.place.name, Vec::new()) {
            Err(Errno::INVAL) => None,
            Ok(text) => Some(text),
            Err(_) => Some(c"..".to_owned()),
        }
    }

    fn peek(&self) -> Option<Opened> {
        let found = self.found.as_ref().filter(|found| found.kind == FileType::RegularFile)?;
        open_file(&self.place, Access { read: true, write: false }, Some(found.identity), false).ok()
    }
}
