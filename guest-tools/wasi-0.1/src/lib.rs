//! Serves the functions of WASI 0.1 to a core module, by means of WASI 0.2.
//!
//! The module and this adapter have a memory each. Programs such as Go's and AssemblyScript's count every page of their
//! memory as their own, so nothing of the adapter can lie there: see [`memory`].
//!
//! Each function of WASI 0.1 returns an error number, 0 for success. Which number a failure gives follows the
//! specification (`wasi_snapshot_preview1.witx`), and where that is silent, the engine's own implementation.

#![deny(unsafe_code)]
#![expect(clippy::too_many_arguments, reason = "the functions of WASI 0.1 have so many")]

mod abi;
mod descriptors;
mod directories;
mod errors;
mod files;
mod memory;
mod paths;
mod poll;
mod process;
mod stat;
mod transfer;

use std::cell::RefCell;

use errors::Errno;
use process::Process;

/// The interfaces of WASI 0.2, generated from `wit/`.
#[expect(unsafe_code, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package wasm-agent:adapter;
            world adapter {
                import wasi:cli/environment@0.2.12;
                import wasi:cli/exit@0.2.12;
                import wasi:cli/stdin@0.2.12;
                import wasi:cli/stdout@0.2.12;
                import wasi:cli/stderr@0.2.12;
                import wasi:cli/terminal-stdin@0.2.12;
                import wasi:cli/terminal-stdout@0.2.12;
                import wasi:cli/terminal-stderr@0.2.12;
                import wasi:clocks/monotonic-clock@0.2.12;
                import wasi:clocks/wall-clock@0.2.12;
                import wasi:filesystem/preopens@0.2.12;
                import wasi:filesystem/types@0.2.12;
                import wasi:random/random@0.2.12;
                export wasi:cli/run@0.2.12;
            }
        ",
        world: "wasm-agent:adapter/adapter",
        generate_all,
    });
    export!(Command with_types_in self);
    use super::Command;
}

thread_local! {
    static PROCESS: RefCell<Process> = RefCell::default();
}

struct Command;

impl bindings::exports::wasi::cli::run::Guest for Command {
    fn run() -> Result<(), ()> {
        memory::start();
        Ok(())
    }
}

/// Exports functions of WASI 0.1. Each passes its arguments on to the function that implements it.
macro_rules! export {
    ($($path:ident :: $name:ident($($argument:ident: $type:ty),*);)*) => {$(
        #[expect(unsafe_code, reason = "exported by its name")]
        #[unsafe(no_mangle)]
        extern "C" fn $name($($argument: $type),*) -> u32 {
            let result: Result<(), Errno> = PROCESS.with_borrow_mut(|process| $path::$name(process, $($argument),*));
            result.err().map_or(0, Errno::number)
        }
    )*};
}

// Parameters as the specification lowers them: pointers and sizes into the module's memory, file descriptors, flags.
export! {
    process::args_get(argv: u32, bytes: u32);
    process::args_sizes_get(count: u32, bytes: u32);
    process::environ_get(environ: u32, bytes: u32);
    process::environ_sizes_get(count: u32, bytes: u32);
    process::clock_res_get(clock: u32, resolution: u32);
    process::clock_time_get(clock: u32, precision: u64, time: u32);
    process::random_get(to: u32, bytes: u32);
    process::sched_yield();
    process::proc_raise(signal: u32);
    process::sock_accept(fd: u32, flags: u32, to: u32);
    process::sock_recv(fd: u32, iovs: u32, count: u32, flags: u32, received: u32, out_flags: u32);
    process::sock_send(fd: u32, iovs: u32, count: u32, flags: u32, sent: u32);
    process::sock_shutdown(fd: u32, how: u32);
    poll::poll_oneoff(subscriptions: u32, events: u32, count: u32, happened: u32);
    files::fd_advise(fd: u32, offset: u64, length: u64, advice: u32);
    files::fd_allocate(fd: u32, offset: u64, length: u64);
    files::fd_close(fd: u32);
    files::fd_datasync(fd: u32);
    files::fd_fdstat_get(fd: u32, to: u32);
    files::fd_fdstat_set_flags(fd: u32, flags: u32);
    files::fd_fdstat_set_rights(fd: u32, base: u64, inheriting: u64);
    files::fd_prestat_get(fd: u32, to: u32);
    files::fd_prestat_dir_name(fd: u32, to: u32, bytes: u32);
    files::fd_renumber(from: u32, to: u32);
    files::fd_seek(fd: u32, offset: i64, whence: u32, to: u32);
    files::fd_sync(fd: u32);
    files::fd_tell(fd: u32, to: u32);
    stat::fd_filestat_get(fd: u32, to: u32);
    stat::fd_filestat_set_size(fd: u32, size: u64);
    stat::fd_filestat_set_times(fd: u32, accessed: u64, modified: u64, flags: u32);
    stat::path_filestat_get(fd: u32, lookup: u32, path: u32, bytes: u32, to: u32);
    stat::path_filestat_set_times(
        fd: u32, lookup: u32, path: u32, bytes: u32, accessed: u64, modified: u64, flags: u32
    );
    transfer::fd_pread(fd: u32, iovs: u32, count: u32, offset: u64, read: u32);
    transfer::fd_pwrite(fd: u32, iovs: u32, count: u32, offset: u64, written: u32);
    transfer::fd_read(fd: u32, iovs: u32, count: u32, read: u32);
    transfer::fd_write(fd: u32, iovs: u32, count: u32, written: u32);
    directories::fd_readdir(fd: u32, to: u32, bytes: u32, cookie: u64, used: u32);
    paths::path_create_directory(fd: u32, path: u32, bytes: u32);
    paths::path_link(
        from_fd: u32, lookup: u32, from: u32, from_bytes: u32, to_fd: u32, to: u32, to_bytes: u32
    );
    paths::path_open(
        fd: u32, lookup: u32, path: u32, bytes: u32, open: u32, rights: u64, inheriting: u64, flags: u32, to: u32
    );
    paths::path_readlink(fd: u32, path: u32, bytes: u32, to: u32, to_bytes: u32, used: u32);
    paths::path_remove_directory(fd: u32, path: u32, bytes: u32);
    paths::path_rename(from_fd: u32, from: u32, from_bytes: u32, to_fd: u32, to: u32, to_bytes: u32);
    paths::path_symlink(target: u32, target_bytes: u32, fd: u32, path: u32, bytes: u32);
    paths::path_unlink_file(fd: u32, path: u32, bytes: u32);
}

/// Ends the program, and with it this instance.
#[expect(unsafe_code, reason = "exported by its name")]
#[unsafe(no_mangle)]
extern "C" fn proc_exit(status: u32) {
    process::exit(status);
}
