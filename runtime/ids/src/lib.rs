//! Identifiers of runs, calls and effects, and digests of contents: each is a type of its own.
//!
//! A call can't be mistaken for an effect, nor a tool's digest for a policy's. All digests and random identifiers are
//! shown in lower-case hexadecimal.

#![forbid(unsafe_code)]

use std::fmt;

use data_encoding::HEXLOWER;

/// Bytes as lower-case hexadecimal digits.
#[derive(Clone, Copy)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        HEXLOWER.encode_display(self.0).fmt(f)
    }
}

/// Defines an identifier that is an array of bytes.
#[macro_export]
macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Makes the identifier from its bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// The bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            /// Writes lower-case hexadecimal digits.
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&$crate::Hex(&self.0), f)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }
    };
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

bytes_id! {
    /// A run: sixteen random bytes.
    RunId, 16
}

bytes_id! {
    /// A tool: the SHA-256 digest of its file.
    ToolDigest, 32
}

bytes_id! {
    /// A policy: the BLAKE3 digest of its whole text.
    PolicyDigest, 32
}

number! {
    /// A host call of a run, counted from 0.
    CallId
}

number! {
    /// An effect of a run, counted from 0.
    EffectId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_all_bytes_in_order() {
        let mut bytes = [0; 16];
        bytes[0] = 0xab;
        bytes[15] = 1;
        assert_eq!(RunId::from_bytes(bytes).to_string(), format!("ab{}01", "00".repeat(14)));
        assert_eq!(CallId(12).to_string(), "12");
    }
}
