//! `wasi:filesystem`: from descriptors and paths to actions, and from permits to files.

mod access;
mod change;
mod effects;
mod look;
mod open;
mod output;
mod values;
mod walls;

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};

use crate::gate::{View, host_calls};

type Fd = Resource<Descriptor>;
type Path = types::PathFlags;

host_calls! {
    impl preopens::Host as "wasi:filesystem/preopens" {
        fn get_directories() -> wasmtime::Result<Vec<(Fd, String)>> = "get-directories" |host, _call| host.preopens();
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
        host_calls!(@call self, false, "wasi:filesystem/types", "filesystem-error-code",
        (error: Resource<wasmtime::Error>), wasmtime::Result<Option<types::ErrorCode>>,
        |host, _call| match host.world() {
            Ok(world) => types::Host::filesystem_error_code(&mut world.filesystem(), error),
            Err(error) => Err(error),
        })
    }
}

host_calls! {
    impl types::HostDescriptor as "wasi:filesystem/types" {
        fn read_via_stream(fd: Fd, offset: u64) -> FsResult<Resource<DynInputStream>> = "[method]descriptor.read-via-stream" via filesystem;
        fn write_via_stream(fd: Fd, offset: u64) -> FsResult<Resource<DynOutputStream>> = "[method]descriptor.write-via-stream" |host, _call| host.write_via_stream(&fd, offset);
        fn append_via_stream(fd: Fd) -> FsResult<Resource<DynOutputStream>> = "[method]descriptor.append-via-stream" via filesystem;
        async fn advise(fd: Fd, offset: u64, length: u64, advice: types::Advice) -> FsResult<()> = "[method]descriptor.advise" via filesystem;
        async fn sync_data(fd: Fd) -> FsResult<()> = "[method]descriptor.sync-data" via filesystem;
        async fn get_flags(fd: Fd) -> FsResult<types::DescriptorFlags> = "[method]descriptor.get-flags" via filesystem;
        async fn get_type(fd: Fd) -> FsResult<types::DescriptorType> = "[method]descriptor.get-type" via filesystem;
        async fn set_size(fd: Fd, size: u64) -> FsResult<()> = "[method]descriptor.set-size" via filesystem;
        async fn set_times(fd: Fd, accessed: types::NewTimestamp, modified: types::NewTimestamp) -> FsResult<()>
            = "[method]descriptor.set-times" |host, call| host.set_times(call, fd, accessed, modified).await;
        async fn read(fd: Fd, length: u64, offset: u64) -> FsResult<(Vec<u8>, bool)> = "[method]descriptor.read" via filesystem;
        async fn write(fd: Fd, buffer: Vec<u8>, offset: u64) -> FsResult<u64> = "[method]descriptor.write" via filesystem;
        async fn read_directory(fd: Fd) -> FsResult<Resource<types::DirectoryEntryStream>> = "[method]descriptor.read-directory" |host, call| host.read_directory(call, fd).await;
        async fn sync(fd: Fd) -> FsResult<()> = "[method]descriptor.sync" via filesystem;
        async fn create_directory_at(fd: Fd, path: String) -> FsResult<()>
            = "[method]descriptor.create-directory-at" |host, call| host.create_directory_at(call, &fd, &path).await;
        async fn stat(fd: Fd) -> FsResult<types::DescriptorStat> = "[method]descriptor.stat" via filesystem;
        async fn stat_at(fd: Fd, path_flags: Path, path: String) -> FsResult<types::DescriptorStat>
            = "[method]descriptor.stat-at" |host, call| host.stat_at(call, &fd, path_flags, &path).await;
        async fn set_times_at(fd: Fd, path_flags: Path, path: String, accessed: types::NewTimestamp, modified: types::NewTimestamp) -> FsResult<()>
            = "[method]descriptor.set-times-at" |host, call| host.set_times_at(call, &fd, path_flags, &path, accessed, modified).await;
        async fn link_at(fd: Fd, old_path_flags: Path, old_path: String, new_descriptor: Fd, new_path: String) -> FsResult<()>
            = "[method]descriptor.link-at" |host, call| host.link_at(call, &fd, old_path_flags, &old_path, &new_descriptor, &new_path).await;
        async fn open_at(fd: Fd, path_flags: Path, path: String, open_flags: types::OpenFlags, flags: types::DescriptorFlags) -> FsResult<Fd>
            = "[method]descriptor.open-at" |host, call| host.open_at(call, &fd, path_flags, &path, open_flags, flags).await;
        async fn readlink_at(fd: Fd, path: String) -> FsResult<String>
            = "[method]descriptor.readlink-at" |host, call| host.readlink_at(call, &fd, &path).await;
        async fn remove_directory_at(fd: Fd, path: String) -> FsResult<()>
            = "[method]descriptor.remove-directory-at" |host, call| host.remove_directory_at(call, &fd, &path).await;
        async fn rename_at(fd: Fd, old_path: String, new_descriptor: Fd, new_path: String) -> FsResult<()>
            = "[method]descriptor.rename-at" |host, call| host.rename_at(call, &fd, &old_path, &new_descriptor, &new_path).await;
        async fn symlink_at(fd: Fd, old_path: String, new_path: String) -> FsResult<()>
            = "[method]descriptor.symlink-at" |host, call| host.symlink_at(call, &fd, &old_path, &new_path).await;
        async fn unlink_file_at(fd: Fd, path: String) -> FsResult<()>
            = "[method]descriptor.unlink-file-at" |host, call| host.unlink_file_at(call, &fd, &path).await;
        async fn is_same_object(fd: Fd, other: Fd) -> wasmtime::Result<bool> = "[method]descriptor.is-same-object" via filesystem;
        async fn metadata_hash(fd: Fd) -> FsResult<types::MetadataHashValue> = "[method]descriptor.metadata-hash" |host, _call| host.metadata_hash(&fd);
        async fn metadata_hash_at(fd: Fd, path_flags: Path, path: String) -> FsResult<types::MetadataHashValue>
            = "[method]descriptor.metadata-hash-at" |host, call| host.metadata_hash_at(call, &fd, path_flags, &path).await;
        fn drop(fd: Fd) -> wasmtime::Result<()> = "[resource-drop]descriptor" |host, _call| host.close(fd);
    }
}

host_calls! {
    impl types::HostDirectoryEntryStream as "wasi:filesystem/types" {
        async fn read_directory_entry(stream: Resource<types::DirectoryEntryStream>) -> FsResult<Option<types::DirectoryEntry>>
            = "[method]directory-entry-stream.read-directory-entry" |host, _call| host.read_directory_entry(stream).await;
        fn drop(stream: Resource<types::DirectoryEntryStream>) -> wasmtime::Result<()>
            = "[resource-drop]directory-entry-stream" |host, _call| host.close_listing(stream);
    }
}
