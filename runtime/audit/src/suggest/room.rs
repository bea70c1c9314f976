//! How much can be collected, and why nothing is suggested.

use wasm_agent_policy::{HTTP_GRANTS_MAX, PolicyErrors};

/// Most different paths and URLs that are kept, over all runs. Each URL can become a grant.
pub(super) const NAMES_MAX: usize = HTTP_GRANTS_MAX;

/// Most bytes of them: half of what a policy may have.
const NAME_BYTES_MAX: usize = 2 << 20;

/// Why no policy can be suggested.
#[derive(Debug, thiserror::Error)]
pub enum SuggestError {
    /// The policy of a run is none of this release's.
    #[error("the policy in journal `{journal}` can't be read: {errors}")]
    Policy {
        /// The journal.
        journal: String,
        /// What is wrong with it.
        errors: PolicyErrors,
    },
    /// Two runs were given different things under one name.
    #[error("journal `{journal}` has another {what} than the journals before it: `{found}`, before `{before}`")]
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
    /// There are more paths and URLs than a policy should have.
    #[error("the runs used more than {NAMES_MAX} different paths and URLs, or more of them than a policy can have")]
    TooMany,
}

/// Room for names.
#[derive(Debug, Default)]
pub(super) struct Room {
    names: usize,
    bytes: usize,
}

impl Room {
    /// Takes room for one more name.
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), SuggestError> {
        self.names = self.names.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.names > NAMES_MAX || self.bytes > NAME_BYTES_MAX { Err(SuggestError::TooMany) } else { Ok(()) }
    }
}
