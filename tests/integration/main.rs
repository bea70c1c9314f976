//! The whole path on real components: files, servers, approvals, journals and replays.
//!
//! Every run here is held to what must always hold, and is replayed as soon as it ends: see `wasm_agent_tests`.

mod adapted;
mod again;
mod bounds;
mod compiling;
mod completeness;
mod disk;
mod diverging;
mod edit_files;
mod evidence;
mod file_errors;
mod given;
mod http;
mod kept;
mod limits;
mod limits_table;
mod listing;
mod loading;
mod output;
mod pending;
mod proxy;
mod reading;
mod replay;
mod secrets;
mod together;
mod watching;
