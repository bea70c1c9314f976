//! What ties records together: the running check in every frame, the hash in every seal.
//!
//! Both cover a frame's *sealed bytes*: all of it but the contents of a blob, for which its digest stands. So
//! contents are hashed once, not twice, and a reader that has no use for them can step over them.

use crate::format::MAGIC;
use crate::payload::Digest;

/// State of both chains at one point of the file.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    check: u32,
    seal: blake3::Hasher,
}

impl Chain {
    /// The state after the magic.
    pub(crate) fn new() -> Self {
        let mut seal = blake3::Hasher::new();
        seal.update(&MAGIC);
        Self { check: crc32fast::hash(&MAGIC), seal }
    }

    /// The running check as it stands.
    pub(crate) fn check(&self) -> u32 {
        self.check
    }

    /// Takes one frame's length and payload into the running check, and returns the check.
    pub(crate) fn advance(&mut self, length_and_payload: &[u8]) -> u32 {
        self.check = check_after(self.check, length_and_payload);
        self.check
    }

    /// Takes sealed bytes into the hash. Long runs of bytes are several times quicker than single records.
    pub(crate) fn absorb(&mut self, sealed: &[u8]) {
        self.seal.update(sealed);
    }

    /// The hash for a seal, after which the next one starts over. The seal's own bytes come next.
    pub(crate) fn seal(&mut self) -> Digest {
        let hash = *self.seal.finalize().as_bytes();
        self.seal.reset();
        hash
    }
}

/// The check of a frame that follows one with the check `before`.
pub(crate) fn check_after(before: u32, length_and_payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(before);
    hasher.update(length_and_payload);
    hasher.finalize()
}
