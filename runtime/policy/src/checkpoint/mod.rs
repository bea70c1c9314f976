//! Checkpoints: steps that only the tool understands, and that a person approves.

use crate::check::Ruling;
use crate::grant::GrantId;

/// A checkpoint always asks, whatever the policy says.
pub(crate) fn judge() -> Ruling {
    Ruling { grant: GrantId::Checkpoint, asked_by: Some(GrantId::Checkpoint) }
}
