//! Blob records: contents stored once, and found again by digest.

use std::collections::{HashMap, VecDeque};

use wasm_agent_cbor as cbor;

use crate::format::kind;
use crate::payload::Digest;

/// Most digests that the writer remembers, to store equal contents once.
///
/// Bounded because a run's contents are not: 4096 digests take about 300 KiB and cover a tool that rereads its folder.
const REMEMBERED_MAX: usize = 4096;

/// Most bytes of a blob's payload before its contents: array head, kind, digest, head of the byte string.
pub(crate) const PREFIX_BYTES_MAX: usize = 2 + 34 + 9;

/// First bytes of every blob's payload: an array of three, the kind, a byte string of 32.
const PREFIX_START: [u8; 4] = [0x83, kind::BLOB, 0x58, 0x20];

/// Writes everything of a blob's payload before its contents.
pub(crate) fn write_prefix(out: &mut Vec<u8>, digest: &Digest, length: usize) {
    out.extend_from_slice(&PREFIX_START);
    out.extend_from_slice(digest);
    cbor::bytes_head(out, length);
}

/// The part of a blob record's payload before the contents.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prefix {
    pub(crate) digest: Digest,
    /// Bytes before the contents.
    pub(crate) length: usize,
    /// Bytes of the contents.
    pub(crate) contents: usize,
}

impl Prefix {
    /// Reads the prefix of a payload of `length` bytes that begins with `start`.
    ///
    /// A payload that does not fit exactly is not a blob, and will not decode as another record either.
    pub(crate) fn read(start: &[u8], length: usize) -> Option<Self> {
        let rest = start.strip_prefix(&PREFIX_START)?;
        let (digest, rest) = rest.split_first_chunk()?;
        let (contents, head) = cbor::split_bytes_head(rest)?;
        let prefix = PREFIX_START.len() + digest.len() + head;
        (prefix.checked_add(contents)? == length).then_some(Self { digest: *digest, length: prefix, contents })
    }
}

/// Where recently stored contents are in the file, by digest.
#[derive(Debug, Default)]
pub(crate) struct Window {
    order: VecDeque<Digest>,
    offsets: HashMap<Digest, u64>,
}

impl Window {
    pub(crate) fn find(&self, digest: &Digest) -> Option<u64> {
        self.offsets.get(digest).copied()
    }

    /// Remembers a digest. Forgets the oldest one if there are too many.
    pub(crate) fn remember(&mut self, digest: Digest, offset: u64) {
        if self.order.len() >= REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.offsets.remove(&oldest);
        }
        self.order.push_back(digest);
        self.offsets.insert(digest, offset);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_the_oldest_digest_first() {
        let mut window = Window::default();
        let digest = |number: u64| *blake3::hash(&number.to_le_bytes()).as_bytes();
        let most = cbor::wide(REMEMBERED_MAX);
        for number in 0..=most {
            window.remember(digest(number), number);
        }
        assert_eq!((window.order.len(), window.offsets.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
        assert_eq!(window.find(&digest(0)), None);
        assert_eq!(window.find(&digest(1)), Some(1));
        assert_eq!(window.find(&digest(most)), Some(most));
    }

    #[test]
    fn reads_only_prefixes_that_fit_the_payload() {
        let mut payload = Vec::new();
        write_prefix(&mut payload, &[4; 32], 1000);
        let length = payload.len() + 1000;
        let prefix = Prefix::read(&payload, length).unwrap();
        assert_eq!((prefix.digest, prefix.length, prefix.contents), ([4; 32], payload.len(), 1000));
        assert!(Prefix::read(&payload, length - 1).is_none());
        assert!(Prefix::read(&payload, length + 1).is_none());
        assert!(Prefix::read(&payload[..37], length).is_none());
    }
}
