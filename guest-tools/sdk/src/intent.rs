//! Reasons: saying why the calls that follow are made.

use crate::bindings::wasm_agent::host::intent;

/// Declares the reason for all calls from here on, until the next declaration.
///
/// It is shown to whoever approves one of these calls, and kept in the journal. An empty text takes it back.
pub fn declare(why: &str) {
    intent::declare(why);
}
