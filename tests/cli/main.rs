//! The program `wasm-agent` as its users see it: what it prints, where, and how it ends.
//!
//! A test runs commands at a [`Desk`] and compares the transcript with a file in `snapshots`. After an intended change,
//! `UPDATE_SNAPSHOTS=1 cargo test -p wasm-agent-tests --test cli` writes the files again; read the diff before you
//! commit it.

mod approvals;
mod approving;
mod broken_journals;
mod calling;
mod causes;
mod collector;
mod compiling;
mod denials;
mod desk;
mod diffing;
mod disk;
mod exporting;
mod files;
mod filter;
mod harmless;
mod help;
mod inspecting;
mod journals;
mod judging;
mod own;
mod policies;
mod recovering;
mod redacting;
mod replaying;
mod requesting;
mod running;
mod sample_journal;
mod scale;
mod shortages;
mod signals;
mod signing;
mod state;
mod stats;
mod suggesting;
mod terminal;
mod tools;
mod typed;
mod unusable_tools;
