//! Ed25519 keys and their files: PKCS#8 and SPKI in PEM (RFC 8410), as OpenSSL writes them.

use std::{fmt, io};

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use wasm_agent_ids::Hex;
use zeroize::Zeroizing;

use super::{SIGNATURE_BYTES, Signer, pem};

/// Label of a private key's file.
const PRIVATE: &str = "PRIVATE KEY";

/// Label of a public key's file.
const PUBLIC: &str = "PUBLIC KEY";

/// DER before a private key's 32 bytes: version 0, algorithm 1.3.101.112, an octet string in an octet string.
///
/// Not version 1 of the structure, which also has the public key: some versions of OpenSSL can't read it.
const PRIVATE_START: [u8; 16] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// DER before a public key's 32 bytes: algorithm 1.3.101.112, a bit string without unused bits.
const PUBLIC_START: [u8; 12] = *b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// The algorithm's identifier in DER. A key without it is for another algorithm.
const ED25519_ID: [u8; 5] = *b"\x06\x03\x2b\x65\x70";

/// Why a key can't be read or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text has no PEM block of that kind.
    #[error("expected a `-----BEGIN {expected}-----` block")]
    NoBlock {
        /// Label of the block that was looked for.
        expected: &'static str,
    },
    /// It is a private key, and a public one is expected.
    #[error("it is a private key, expected a public one")]
    Private,
    /// It is a public key, and a private one is expected.
    #[error("it is a public key, expected a private one")]
    Public,
    /// The private key needs a passphrase.
    #[error("it is encrypted, expected a private key without a passphrase")]
    Encrypted,
    /// A key for another algorithm.
    #[error("it is not an Ed25519 key")]
    OtherAlgorithm,
    /// The block is not what its label says.
    #[error("it is damaged: its block does not hold a key")]
    Damaged,
    /// The operating system gave no random bytes for a new key.
    #[error("the operating system gives no randomness for a key")]
    NoRandomness,
}

/// A public key, which verifies signatures.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// A key from its 32 bytes (RFC 8032). Bytes that are not a point of the curve fail only when a signature is
    /// checked.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key's 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads a `PUBLIC KEY` block, as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    ///
    /// When there is no such block, or it does not hold an Ed25519 key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let Some(der) = pem::decode(text, PUBLIC) else {
            let is_private = pem::has(text, PRIVATE) || pem::has(text, pem::ENCRYPTED);
            return Err(if is_private { KeyError::Private } else { KeyError::NoBlock { expected: PUBLIC } });
        };
        match der.strip_prefix(&PUBLIC_START).map(<[u8; 32]>::try_from) {
            Some(Ok(bytes)) => Ok(Self(bytes)),
            _ => Err(unusable(&der)),
        }
    }

    /// The key as a `PUBLIC KEY` block.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(&self.der(), PUBLIC)
    }

    /// SHA-256 of the key's DER (RFC 8410), in hexadecimal: `openssl pkey -pubin -outform DER | sha256sum`.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        Hex(digest(&SHA256, &self.der()).as_ref()).to_string()
    }

    /// Whether a signature of that message was made with this key.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }

    fn der(&self) -> [u8; 44] {
        let mut der = [0; 44];
        der.iter_mut().zip(PUBLIC_START.iter().chain(&self.0)).for_each(|(place, byte)| *place = *byte);
        der
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", Hex(&self.0))
    }
}

/// A private key, which signs. `Debug` does not show it.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Makes a new key, and the text of its file.
    ///
    /// # Authority
    ///
    /// Takes random bytes from the operating system.
    ///
    /// # Errors
    ///
    /// When the operating system gives none.
    pub fn generate() -> Result<(Self, Zeroizing<String>), KeyError> {
        let mut der = Zeroizing::new([0; 48]);
        let (start, seed) = der.split_at_mut(PRIVATE_START.len());
        start.copy_from_slice(&PRIVATE_START);
        SystemRandom::new().fill(seed).map_err(|_| KeyError::NoRandomness)?;
        let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.as_slice()).map_err(|_| KeyError::Damaged)?;
        Ok((Self(key), Zeroizing::new(pem::encode(der.as_slice(), PRIVATE))))
    }

    /// Reads a `PRIVATE KEY` block, as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    ///
    /// When there is no such block, or it does not hold an Ed25519 key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let Some(der) = pem::decode(text, PRIVATE).map(Zeroizing::new) else {
            return Err(if pem::has(text, pem::ENCRYPTED) {
                KeyError::Encrypted
            } else if pem::has(text, PUBLIC) {
                KeyError::Public
            } else {
                KeyError::NoBlock { expected: PRIVATE }
            });
        };
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map(Self).map_err(|_| unusable(&der))
    }
}

