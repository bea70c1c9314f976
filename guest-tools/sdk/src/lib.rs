//! What tools for `wasm-agent` share: checkpoints, reasons, HTTP requests and random numbers.
//!
//! A tool needs none of this to run: files, arguments, environment and clocks are those of `std`, and the
//! host gates them. This crate adds what only `wasm-agent` has, and a client for `wasi:http`, which `std`
//! lacks. An interface that a tool does not use is not among its imports.

#![deny(unsafe_code)]

pub mod approval;
pub mod http;
pub mod intent;
pub mod random;

/// Generated from the WIT, which has the documentation.
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package wasm-agent:sdk;
            world sdk {
                include wasm-agent:host/imports@0.1.0;
                import wasi:http/outgoing-handler@0.2.12;
                import wasi:random/random@0.2.12;
            }
        ",
        world: "wasm-agent:sdk/sdk",
        generate_all,
    });
}
