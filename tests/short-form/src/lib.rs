//! The macro of the gate, as it is, around a host that does nothing: see `tests/tidy/short_form.rs`.

pub mod call;

pub mod source {
    /// Where an answer comes from.
    pub enum AnswerFrom {
        World,
        Recording,
    }
}

/// What answers in the place of wasmtime-wasi.
pub struct Wasi;

/// Like the traits that `bindgen!` makes.
pub mod types {
    /// Of a file or directory.
    pub trait HostDescriptor {
        /// `[method]descriptor.sync`: a call on a handle.
        fn sync(&mut self, fd: u32) -> Result<(), String>;
        /// `[method]descriptor.unlink-file-at`: an effect.
        fn unlink_file_at(&mut self, fd: u32, path: String) -> Result<(), String>;
        /// Nothing that WIT has.
        #[cfg(feature = "unknown")]
        fn erase(&mut self, fd: u32) -> Result<(), String>;
    }

    impl HostDescriptor for super::Wasi {
        fn sync(&mut self, _: u32) -> Result<(), String> {
            Ok(())
        }

        fn unlink_file_at(&mut self, _: u32, _: String) -> Result<(), String> {
            Ok(())
        }

        #[cfg(feature = "unknown")]
        fn erase(&mut self, _: u32) -> Result<(), String> {
            Ok(())
        }
    }
}

#[cfg(not(any(feature = "effect", feature = "unknown")))]
call::host_calls! {
    impl types::HostDescriptor as "wasi:filesystem/types" {
        fn sync(fd: u32) -> Result<(), String> = via any;
        fn unlink_file_at(fd: u32, path: String) -> Result<(), String> = |_host, _call| Err(format!("{fd}: {path}"));
    }
}

#[cfg(feature = "effect")]
call::host_calls! {
    impl types::HostDescriptor as "wasi:filesystem/types" {
        fn sync(fd: u32) -> Result<(), String> = via any;
        fn unlink_file_at(fd: u32, path: String) -> Result<(), String> = via any;
    }
}

#[cfg(feature = "unknown")]
call::host_calls! {
    impl types::HostDescriptor as "wasi:filesystem/types" {
        fn sync(fd: u32) -> Result<(), String> = via any;
        fn unlink_file_at(fd: u32, path: String) -> Result<(), String> = |_host, _call| Err(format!("{fd}: {path}"));
        fn erase(fd: u32) -> Result<(), String> = via any;
    }
}
