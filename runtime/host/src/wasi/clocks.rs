//! `wasi:clocks`: recorded, not restricted. A replay returns the times of the recorded run.

use wasmtime::component::Resource;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};

use crate::call::host_calls;

host_calls! {
    impl wall_clock::Host as "wasi:clocks/wall-clock" {
        fn now() -> wasmtime::Result<wall_clock::Datetime> = via clocks;
        fn resolution() -> wasmtime::Result<wall_clock::Datetime> = via clocks;
    }
}

host_calls! {
    impl monotonic_clock::Host as "wasi:clocks/monotonic-clock" {
        fn now() -> wasmtime::Result<u64> = via clocks;
        fn resolution() -> wasmtime::Result<u64> = via clocks;
        fn subscribe_instant(when: u64) -> wasmtime::Result<Resource<DynPollable>> = via clocks;
        fn subscribe_duration(when: u64) -> wasmtime::Result<Resource<DynPollable>> = via clocks;
    }
}
