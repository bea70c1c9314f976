//! Signatures of seals: Ed25519 (RFC 8032) over the seal's fields and the run's id.
//!
//! A seal's hash alone proves nothing to someone who does not trust the holder of the file: anyone can recompute it. A
//! signature needs the private key. It covers the run's id, so that a seal of one run is not valid in another, and the
//! seal's number, so that it is not valid at another place.

mod key;
mod pem;

use std::{fmt, io};

use wasm_agent_ids::RunId;

use crate::payload::Digest;

pub use key::{KeyError, PublicKey, SigningKey};

/// Length of a signature, in bytes.
pub(crate) const SIGNATURE_BYTES: usize = 64;

/// First bytes of every signed message, so that a signature made for another purpose is not valid for a seal.
const SEAL_DOMAIN: [u8; 27] = *b"wasm-agent journal seal v1\n";

/// Length of the message that is signed, in bytes: domain, run id, hash, count of records.
const MESSAGE_BYTES: usize = SEAL_DOMAIN.len() + 16 + 32 + 8;

/// Signs seals. A trait, so that a test can fail, and so that the key may be outside of this process.
pub trait Signer: Send + Sync + fmt::Debug {
    /// The public key for the signatures. It goes into the journal's header.
    fn public_key(&self) -> PublicKey;

    /// Signs a message with Ed25519. An intent, and with it the guest, waits for it.
    ///
    /// # Errors
    ///
    /// When it can't be signed. The journal writes nothing more after that, and the run ends.
    fn sign(&self, message: &[u8]) -> io::Result<[u8; SIGNATURE_BYTES]>;
}

/// The message that a seal's signature signs.
pub(crate) fn seal_message(run: RunId, hash: &Digest, records: u64) -> [u8; MESSAGE_BYTES] {
    let mut message = [0; MESSAGE_BYTES];
    let parts = [SEAL_DOMAIN.as_slice(), run.as_bytes(), hash, &records.to_le_bytes()];
    let bytes = parts.into_iter().flatten();
    message.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_its_parts_in_order() {
        let message = seal_message(RunId::from_bytes([1; 16]), &[2; 32], 0x0304);
        let expected = [b"wasm-agent journal seal v1\n".as_slice(), &[1; 16], &[2; 32], &[4, 3, 0, 0, 0, 0, 0, 0]];
        assert_eq!(message.as_slice(), expected.concat());
    }
}
