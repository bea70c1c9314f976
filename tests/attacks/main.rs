//! Hostile tools. Each asserts from inside that it is held; these tests assert it from outside.
//!
//! [`wasm_agent_tests::Scene`] asserts that each run replays identically and keeps the invariants.

mod exhaustion;
mod existence;
mod files;
mod filesystem;
mod fixture;
mod forged;
mod grants;
mod links;
mod masking;
mod mounts;
mod moved;
mod network;
mod own;
mod spelling;
mod swapped;
mod urls;
