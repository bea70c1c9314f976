//! A tool's calls as a host would record them, on a disk that is a map.

mod disk;
mod hostile;
mod plain;
mod properties;

use std::collections::BTreeMap;
use std::io::{self, Cursor};

use wasm_agent_journal::{BlobRef, ReadError};
use wasm_agent_policy::GuestPath;

use super::*;

/// Blobs of a journal that has none.
pub(super) struct NoBlobs;

impl Blobs for NoBlobs {
    fn blob(&mut self, blob: &BlobRef) -> Result<Vec<u8>, ReadError> {
        panic!("{blob:?}")
    }
}

/// A folder in memory.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) directories: Vec<String>,
    pub(super) files: BTreeMap<String, std::rc::Rc<std::cell::RefCell<Cursor<Vec<u8>>>>>,
}

#[derive(Debug)]
pub(super) struct Shared(std::rc::Rc<std::cell::RefCell<Cursor<Vec<u8>>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.borrow_mut().seek(to)
    }
}

impl Folder for Memory {
    type File = Shared;

    fn directory(&mut self, path: &GuestPath) -> io::Result<()> {
        self.directories.push(path.as_str().to_owned());
        Ok(())
    }

    fn file(&mut self, path: &GuestPath, length: u64) -> io::Result<Shared> {
        assert!(length < 1 << 20, "a file of {length} bytes");
        let contents = vec![0; usize::try_from(length).unwrap()];
        let file = std::rc::Rc::new(std::cell::RefCell::new(Cursor::new(contents)));
        assert!(self.files.insert(path.as_str().to_owned(), file.clone()).is_none());
        Ok(Shared(file))
    }
}

impl Memory {
    pub(super) fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        self.files.iter().map(|(path, file)| (path.clone(), file.borrow().get_ref().clone())).collect()
    }
}

pub(super) fn path(text: &str) -> GuestPath {
    GuestPath::parse(text).unwrap()
}

/// Restores everything, and says what was left out of what.
pub(super) fn restored(files: &mut Files<Cursor<Vec<u8>>>) -> (Memory, BTreeMap<String, Completeness>) {
    let (mut folder, mut list) = (Memory::default(), BTreeMap::new());
    let each = |restored: Restored| {
        list.insert(restored.path.as_str().to_owned(), restored.completeness);
    };
    files.restore(&mut folder, &mut NoBlobs, each).unwrap();
    (folder, list)
}
