//! Writing through a descriptor. It was permitted when the file was opened; nothing is asked again.

use std::fs::File;
use std::sync::Arc;

use wasm_agent_files::{Disk, Errno};
use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::types;
use wasmtime_wasi::p2::{DynOutputStream, FsError, FsResult};

use super::Fd;
use super::errors::{code_of, failed};
use super::output::{FileOutput, put};
use crate::call::Host;

impl Host {
    /// Writes at an offset, and says how many bytes were taken.
    pub(super) fn write(&mut self, fd: &Fd, contents: &[u8], offset: u64) -> FsResult<u64> {
        let file = self.open_for_writing(fd, types::ErrorCode::BadDescriptor)?;
        let written = put(&self.disk()?, &file, Some(offset), contents).map_err(failed)?;
        Ok(u64::try_from(written).unwrap_or(u64::MAX))
    }

    /// A stream into a file, from an offset, or at its end if there is none.
    pub(super) fn write_via_stream(&mut self, fd: &Fd, offset: Option<u64>) -> FsResult<Resource<DynOutputStream>> {
        let output = FileOutput::new(self.open_for_writing(fd, types::ErrorCode::BadDescriptor)?, offset, self.disk()?);
        let stream: DynOutputStream = Box::new(output);
        Ok(self.table().map_err(FsError::trap)?.push(stream)?)
    }

    /// Cuts or extends a file.
    pub(super) fn set_size(&mut self, fd: &Fd, size: u64) -> FsResult<()> {
        let file = self.open_for_writing(fd, types::ErrorCode::Invalid)?;
        let set = || file.set_len(size).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO));
        self.disk()?.resize(&file, size, set).map_err(failed)
    }

    fn disk(&mut self) -> FsResult<Disk> {
        Ok(self.world().map_err(FsError::trap)?.files.disk.clone())
    }

    /// The file behind a descriptor. `only_read` is the error for one that was opened for reading alone: POSIX has
    /// another one for `ftruncate` than for `write`.
    fn open_for_writing(&mut self, fd: &Fd, only_read: types::ErrorCode) -> FsResult<Arc<File>> {
        match self.table().map_err(FsError::trap)?.get(fd)? {
            Descriptor::File(file) if !file.perms.write_not_permitted() => Ok(Arc::clone(&file.file)),
            Descriptor::File(_) => Err(only_read.into()),
            Descriptor::Dir(_) => Err(types::ErrorCode::BadDescriptor.into()),
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
