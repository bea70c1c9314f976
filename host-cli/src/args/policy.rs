//! Arguments of `wasm-agent policy`.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Reports everything that is wrong with a policy
    Check {
        /// The policy
        #[arg(value_hint = ValueHint::FilePath)]
        policy: PathBuf,
    },
    /// Says what a policy decides about an action, and why
    Explain {
        /// The policy
        #[arg(value_hint = ValueHint::FilePath)]
        policy: PathBuf,

        /// The action, such as 'DELETE /notes/a.md' or 'POST https://example.com/'
        action: String,
    },
}
