//! Arguments of `wasm-agent keys`.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Makes an Ed25519 key: FILE is the private part, which signs; FILE.pub the public one, which checks
    New {
        /// Where the private key goes; the file must not exist
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
    /// Shows a key's fingerprint and its public part
    Show {
        /// The key, private or public
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
    },
}
