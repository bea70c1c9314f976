//! Sockets, which no policy can grant: what is sent through one could not be checked.

use crate::decision::{Denial, DenialReason};

/// A socket is always denied.
pub(crate) fn judge() -> Denial {
    Denial::new(DenialReason::Unsupported, None)
}
