//! The file descriptors of the module.

use crate::abi::fdflags;
use crate::bindings::wasi::filesystem::preopens;
use crate::bindings::wasi::filesystem::types::{Descriptor as Handle, DescriptorType};
use crate::bindings::wasi::io::streams::{InputStream, OutputStream};
use crate::directories::Entry;
use crate::errors::Errno;

/// Most open files. The host's limit on handles is lower unless the operator raised it.
const OPEN_MAX: usize = 1 << 20;

/// What a file descriptor stands for.
pub(crate) enum Descriptor {
    /// Standard input.
    Input { stream: InputStream, is_terminal: bool },
    /// Standard output or standard error.
    Output { stream: OutputStream, is_terminal: bool },
    /// A file or folder.
    File(Box<File>),
}

/// An open file or folder.
pub(crate) struct File {
    /// Where appended bytes go. Declared first: it is dropped before the file that it belongs to.
    pub(crate) appending: Option<OutputStream>,
    pub(crate) handle: Handle,
    /// Asked for when it first matters.
    kind: Option<DescriptorType>,
    /// The name of a granted folder.
    pub(crate) granted_as: Option<String>,
    pub(crate) position: u64,
    /// The flags that WASI 0.2 does not have, `APPEND` and `NONBLOCK`.
    pub(crate) flags: u32,
    /// The folder's listing, read when the module begins to list it.
    pub(crate) entries: Vec<Entry>,
}

impl File {
    pub(crate) fn new(handle: Handle, flags: u32) -> Self {
        let flags = flags & (fdflags::APPEND | fdflags::NONBLOCK);
        Self { appending: None, handle, kind: None, granted_as: None, position: 0, flags, entries: Vec::new() }
    }

    /// A folder that the operator granted.
    pub(crate) fn granted(handle: Handle, name: String) -> Self {
        Self { kind: Some(DescriptorType::Directory), granted_as: Some(name), ..Self::new(handle, 0) }
    }

    pub(crate) fn appends(&self) -> bool {
        self.flags & fdflags::APPEND != 0
    }

    pub(crate) fn kind(&mut self) -> Result<DescriptorType, Errno> {
        match self.kind {
            Some(kind) => Ok(kind),
            None => Ok(*self.kind.insert(self.handle.get_type()?)),
        }
    }

    pub(crate) fn is_folder(&mut self) -> Result<bool, Errno> {
        Ok(self.kind()? == DescriptorType::Directory)
    }
}

/// The open file descriptors by number.
pub(crate) struct Descriptors {
    open: Vec<Option<Descriptor>>,
    /// Whether the granted folders are open. A program that only prints does not ask for them.
    has_folders: bool,
}

impl Descriptors {
    /// The standard streams.
    pub(crate) fn new(streams: [Descriptor; 3]) -> Self {
        Self { open: streams.into_iter().map(Some).collect(), has_folders: false }
    }

    /// Opens the granted folders, after the standard streams.
    fn open_folders(&mut self) {
        self.has_folders = true;
        let folders = preopens::get_directories().into_iter();
        self.open.extend(folders.map(|(handle, name)| Some(Descriptor::File(Box::new(File::granted(handle, name))))));
    }

    /// Gives out the lowest free number.
    pub(crate) fn open(&mut self, descriptor: Descriptor) -> Result<u32, Errno> {
        let free = self.open.iter().position(Option::is_none).unwrap_or(self.open.len());
        if free >= OPEN_MAX {
            return Err(Errno::MFILE);
        }
        if free == self.open.len() {
            self.open.push(None);
        }
        if let Some(slot) = self.open.get_mut(free) {
            *slot = Some(descriptor);
        }
        u32::try_from(free).map_err(|_| Errno::MFILE)
    }

    pub(crate) fn close(&mut self, fd: u32) -> Result<(), Errno> {
        self.slot(fd)?.take().map(drop).ok_or(Errno::BADF)
    }

    /// Gives a descriptor the number of another, which is closed. Both must be open.
    pub(crate) fn renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        self.get(to)?;
        self.get(from)?;
        if from != to {
            let moved = self.slot(from)?.take();
            *self.slot(to)? = moved;
        }
        Ok(())
    }

    pub(crate) fn get(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.slot(fd)?.as_mut().ok_or(Errno::BADF)
    }

    /// A file or folder.
    pub(crate) fn file(&mut self, fd: u32) -> Result<&mut File, Errno> {
        match self.get(fd)? {
            Descriptor::File(file) => Ok(file),
            Descriptor::Input { .. } | Descriptor::Output { .. } => Err(Errno::BADF),
        }
    }

    /// Two files or folders, which may be the same.
    pub(crate) fn two_files(&mut self, first: u32, second: u32) -> Result<(&File, &File), Errno> {
        self.slot(first)?;
        let file = |fd| match usize::try_from(fd).ok().and_then(|fd| self.open.get(fd)) {
            Some(Some(Descriptor::File(file))) => Ok(&**file),
            _ => Err(Errno::BADF),
        };
        Ok((file(first)?, file(second)?))
    }

    /// A file that is not a folder.
    pub(crate) fn plain_file(&mut self, fd: u32) -> Result<&mut File, Errno> {
        let file = self.file(fd)?;
        if file.is_folder()? { Err(Errno::BADF) } else { Ok(file) }
    }

    /// A file that has a position.
    pub(crate) fn seekable(&mut self, fd: u32) -> Result<&mut File, Errno> {
        match self.get(fd)? {
            Descriptor::Input { .. } | Descriptor::Output { .. } => Err(Errno::SPIPE),
            Descriptor::File(file) => {
                if file.is_folder()? {
                    Err(Errno::BADF)
                } else {
                    Ok(file)
                }
            }
        }
    }

    fn slot(&mut self, fd: u32) -> Result<&mut Option<Descriptor>, Errno> {
        const STREAMS: u32 = 3;
        if fd >= STREAMS && !self.has_folders {
            self.open_folders();
        }
        usize::try_from(fd).ok().and_then(|fd| self.open.get_mut(fd)).ok_or(Errno::BADF)
    }
}
