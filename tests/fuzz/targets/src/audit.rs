//! What is concluded from journals.

use std::io::Cursor;

use wasm_agent_audit::view::View;
use wasm_agent_journal::Reader;

use crate::forge;

/// Follows a journal whose checks and seals are made to fit, however odd its records are.
///
/// # Panics
///
/// Never, which is what is asked.
pub fn audit(data: &[u8]) {
    let journal = forge::refitted(data);
    view(&journal);
}

fn view(journal: &[u8]) {
    let Ok(mut reader) = Reader::open(Cursor::new(journal)) else { return };
    let mut view = View::new();
    while let Ok(Some(record)) = reader.next() {
        let _ = view.record(&record);
    }
    let _ = (view.open_effects().len(), view.lost());
}
