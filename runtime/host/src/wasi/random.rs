//! `wasi:random`: recorded, not restricted. A replay returns the same numbers.

use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};

use crate::call::host_calls;

host_calls! {
    impl random::Host as "wasi:random/random" {
        fn get_random_bytes(length: u64) -> wasmtime::Result<Vec<u8>> = via random;
        fn get_random_u64() -> wasmtime::Result<u64> = via random;
    }
}

host_calls! {
    impl insecure::Host as "wasi:random/insecure" {
        fn get_insecure_random_bytes(length: u64) -> wasmtime::Result<Vec<u8>> = via random;
        fn get_insecure_random_u64() -> wasmtime::Result<u64> = via random;
    }
}

host_calls! {
    impl insecure_seed::Host as "wasi:random/insecure-seed" {
        fn insecure_seed() -> wasmtime::Result<(u64, u64)> = via random;
    }
}
