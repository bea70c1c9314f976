//! Digests and identifiers in JSON.

use serde::{Serialize, Serializer};
use wasm_agent_ids::Hex;

/// Bytes as lower-case hexadecimal digits.
pub(super) struct HexText<'a>(pub(super) &'a [u8]);

impl Serialize for HexText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Hex(self.0))
    }
}
