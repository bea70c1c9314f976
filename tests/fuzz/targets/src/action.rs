//! Actions as they stand in journals.

use wasm_agent_policy::{Action, Policy};

use crate::policy::decide;

/// Decodes an action. Bytes that are taken are the only ones that stand for it.
///
/// # Panics
///
/// When an action has other bytes than those that it was decoded from.
pub fn action(data: &[u8]) {
    let Ok(action) = Action::decode(data) else { return };
    assert_eq!(action.canonical_bytes(), data);
    assert_eq!(Action::decode(data).unwrap(), action);
    assert!(!action.to_string().is_empty());
    assert!(!action.kind().is_empty());
    decide(&Policy::deny_all(), &action);
}
