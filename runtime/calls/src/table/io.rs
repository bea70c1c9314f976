//! `wasi:io`. Made by `tests/table`, which says how.

#[allow(unused_imports, reason = "a package need not use each kind of type")]
use crate::Type::*;
use crate::table::macros::interface;

/// `stream-error`.
pub const STREAM_ERROR: crate::Variant = crate::Variant {
    name: "stream-error",
    cases: &[
        ("last-operation-failed", Some(Own("error"))), ("closed", None),
    ],
};

interface! {
    /// Functions of `wasi:io/error`.
    error "wasi:io/error" {
        ERROR_TO_DEBUG_STRING Pure "[method]error.to-debug-string" ("self": Borrow("error")) -> String;
        DROP_ERROR Handle "[resource-drop]error" ("self": Own("error"));
    }
}

interface! {
    /// Functions of `wasi:io/poll`.
    poll "wasi:io/poll" {
        POLLABLE_BLOCK Handle "[method]pollable.block" ("self": Borrow("pollable"));
        POLLABLE_READY Handle "[method]pollable.ready" ("self": Borrow("pollable")) -> Bool;
        DROP_POLLABLE Handle "[resource-drop]pollable" ("self": Own("pollable"));
        POLL Handle "poll" ("in": List(&Borrow("pollable"))) -> List(&U32);
    }
}

interface! {
    /// Functions of `wasi:io/streams`.
    streams "wasi:io/streams" {
        INPUT_STREAM_BLOCKING_READ Handle "[method]input-stream.blocking-read"
            ("self": Borrow("input-stream"), "len": U64) -> Result(Some(&Bytes), Some(&Variant(&super::STREAM_ERROR)));
        INPUT_STREAM_BLOCKING_SKIP Handle "[method]input-stream.blocking-skip"
            ("self": Borrow("input-stream"), "len": U64) -> Result(Some(&U64), Some(&Variant(&super::STREAM_ERROR)));
        INPUT_STREAM_READ Handle "[method]input-stream.read"
            ("self": Borrow("input-stream"), "len": U64) -> Result(Some(&Bytes), Some(&Variant(&super::STREAM_ERROR)));
        INPUT_STREAM_SKIP Handle "[method]input-stream.skip"
            ("self": Borrow("input-stream"), "len": U64) -> Result(Some(&U64), Some(&Variant(&super::STREAM_ERROR)));
        INPUT_STREAM_SUBSCRIBE Handle "[method]input-stream.subscribe"
            ("self": Borrow("input-stream")) -> Own("pollable");
        OUTPUT_STREAM_BLOCKING_FLUSH Handle "[method]output-stream.blocking-flush"
            ("self": Borrow("output-stream")) -> Result(None, Some(&Variant(&super::STREAM_ERROR)));
        OUTPUT_STREAM_BLOCKING_SPLICE Handle "[method]output-stream.blocking-splice"
            ("self": Borrow("output-stream"), "src": Borrow("input-stream"), "len": U64)
            -> Result(Some(&U64), Some(&Variant(&super::STREAM_ERROR)));
        OUTPUT_STREAM_BLOCKING_WRITE_AND_FLUSH Handle "[method]output-stream.blocking-write-and-flush"
            ("self": Borrow("output-stream"), "contents": Bytes) -> Result(None, Some(&Variant(&super::STREAM_ERROR)));
        OUTPUT_STREAM_BLOCKING_WRITE_ZEROES_AND_FLUSH Handle "[method]output-stream.blocking-write-zeroes-and-flush"
            ("self": Borrow("output-stream"), "len": U64) -> Result(None, Some(&Variant(&super::STREAM_ERROR)));
        OUTPUT_STREAM_CHECK_WRITE Handle "[method]output-stream.check-write"
            ("self": Borrow("output-stream")) -> Result(Some(&U64), Some(&Variant(&super::STREAM_ERROR)));
        OUTPUT_STREAM_FLUSH Handle "[method]output-stream.flush"
            ("self": Borrow("output-stream")) -> Result(None, Some(&Variant(&super::STREAM_ERROR)));
        OUTPUT_STREAM_SPLICE Handle "[method]output-stream.splice"
            ("self": Borrow("output-stream"), "src": Borrow("input-stream"), "len": U64)
            -> Result(Some(&U64), Some(&Variant(&super::STREAM_ERROR)));
        OUTPUT_STREAM_SUBSCRIBE Handle "[method]output-stream.subscribe"
            ("self": Borrow("output-stream")) -> Own("pollable");
        OUTPUT_STREAM_WRITE Handle "[method]output-stream.write"
            ("self": Borrow("output-stream"), "contents": Bytes) -> Result(None, Some(&Variant(&super::STREAM_ERROR)));
        OUTPUT_STREAM_WRITE_ZEROES Handle "[method]output-stream.write-zeroes"
            ("self": Borrow("output-stream"), "len": U64) -> Result(None, Some(&Variant(&super::STREAM_ERROR)));
        DROP_INPUT_STREAM Handle "[resource-drop]input-stream" ("self": Own("input-stream"));
        DROP_OUTPUT_STREAM Handle "[resource-drop]output-stream" ("self": Own("output-stream"));
    }
}
