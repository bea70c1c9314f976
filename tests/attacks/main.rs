//! Hostile tools: each asserts inside that it is held, and here it is asserted from outside.
//!
//! That a run replays identically and keeps to the rules is asserted of each by [`wasm_agent_tests::Scene`].

mod existence;
mod files;
mod filesystem;
mod fixture;
mod forged;
mod grants;
mod held;
mod links;
mod masking;
mod mounts;
mod moved;
mod network;
mod own;
mod spelling;
mod use_up;
