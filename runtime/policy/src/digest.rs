//! BLAKE3 digests, with one type for each kind of thing that is digested.

use std::fmt;

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps the bytes of a known digest.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The 32 bytes of the digest.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            /// Writes 64 lower-case hexadecimal digits.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

digest! {
    /// The BLAKE3 digest of a policy's whole text.
    Digest
}

digest! {
    /// The BLAKE3 digest of an action: of a domain tag followed by the canonical bytes.
    ActionDigest
}

impl Digest {
    /// The digest of a text.
    pub(crate) fn of(text: &str) -> Self {
        Self(*blake3::hash(text.as_bytes()).as_bytes())
    }
}

impl ActionDigest {
    /// The digest of the action that has these canonical bytes.
    #[must_use]
    pub fn of(canonical: &[u8]) -> Self {
        Self(*blake3::Hasher::new().update(ACTION_TAG).update(canonical).finalize().as_bytes())
    }
}

/// Domain separation: nothing else with the same bytes has the digest of an action.
const ACTION_TAG: &[u8] = b"wasm-agent action 1\0";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_all_bytes_in_order() {
        let mut bytes = [0; 32];
        bytes[0] = 0xab;
        bytes[31] = 1;
        let text = Digest::from_bytes(bytes).to_string();
        assert_eq!(text, format!("ab{}01", "00".repeat(30)));
    }
}
