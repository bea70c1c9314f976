//! Writing through a descriptor. It was permitted when the file was opened; nothing is asked again.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::types::{self, HostDescriptor as _};
use wasmtime_wasi::p2::{DynOutputStream, FsError, FsResult};

use super::Fd;
use super::errors::code_of;
use super::output::FileOutput;
use crate::call::Host;

impl Host {
    /// Writes at an offset, and says how many bytes were taken.
    pub(super) fn write(&mut self, fd: &Fd, contents: &[u8], offset: u64) -> FsResult<u64> {
        let written = self.open_for_writing(fd)?.write_at(contents, offset).map_err(|error| code_of(&error))?;
        Ok(u64::try_from(written).unwrap_or(u64::MAX))
    }

    /// A stream into a file, from an offset.
    pub(super) fn write_via_stream(&mut self, fd: &Fd, offset: u64) -> FsResult<Resource<DynOutputStream>> {
        let stream: DynOutputStream = Box::new(FileOutput::new(self.open_for_writing(fd)?, offset));
        Ok(self.table().map_err(FsError::trap)?.push(stream)?)
    }

    /// A stream that goes on at the end of a file.
    pub(super) fn append_via_stream(&mut self, fd: Fd) -> FsResult<Resource<DynOutputStream>> {
        self.open_for_writing(&fd)?;
        self.world().map_err(FsError::trap)?.filesystem().append_via_stream(fd)
    }

    /// Cuts or extends a file.
    pub(super) fn set_size(&mut self, fd: &Fd, size: u64) -> FsResult<()> {
        let file = self.open_for_writing(fd)?;
        Ok(file.set_len(size).map_err(|error| code_of(&error))?)
    }

    /// The file behind a descriptor. One that was opened for reading alone is like one that POSIX opened so.
    fn open_for_writing(&mut self, fd: &Fd) -> FsResult<Arc<File>> {
        match self.table().map_err(FsError::trap)?.get(fd)? {
            Descriptor::File(file) if !file.perms.write_not_permitted() => Ok(Arc::clone(&file.file)),
            Descriptor::File(_) | Descriptor::Dir(_) => Err(types::ErrorCode::BadDescriptor.into()),
        }
    }

    /// What went wrong with a stream of a file.
    pub(super) fn filesystem_error_code(
        &mut self,
        error: &Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<types::ErrorCode>> {
        let error = self.table()?.get(error)?;
        Ok(error.downcast_ref::<std::io::Error>().map(code_of))
    }
}
