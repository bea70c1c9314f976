//! How each kind of handle is made live again when a run goes on in another process.
//!
//! A run that goes on is replayed to the end of its record first. The calls that made its handles are answered from the
//! record, so what stands behind a handle has to be found or made again. [`HANDLES`] says how, for each kind.

use Restore::{Lost, Never, Rebuilt, Reopened};

/// How a handle is made live again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restore {
    /// From what the record has: it stands for nothing outside of the host's own memory.
    Rebuilt,
    /// By its path, if the file there is still the same by its identity and, for a stream, at the recorded position.
    /// Otherwise the tool gets this error at its next call with the handle.
    Reopened {
        /// The case of the WASI error code.
        otherwise: &'static str,
    },
    /// Not at all: the other end is gone. The tool gets this error at its next call with the handle.
    Lost {
        /// The case of the WASI error code.
        error: &'static str,
    },
    /// This host gives no tool such a handle.
    Never,
}

/// One kind of handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    /// The interface and the resource, as in `wasi:io/streams#input-stream`.
    pub resource: &'static str,
    /// Which of these, where one resource stands for several things: `of a file`.
    pub which: &'static str,
    /// How it is made live again.
    pub restore: Restore,
}

const fn handle(resource: &'static str, restore: Restore) -> Handle {
    Handle { resource, which: "", restore }
}

const fn one(resource: &'static str, which: &'static str, restore: Restore) -> Handle {
    Handle { resource, which, restore }
}

/// A file that is another one now, or is gone.
const FILE: Restore = Reopened { otherwise: "bad-descriptor" };

/// What the host can't say of a request that was under way, and of a response that was half read.
const EXCHANGE: Restore = Lost { error: "connection-terminated" };

/// A stream whose other end is gone fails as a whole, with an `error` that says so.
const STREAM: Restore = Lost { error: "last-operation-failed" };

/// Every kind of handle that a tool can have.
pub const HANDLES: &[Handle] = &[
    handle("wasi:cli/terminal-input#terminal-input", Never),
    handle("wasi:cli/terminal-output#terminal-output", Never),
    handle("wasi:filesystem/types#descriptor", FILE),
    // Listed again, without the names that were given already.
    handle("wasi:filesystem/types#directory-entry-stream", FILE),
    handle("wasi:http/types#fields", Rebuilt),
    one("wasi:http/types#future-incoming-response", "that was answered", Rebuilt),
    // The request may have had its effect, so it is not sent again.
    one("wasi:http/types#future-incoming-response", "under way", EXCHANGE),
    handle("wasi:http/types#future-trailers", EXCHANGE),
    one("wasi:http/types#incoming-body", "of which nothing is left to read", Rebuilt),
    one("wasi:http/types#incoming-body", "half read", EXCHANGE),
    handle("wasi:http/types#incoming-request", Never),
    handle("wasi:http/types#incoming-response", Rebuilt),
    one("wasi:http/types#outgoing-body", "of a request that was not handed over", Rebuilt),
    one("wasi:http/types#outgoing-body", "of a request under way", EXCHANGE),
    handle("wasi:http/types#outgoing-request", Rebuilt),
    handle("wasi:http/types#outgoing-response", Never),
    handle("wasi:http/types#request-options", Rebuilt),
    handle("wasi:http/types#response-outparam", Never),
    handle("wasi:io/error#error", Rebuilt),
    handle("wasi:io/poll#pollable", Rebuilt),
    one("wasi:io/streams#input-stream", "of a file", FILE),
    one("wasi:io/streams#input-stream", "of a response's body", STREAM),
    one("wasi:io/streams#input-stream", "of standard input", Rebuilt),
    one("wasi:io/streams#output-stream", "of a file", FILE),
    one("wasi:io/streams#output-stream", "of a request's body", STREAM),
    one("wasi:io/streams#output-stream", "of standard output or error", Rebuilt),
    handle("wasi:sockets/ip-name-lookup#resolve-address-stream", Never),
    handle("wasi:sockets/network#network", Never),
    handle("wasi:sockets/tcp#tcp-socket", Never),
    handle("wasi:sockets/udp#incoming-datagram-stream", Never),
    handle("wasi:sockets/udp#outgoing-datagram-stream", Never),
    handle("wasi:sockets/udp#udp-socket", Never),
];
