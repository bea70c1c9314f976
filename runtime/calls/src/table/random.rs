//! `wasi:random`. Made by `tests/table`, which says how.

#[allow(unused_imports, reason = "a package need not use each kind of type")]
use crate::Type::*;
use crate::table::macros::interface;

interface! {
    /// Functions of `wasi:random/insecure`.
    insecure "wasi:random/insecure" {
        GET_INSECURE_RANDOM_BYTES Pure "get-insecure-random-bytes" ("len": U64) -> Bytes;
        GET_INSECURE_RANDOM_U64 Pure "get-insecure-random-u64" () -> U64;
    }
}

interface! {
    /// Functions of `wasi:random/insecure-seed`.
    insecure_seed "wasi:random/insecure-seed" {
        INSECURE_SEED Pure "insecure-seed" () -> Tuple(&[U64, U64]);
    }
}

interface! {
    /// Functions of `wasi:random/random`.
    random "wasi:random/random" {
        GET_RANDOM_BYTES Pure "get-random-bytes" ("len": U64) -> Bytes;
        GET_RANDOM_U64 Pure "get-random-u64" () -> U64;
    }
}
