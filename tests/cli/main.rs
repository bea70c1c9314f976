//! The program `wasm-agent` as whoever runs it sees it: what it prints, where, and how it ends.
//!
//! A test gives commands to a [`Desk`] and compares all that was said with a file in `snapshots`. Where a change is
//! meant, `UPDATE_SNAPSHOTS=1 cargo test -p wasm-agent-tests --test cli` writes the files anew, and the diff is read
//! by a person.

mod approving;
mod broken_journals;
mod calling;
mod causes;
mod compiling;
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
mod made;
mod own;
mod policies;
mod recovering;
mod redacting;
mod replaying;
mod requesting;
mod running;
mod scale;
mod signing;
mod state;
mod stats;
mod suggesting;
mod terminal;
mod tools;
mod unusable_tools;
