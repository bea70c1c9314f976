//! Sockets. No policy can grant one: data that is sent through a socket could not be checked.

use crate::decision::{Denial, DenialReason};

/// A socket is always denied.
pub(crate) fn judge() -> Denial {
    Denial::new(DenialReason::Unsupported, None)
}
