//! BLAKE3 digests, one type for each thing that has one.

use wasm_agent_ids::{PolicyDigest, bytes_id};

bytes_id! {
    /// The BLAKE3 digest of an action: of a tag of its own and the action's canonical bytes.
    ActionDigest, 32
}

/// The digest of the policy with this text.
pub(crate) fn of_policy(text: &str) -> PolicyDigest {
    PolicyDigest::from_bytes(*blake3::hash(text.as_bytes()).as_bytes())
}

impl ActionDigest {
    /// The digest of the action that has these canonical bytes.
    #[must_use]
    pub fn of(canonical: &[u8]) -> Self {
        Self(*blake3::Hasher::new().update(ACTION_TAG).update(canonical).finalize().as_bytes())
    }
}

/// Keeps an action's digest apart from the digest of anything else with the same bytes.
const ACTION_TAG: &[u8] = b"wasm-agent action 1\0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_all_bytes_in_order() {
        let mut bytes = [0; 32];
        bytes[0] = 0xab;
        bytes[31] = 1;
        let text = ActionDigest::from_bytes(bytes).to_string();
        assert_eq!(text, format!("ab{}01", "00".repeat(30)));
    }
}
