//! Errors of the operating system, in the words of WASI.
//!
//! wasmtime-wasi's own table lacks codes that programs act on: `cross-device`, `read-only`, `quota` and more arrive as
//! `io` there.

use std::io;

use wasm_agent_files::Errno;
use wasmtime_wasi::p2::FsError;
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

/// The error that a guest gets for an error of the operating system.
pub(super) fn failed(errno: Errno) -> FsError {
    code(errno).into()
}

/// The same for an error of the standard library.
pub(super) fn code_of(error: &io::Error) -> ErrorCode {
    if let Some(errno) = Errno::from_io_error(error) {
        return code(errno);
    }
    match error.kind() {
        // A write that took no bytes: nothing else says that there is no room.
        io::ErrorKind::WriteZero => ErrorCode::InsufficientSpace,
        _ => ErrorCode::Io,
    }
}

fn code(errno: Errno) -> ErrorCode {
    match errno {
        Errno::ACCESS => ErrorCode::Access,
        // Also for a file that another one has replaced.
        Errno::AGAIN => ErrorCode::WouldBlock,
        Errno::ALREADY => ErrorCode::Already,
        Errno::BADF => ErrorCode::BadDescriptor,
        Errno::BUSY => ErrorCode::Busy,
        Errno::DEADLK => ErrorCode::Deadlock,
        Errno::DQUOT => ErrorCode::Quota,
        Errno::EXIST => ErrorCode::Exist,
        Errno::FBIG => ErrorCode::FileTooLarge,
        Errno::ILSEQ => ErrorCode::IllegalByteSequence,
        Errno::INPROGRESS => ErrorCode::InProgress,
        Errno::INTR => ErrorCode::Interrupted,
        Errno::INVAL => ErrorCode::Invalid,
        Errno::ISDIR => ErrorCode::IsDirectory,
        Errno::LOOP => ErrorCode::Loop,
        Errno::MLINK => ErrorCode::TooManyLinks,
        Errno::MSGSIZE => ErrorCode::MessageSize,
        Errno::NAMETOOLONG => ErrorCode::NameTooLong,
        Errno::NODEV => ErrorCode::NoDevice,
        Errno::NOENT => ErrorCode::NoEntry,
        Errno::NOLCK => ErrorCode::NoLock,
        // WASI has no code for a process or a machine that is out of descriptors.
        Errno::NOMEM | Errno::MFILE | Errno::NFILE => ErrorCode::InsufficientMemory,
        Errno::NOSPC => ErrorCode::InsufficientSpace,
        Errno::NOTDIR => ErrorCode::NotDirectory,
        Errno::NOTEMPTY => ErrorCode::NotEmpty,
        Errno::NOTRECOVERABLE => ErrorCode::NotRecoverable,
        Errno::NOSYS | Errno::OPNOTSUPP => ErrorCode::Unsupported,
        Errno::NOTTY => ErrorCode::NoTty,
        Errno::NXIO => ErrorCode::NoSuchDevice,
        Errno::OVERFLOW => ErrorCode::Overflow,
        Errno::PERM => ErrorCode::NotPermitted,
        Errno::PIPE => ErrorCode::Pipe,
        Errno::ROFS => ErrorCode::ReadOnly,
        Errno::SPIPE => ErrorCode::InvalidSeek,
        Errno::TXTBSY => ErrorCode::TextFileBusy,
        Errno::XDEV => ErrorCode::CrossDevice,
        _ => ErrorCode::Io,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use wasm_agent_calls::{Type, named};

    use super::*;

    #[test]
    fn every_code_of_wit_stands_for_an_error_of_the_system() {
        let result = named("wasi:filesystem/types#[method]descriptor.sync").result;
        let Some(Type::Result(_, Some(Type::Enum(codes)))) = result else { panic!("{result:?}") };
        let reached: BTreeSet<&str> = (1..134).map(|errno| code(Errno::from_raw_os_error(errno)).name()).collect();
        assert_eq!(reached, codes.cases.iter().copied().collect());
    }

    #[test]
    fn errors_of_the_library_say_what_the_system_said() {
        let quota = io::Error::from_raw_os_error(Errno::DQUOT.raw_os_error());
        assert_eq!(code_of(&quota), ErrorCode::Quota);
        assert_eq!(code_of(&io::Error::from(io::ErrorKind::WriteZero)), ErrorCode::InsufficientSpace);
        assert_eq!(code_of(&io::Error::other("?")), ErrorCode::Io);
    }
}
