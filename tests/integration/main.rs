//! The whole path on real components: files, servers, approvals, journals and replays.
//!
//! Every run here is held to what must always hold, and is replayed as soon as it ends: see `wasm_agent_tests`.

mod edit_files;
mod http;
mod reading;
mod secrets;
