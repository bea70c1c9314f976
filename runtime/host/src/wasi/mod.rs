//! WASI 0.2 through the gate: one file for each package.
//!
//! These files translate between WIT and the gate. Whether an action is allowed, who is asked and what is recorded is
//! decided elsewhere.

mod agent;
mod cli;
mod clocks;
mod filesystem;
mod http;
mod io;
pub(crate) mod link;
mod random;
mod sockets;
mod splice;
