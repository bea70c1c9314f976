//! `wasm-agent:host`. Made by `tests/table`, which says how.

#[allow(unused_imports, reason = "a package need not use each kind of type")]
use crate::Type::*;
use crate::table::macros::interface;

/// `refusal`.
pub const REFUSAL: crate::Enum = crate::Enum {
    name: "refusal",
    cases: &[
        "refused", "timed-out", "unavailable",
    ],
};

interface! {
    /// Functions of `wasm-agent:host/approval`.
    approval "wasm-agent:host/approval" {
        CHECKPOINT Effect "checkpoint"
            ("title": String, "detail": String) -> Result(None, Some(&Enum(&super::REFUSAL)));
    }
}

interface! {
    /// Functions of `wasm-agent:host/intent`.
    intent "wasm-agent:host/intent" {
        DECLARE Pure "declare" ("why": String);
    }
}