impl Signer for SigningKey {
    fn public_key(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.iter_mut().zip(self.0.public_key().as_ref()).for_each(|(place, byte)| *place = *byte);
        PublicKey(bytes)
    }

    fn sign(&self, message: &[u8]) -> io::Result<[u8; SIGNATURE_BYTES]> {
        self.0.sign(message).as_ref().try_into().map_err(|_| io::ErrorKind::InvalidData.into())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public_key().fingerprint())
    }
}

/// What is wrong with DER that is not the key that was wanted.
fn unusable(der: &[u8]) -> KeyError {
    let is_ed25519 = der.windows(ED25519_ID.len()).any(|part| part == ED25519_ID);
    if is_ed25519 { KeyError::Damaged } else { KeyError::OtherAlgorithm }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8410, section 10.3, and its public part.
    const RFC_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    const RFC_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    /// The same private key with attributes and its public part (version 1 of the structure).
    const RFC_PRIVATE_V2: &str = "-----BEGIN PRIVATE KEY-----\n\
        MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n\
        Z9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PRIVATE KEY-----\n";

    #[test]
    fn reads_the_keys_of_the_rfc() {
        let public = PublicKey::from_pem(RFC_PUBLIC).unwrap();
        assert_eq!(public.to_pem(), RFC_PUBLIC);
        let key = SigningKey::from_pem(&format!("a comment\n{RFC_PRIVATE}")).unwrap();
        assert_eq!(key.public_key(), public);
        let signature = key.sign(b"message").unwrap();
        assert!(public.verifies(b"message", &signature));
        assert!(!public.verifies(b"massage", &signature));
        assert!(!public.verifies(b"message", &signature[1..]));
    }

    #[test]
    fn says_why_a_text_is_not_a_key() {
        let found = |text: &str| SigningKey::from_pem(text).unwrap_err();
        assert_eq!(found(RFC_PUBLIC), KeyError::Public);
        assert_eq!(found(""), KeyError::NoBlock { expected: "PRIVATE KEY" });
        assert_eq!(found(&RFC_PRIVATE.replace(" PRIVATE", " ENCRYPTED PRIVATE")), KeyError::Encrypted);
        assert_eq!(found(&RFC_PRIVATE.replace("MC4C", "MC5C")), KeyError::Damaged);
        // X25519 differs from Ed25519 in one bit of the algorithm.
        assert_eq!(found(&RFC_PRIVATE.replace("K2Vw", "K2Vu")), KeyError::OtherAlgorithm);
        assert_eq!(PublicKey::from_pem(RFC_PRIVATE).unwrap_err(), KeyError::Private);
        let short = RFC_PUBLIC.replace("ZuE=", "");
        assert_eq!(PublicKey::from_pem(&short).unwrap_err(), KeyError::Damaged);
    }

    #[test]
    fn reads_a_private_key_with_its_public_part() {
        assert_eq!(SigningKey::from_pem(RFC_PRIVATE_V2).unwrap().public_key().to_pem(), RFC_PUBLIC);
    }

    #[test]
    fn a_new_key_is_read_back() {
        let (key, text) = SigningKey::generate().unwrap();
        let (other, _) = SigningKey::generate().unwrap();
        assert_ne!(key.public_key(), other.public_key());
        assert_eq!(SigningKey::from_pem(&text).unwrap().public_key(), key.public_key());
        assert_eq!(PublicKey::from_pem(&key.public_key().to_pem()).unwrap(), key.public_key());
        assert!(!format!("{key:?}").contains(text.lines().nth(1).unwrap()));
    }
}
