//! What the tests share: folders, servers, approvers, and runs that are checked and replayed as soon as they end.
//!
//! A test describes a [`Scene`] and runs it. Every run is checked by [`invariants::assert_hold`] and replayed at once,
//! with its folder out of reach, so that no test has to remember to.

pub mod approver;
pub mod folder;
pub mod guests;
pub mod invariants;
pub mod judged;
pub mod probe;
mod probe_files;
mod probe_http;
pub mod recorded;
pub mod resolver;
pub mod rewritten;
pub mod scene;
pub mod server;
pub mod terminal;
pub mod tls;
pub mod typed;
pub mod wat;

pub use approver::Script;
pub use folder::Folder;
pub use probe::{Handle, Probe};
pub use probe_files::OpenMode;
pub use probe_http::Sent;
pub use recorded::Recorded;
pub use scene::Scene;
pub use server::Server;
pub use wasm_agent_journal::testing as store;
