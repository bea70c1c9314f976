//! `wasi:clocks`. Made by `tests/table`, which says how.

#[allow(unused_imports, reason = "a package need not use each kind of type")]
use crate::Type::*;
use crate::table::macros::interface;

/// `datetime`.
pub const DATETIME: crate::Record = crate::Record {
    name: "datetime",
    fields: &[
        crate::Named::new("seconds", U64),
        crate::Named::new("nanoseconds", U32),
    ],
};

interface! {
    /// Functions of `wasi:clocks/monotonic-clock`.
    monotonic_clock "wasi:clocks/monotonic-clock" {
        NOW Pure "now" () -> U64;
        RESOLUTION Pure "resolution" () -> U64;
        SUBSCRIBE_DURATION Pure "subscribe-duration" ("when": U64) -> Own("pollable");
        SUBSCRIBE_INSTANT Pure "subscribe-instant" ("when": U64) -> Own("pollable");
    }
}

interface! {
    /// Functions of `wasi:clocks/wall-clock`.
    wall_clock "wasi:clocks/wall-clock" {
        NOW Pure "now" () -> Record(&super::DATETIME);
        RESOLUTION Pure "resolution" () -> Record(&super::DATETIME);
    }
}
