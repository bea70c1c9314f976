//! The error numbers of WASI 0.1, and the errors of WASI 0.2 that they stand for.

use crate::bindings::wasi::filesystem::types::{ErrorCode, filesystem_error_code};
use crate::bindings::wasi::io::streams::StreamError;

/// Why a function failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Errno(u16);

impl Errno {
    pub(crate) const ACCES: Self = Self(2);
    pub(crate) const AGAIN: Self = Self(6);
    pub(crate) const ALREADY: Self = Self(7);
    pub(crate) const BADF: Self = Self(8);
    pub(crate) const BUSY: Self = Self(10);
    pub(crate) const DEADLK: Self = Self(16);
    pub(crate) const DQUOT: Self = Self(19);
    pub(crate) const EXIST: Self = Self(20);
    pub(crate) const FBIG: Self = Self(22);
    pub(crate) const ILSEQ: Self = Self(25);
    pub(crate) const INPROGRESS: Self = Self(26);
    pub(crate) const INTR: Self = Self(27);
    pub(crate) const INVAL: Self = Self(28);
    pub(crate) const IO: Self = Self(29);
    pub(crate) const ISDIR: Self = Self(31);
    pub(crate) const LOOP: Self = Self(32);
    pub(crate) const MFILE: Self = Self(33);
    pub(crate) const MLINK: Self = Self(34);
    pub(crate) const MSGSIZE: Self = Self(35);
    pub(crate) const NAMETOOLONG: Self = Self(37);
    pub(crate) const NODEV: Self = Self(43);
    pub(crate) const NOENT: Self = Self(44);
    pub(crate) const NOLCK: Self = Self(46);
    pub(crate) const NOMEM: Self = Self(48);
    pub(crate) const NOSPC: Self = Self(51);
    pub(crate) const NOTDIR: Self = Self(54);
    pub(crate) const NOTEMPTY: Self = Self(55);
    pub(crate) const NOTRECOVERABLE: Self = Self(56);
    pub(crate) const NOTSOCK: Self = Self(57);
    pub(crate) const NOTSUP: Self = Self(58);
    pub(crate) const NOTTY: Self = Self(59);
    pub(crate) const NXIO: Self = Self(60);
    pub(crate) const OVERFLOW: Self = Self(61);
    pub(crate) const PERM: Self = Self(63);
    pub(crate) const PIPE: Self = Self(64);
    pub(crate) const ROFS: Self = Self(69);
    pub(crate) const SPIPE: Self = Self(70);
    pub(crate) const TXTBSY: Self = Self(74);
    pub(crate) const XDEV: Self = Self(75);

    /// The number that the module gets.
    pub(crate) fn number(self) -> u32 {
        self.0.into()
    }

    /// The same, as the field of an event has it.
    pub(crate) fn code(self) -> u16 {
        self.0
    }
}

impl From<ErrorCode> for Errno {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::Access => Self::ACCES,
            ErrorCode::WouldBlock => Self::AGAIN,
            ErrorCode::Already => Self::ALREADY,
            ErrorCode::BadDescriptor => Self::BADF,
            ErrorCode::Busy => Self::BUSY,
            ErrorCode::Deadlock => Self::DEADLK,
            ErrorCode::Quota => Self::DQUOT,
            ErrorCode::Exist => Self::EXIST,
            ErrorCode::FileTooLarge => Self::FBIG,
            ErrorCode::IllegalByteSequence => Self::ILSEQ,
            ErrorCode::InProgress => Self::INPROGRESS,
            ErrorCode::Interrupted => Self::INTR,
            ErrorCode::Invalid => Self::INVAL,
            ErrorCode::Io => Self::IO,
            ErrorCode::IsDirectory => Self::ISDIR,
            ErrorCode::Loop => Self::LOOP,
            ErrorCode::TooManyLinks => Self::MLINK,
            ErrorCode::MessageSize => Self::MSGSIZE,
            ErrorCode::NameTooLong => Self::NAMETOOLONG,
            ErrorCode::NoDevice => Self::NODEV,
            ErrorCode::NoEntry => Self::NOENT,
            ErrorCode::NoLock => Self::NOLCK,
            ErrorCode::InsufficientMemory => Self::NOMEM,
            ErrorCode::InsufficientSpace => Self::NOSPC,
            ErrorCode::NotDirectory => Self::NOTDIR,
            ErrorCode::NotEmpty => Self::NOTEMPTY,
            ErrorCode::NotRecoverable => Self::NOTRECOVERABLE,
            ErrorCode::Unsupported => Self::NOTSUP,
            ErrorCode::NoTty => Self::NOTTY,
            ErrorCode::NoSuchDevice => Self::NXIO,
            ErrorCode::Overflow => Self::OVERFLOW,
            ErrorCode::NotPermitted => Self::PERM,
            ErrorCode::Pipe => Self::PIPE,
            ErrorCode::ReadOnly => Self::ROFS,
            ErrorCode::InvalidSeek => Self::SPIPE,
            ErrorCode::TextFileBusy => Self::TXTBSY,
            ErrorCode::CrossDevice => Self::XDEV,
        }
    }
}

impl From<StreamError> for Errno {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Closed => Self::PIPE,
            StreamError::LastOperationFailed(error) => filesystem_error_code(&error).map_or(Self::IO, Self::from),
        }
    }
}
