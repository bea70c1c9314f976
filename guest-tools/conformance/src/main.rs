//! Calls every function of WASI 0.2 that a tool can import, with ordinary and edge values, and prints a line for each
//! case: `case => answer`.
//!
//! `conformance PROGRAM [ARGS]` runs one program, each for itself, so that the files which one leaves can't disturb the
//! next. `tests/conformance` runs all of them under the bare engine and under the host, and compares the lines. So a
//! program prints nothing that differs from run to run: no times, no random bytes, no addresses.

#![deny(unsafe_code)]

mod answer;
mod bodies;
mod cli;
mod clocks;
mod fields;
mod files;
mod paths;
mod poll;
mod random;
mod requests;
mod streams;

/// The WASI interfaces, without `std` in between.
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package wasm-agent:conformance;
            world conformance {
                include wasi:cli/imports@0.2.12;
                import wasi:http/types@0.2.12;
                import wasi:http/outgoing-handler@0.2.12;
            }
        ",
        world: "wasm-agent:conformance/conformance",
        generate_all,
    });
}

use std::process::ExitCode;

use bindings::wasi;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let known = match arguments.as_slice() {
        ["paths", operation] => paths::run(operation),
        ["files", part] => files::run(part),
        ["cli", part, ..] => cli::run(part),
        ["streams", part] => streams::run(part),
        ["clocks"] => clocks::run(),
        ["poll", part] => poll::run(part),
        ["random", part] => random::run(part),
        ["fields"] => fields::run(),
        ["requests", authority] => requests::run(authority),
        ["bodies", authority] => bodies::run(authority),
        _ => false,
    };
    if known {
        ExitCode::SUCCESS
    } else {
        eprintln!("usage: conformance PROGRAM [ARGS]; the programs are in main.rs");
        ExitCode::from(2)
    }
}
