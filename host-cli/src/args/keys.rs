//! Arguments of `wasm-agent keys`.

use std::path::PathBuf;

use clap::{Subcommand, ValueHint};

use super::common::path;

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Makes an Ed25519 key pair: FILE gets the private key, which signs; FILE.pub the public key, which verifies
    New {
        /// Where the private key goes; the file must not exist
        #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
        file: PathBuf,
    },
    /// Shows a key's fingerprint and public key
    Show {
        /// The key, private or public
        #[arg(value_hint = ValueHint::FilePath, value_parser = path())]
        file: PathBuf,
    },
}
