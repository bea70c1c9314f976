//! Reasons: a tool says why it makes the calls that follow.

use crate::bindings::wasm_agent::host::intent;

/// Declares the reason for all calls from here on, until the next declaration.
///
/// Whoever approves one of these calls sees it, and the journal keeps it. An empty text takes it back.
pub fn declare(why: &str) {
    intent::declare(why);
}
