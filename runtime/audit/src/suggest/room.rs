//! Bounds on what is collected, and why no policy can be suggested.

use wasm_agent_policy::{HTTP_GRANTS_MAX, PolicyErrors};

/// Most different paths and URLs, over all runs. Each URL can become a grant.
pub(super) const NAMES_MAX: usize = HTTP_GRANTS_MAX;

/// Most bytes of paths and URLs: half the size limit of a policy.
const NAME_BYTES_MAX: usize = 2 << 20;

/// Why no policy can be suggested.
#[derive(Debug, thiserror::Error)]
pub enum SuggestError {
    /// This release can't parse the policy of a run.
    #[error("the policy in journal `{journal}` can't be read: {errors}")]
    Policy {
        /// The journal.
        journal: String,
        /// The errors in the policy.
        errors: PolicyErrors,
    },
    /// Two runs had different things under one name.
    #[error("journal `{journal}` has another {what} than the journals before it: `{found}` instead of `{before}`")]
    Clash {
        /// The journal.
        journal: String,
        /// What differs.
        what: String,
        /// What this journal has.
        found: String,
        /// What the journals before it have.
        before: String,
    },
    /// There are too many paths and URLs for a policy.
    #[error("the runs used more than {NAMES_MAX} different paths and URLs, or more than fit in a policy")]
    TooMany,
}

/// How much of the bounds is used.
#[derive(Debug, Default)]
pub(super) struct Room {
    names: usize,
    bytes: usize,
}

impl Room {
    /// Adds a name of this length.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), SuggestError> {
        self.names = self.names.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.names > NAMES_MAX || self.bytes > NAME_BYTES_MAX { Err(SuggestError::TooMany) } else { Ok(()) }
    }
}
