//! Shared by `cargo xtask` and the benchmarks of `tests/bench`: where things are, how other programs are started, the
//! guest tools, and a server to send requests to.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a developer's tool: it says what it sets up")]

pub mod guests;
pub mod hint;
pub mod process;
pub mod project;
pub mod python;
pub mod server;
pub mod wasmtime;
