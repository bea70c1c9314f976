//! `wasi:filesystem`: from descriptors and paths to actions, and from permits to files.

mod access;
mod change;
mod effects;
mod errors;
mod look;
mod open;
mod output;
mod path_rules;
mod values;
mod write;

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};

use crate::call::{View, host_calls};

type Fd = Resource<Descriptor>;
type PathFlags = types::PathFlags;
type OpenFlags = types::OpenFlags;
type Flags = types::DescriptorFlags;
type Time = types::NewTimestamp;
type Listing = Resource<types::DirectoryEntryStream>;

host_calls! {
    impl preopens::Host as "wasi:filesystem/preopens" {
        fn get_directories() -> wasmtime::Result<Vec<(Fd, String)>> = |host, _call| host.preopens();
    }
}

impl types::Host for View<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<types::ErrorCode> {
        error.downcast()
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<types::ErrorCode>> {
        host_calls!(
            @call self, false, types::Host as "wasi:filesystem/types", filesystem_error_code,
            (error: Resource<wasmtime::Error>), wasmtime::Result<Option<types::ErrorCode>>,
            |host, _call| host.filesystem_error_code(&error)
        )
    }
}

host_calls! {
    impl types::HostDescriptor as "wasi:filesystem/types" {
        fn read_via_stream(fd: Fd, offset: u64) -> FsResult<Resource<DynInputStream>> = via filesystem;
        fn write_via_stream(fd: Fd, offset: u64) -> FsResult<Resource<DynOutputStream>>
            = |host, _call| host.write_via_stream(&fd, Some(offset));
        fn append_via_stream(fd: Fd) -> FsResult<Resource<DynOutputStream>>
            = |host, _call| host.write_via_stream(&fd, None);
        async fn advise(fd: Fd, offset: u64, length: u64, advice: types::Advice) -> FsResult<()> = via filesystem;
        async fn sync_data(fd: Fd) -> FsResult<()> = via filesystem;
        async fn get_flags(fd: Fd) -> FsResult<Flags> = via filesystem;
        async fn get_type(fd: Fd) -> FsResult<types::DescriptorType> = via filesystem;
        async fn set_size(fd: Fd, size: u64) -> FsResult<()> = |host, _call| host.set_size(&fd, size);
        async fn set_times(fd: Fd, accessed: Time, modified: Time) -> FsResult<()>
            = |host, call| host.set_times(call, fd, accessed, modified).await;
        async fn read(fd: Fd, length: u64, offset: u64) -> FsResult<(Vec<u8>, bool)> = via filesystem;
        async fn write(fd: Fd, buffer: Vec<u8>, offset: u64) -> FsResult<u64>
            = |host, _call| host.write(&fd, &buffer, offset);
        async fn read_directory(fd: Fd) -> FsResult<Listing>
            = |host, call| host.read_directory(call, fd).await;
        async fn sync(fd: Fd) -> FsResult<()> = via filesystem;
        async fn create_directory_at(fd: Fd, path: String) -> FsResult<()>
            = |host, call| host.create_directory_at(call, &fd, &path).await;
        async fn stat(fd: Fd) -> FsResult<types::DescriptorStat> = via filesystem;
        async fn stat_at(fd: Fd, path_flags: PathFlags, path: String) -> FsResult<types::DescriptorStat>
            = |host, call| host.stat_at(call, &fd, path_flags, &path).await;
        async fn set_times_at(fd: Fd, path_flags: PathFlags, path: String, accessed: Time, modified: Time)
            -> FsResult<()> = |host, call| host.set_times_at(call, &fd, path_flags, &path, accessed, modified).await;
        async fn link_at(fd: Fd, old_path_flags: PathFlags, old_path: String, new_descriptor: Fd, new_path: String)
            -> FsResult<()>
            = |host, call| host.link_at(call, &fd, old_path_flags, &old_path, &new_descriptor, &new_path).await;
        async fn open_at(fd: Fd, path_flags: PathFlags, path: String, open_flags: OpenFlags, flags: Flags)
            -> FsResult<Fd>
            = |host, call| host.open_at(call, &fd, path_flags, &path, open_flags, flags).await;
        async fn readlink_at(fd: Fd, path: String) -> FsResult<String>
            = |host, call| host.readlink_at(call, &fd, &path).await;
        async fn remove_directory_at(fd: Fd, path: String) -> FsResult<()>
            = |host, call| host.remove_directory_at(call, &fd, &path).await;
        async fn rename_at(fd: Fd, old_path: String, new_descriptor: Fd, new_path: String) -> FsResult<()>
            = |host, call| host.rename_at(call, &fd, &old_path, &new_descriptor, &new_path).await;
        async fn symlink_at(fd: Fd, old_path: String, new_path: String) -> FsResult<()>
            = |host, call| host.symlink_at(call, &fd, &old_path, &new_path).await;
        async fn unlink_file_at(fd: Fd, path: String) -> FsResult<()>
            = |host, call| host.unlink_file_at(call, &fd, &path).await;
        async fn is_same_object(fd: Fd, other: Fd) -> wasmtime::Result<bool> = via filesystem;
        async fn metadata_hash(fd: Fd) -> FsResult<types::MetadataHashValue> = |host, _call| host.metadata_hash(&fd);
        async fn metadata_hash_at(fd: Fd, path_flags: PathFlags, path: String) -> FsResult<types::MetadataHashValue>
            = |host, call| host.metadata_hash_at(call, &fd, path_flags, &path).await;
        fn drop(fd: Fd) -> wasmtime::Result<()> = |host, _call| host.close(fd);
    }
}

host_calls! {
    impl types::HostDirectoryEntryStream as "wasi:filesystem/types" {
        async fn read_directory_entry(stream: Listing) -> FsResult<Option<types::DirectoryEntry>>
            = |host, _call| host.read_directory_entry(stream).await;
        fn drop(stream: Listing) -> wasmtime::Result<()>
            = |host, _call| host.close_listing(stream);
    }
}
