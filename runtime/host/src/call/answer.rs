//! What host functions return, as the journal records it: a value, an error that the guest handles, or a trap.

use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode as FileCode;
use wasmtime_wasi::p2::bindings::sockets::network::ErrorCode as SocketCode;
use wasmtime_wasi::p2::{FsError, SocketError, StreamError};
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode as HttpCode, HeaderError as HeaderCode};
use wasmtime_wasi_http::p2::{HeaderError, HttpError};

use super::wire::{Malformed, Sink, Source, Wire};

/// The result of a host function.
pub(crate) trait Answer: Sized {
    /// Assigns the number of a handle that the guest will get, so that it can be recorded.
    fn settle(self, _table: &mut ResourceTable) -> Self {
        self
    }

    /// Records the answer.
    fn put(&self, out: &mut Sink<'_>);

    /// Reads the answer back.
    fn take(from: &mut Source<'_>) -> Result<Self, Malformed>;

    /// The answer that ends the guest.
    fn trap(error: wasmtime::Error) -> Self;

    /// Whether the answer ends the guest.
    fn is_trap(&self) -> bool;
}

/// The error half of an answer.
pub(crate) trait Failure: Sized {
    fn settle(self, _table: &mut ResourceTable) -> Self {
        self
    }

    /// Records the error code. Returns `false` if this is a trap, which has none.
    fn put(&self, out: &mut Sink<'_>) -> bool;

    fn take(from: &mut Source<'_>) -> Result<Self, Malformed>;

    fn trap(error: wasmtime::Error) -> Self;

    fn is_trap(&self) -> bool;

    fn trap_text(&self) -> String;
}

const VALUE: u64 = 0;
const ERROR: u64 = 1;
const TRAP: u64 = 2;

impl<T: Wire, E: Failure> Answer for Result<T, E> {
    fn settle(self, table: &mut ResourceTable) -> Self {
        self.map_err(|error| error.settle(table))
    }

    fn put(&self, out: &mut Sink<'_>) {
        out.encoded.array(2);
        match self {
            Ok(value) => {
                out.encoded.u64(VALUE);
                value.put(out);
            }
            Err(error) => {
                if !error.put(out) {
                    out.encoded.u64(TRAP).str(&error.trap_text());
                }
            }
        }
    }

    fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
        from.array(2)?;
        match from.cbor.u64()? {
            VALUE => T::take(from).map(Ok),
            ERROR => E::take(from).map(Err),
            TRAP => {
                let text = from.cbor.str()?.to_owned();
                Ok(Err(E::trap(wasmtime::Error::msg(text))))
            }
            other => Err(Malformed(format!("an outcome is 0, 1 or 2, found {other}"))),
        }
    }

    fn trap(error: wasmtime::Error) -> Self {
        Err(E::trap(error))
    }

    fn is_trap(&self) -> bool {
        self.as_ref().is_err_and(Failure::is_trap)
    }
}

impl Failure for wasmtime::Error {
    fn put(&self, _: &mut Sink<'_>) -> bool {
        false
    }

    fn take(_: &mut Source<'_>) -> Result<Self, Malformed> {
        Err(Malformed("this function returns no error".to_owned()))
    }

    fn trap(error: wasmtime::Error) -> Self {
        error
    }

    fn is_trap(&self) -> bool {
        true
    }

    fn trap_text(&self) -> String {
        format!("{self:#}")
    }
}

macro_rules! coded {
    ($($failure:ty => $code:ty;)*) => {$(
        impl Failure for $failure {
            fn put(&self, out: &mut Sink<'_>) -> bool {
                match self.downcast_ref() {
                    Some(code) => {
                        out.encoded.u64(ERROR);
                        <$code as Wire>::put(code, out);
                        true
                    }
                    None => false,
                }
            }

            fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
                <$code as Wire>::take(from).map(Self::from)
            }

            fn trap(error: wasmtime::Error) -> Self {
                <$failure>::trap(error)
            }

            fn is_trap(&self) -> bool {
                self.downcast_ref().is_none()
            }

            fn trap_text(&self) -> String {
                self.to_string()
            }
        }
    )*};
}

coded! {
    FsError => FileCode;
    SocketError => SocketCode;
    HttpError => HttpCode;
    HeaderError => HeaderCode;
}

/// An error resource that already has its number.
///
/// Streams report errors as resources, which wasmtime-wasi numbers after the host function has returned. Here they are
/// numbered before that, and the conversion takes the number from this error.
#[derive(Debug, thiserror::Error)]
#[error("stream error {0}")]
pub(crate) struct Numbered(pub(crate) u32);

impl Failure for StreamError {
    fn settle(self, table: &mut ResourceTable) -> Self {
        match self {
            Self::LastOperationFailed(error) if error.downcast_ref::<Numbered>().is_none() => match table.push(error) {
                Ok(resource) => Self::LastOperationFailed(wasmtime::Error::new(Numbered(resource.rep()))),
                Err(error) => Self::Trap(error.into()),
            },
            other => other,
        }
    }

    fn put(&self, out: &mut Sink<'_>) -> bool {
        match self {
            Self::Closed => {
                out.encoded.u64(ERROR).null();
                true
            }
            Self::LastOperationFailed(error) => match error.downcast_ref::<Numbered>() {
                Some(Numbered(number)) => {
                    out.encoded.u64(ERROR).u64(u64::from(*number));
                    true
                }
                None => false,
            },
            Self::Trap(_) => false,
        }
    }

    fn take(from: &mut Source<'_>) -> Result<Self, Malformed> {
        if from.cbor.datatype()? == minicbor::data::Type::Null {
            from.cbor.null()?;
            return Ok(Self::Closed);
        }
        let number = from.cbor.u32()?;
        Ok(Self::LastOperationFailed(wasmtime::Error::new(Numbered(number))))
    }

    fn trap(error: wasmtime::Error) -> Self {
        Self::Trap(error)
    }

    fn is_trap(&self) -> bool {
        matches!(self, Self::Trap(_))
    }

    fn trap_text(&self) -> String {
        match self {
            // As the run's own report says it, so that the report of a replay is the same.
            Self::Trap(error) => error.root_cause().to_string(),
            other => other.to_string(),
        }
    }
}

/// Hands a numbered error to the guest.
pub(crate) fn number<T: 'static>(error: &wasmtime::Error) -> Option<Resource<T>> {
    error.downcast_ref::<Numbered>().map(|Numbered(number)| Resource::new_own(*number))
}
