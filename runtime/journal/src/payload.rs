//! Payload references: how a record refers to bytes outside of it.

use minicbor::data::Type;
use minicbor::{Decode, Decoder, decode};
use wasm_agent_cbor as cbor;

use crate::format::PAYLOAD_TAG;

/// BLAKE3 digest of contents.
pub type Digest = [u8; 32];

/// Where to find a blob's contents in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobRef {
    /// BLAKE3 of the contents.
    pub digest: Digest,
    /// Length of the contents, in bytes.
    pub length: u64,
    /// Offset of the blob's frame from the start of the file, in bytes.
    pub offset: u64,
}

/// One payload as recorded: in place, in a blob, or by digest only.
///
/// Implements [`minicbor::Decode`], so a replay reads it with `decoder.decode::<PayloadRef>()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadRef<'b> {
    /// The bytes themselves.
    Inline(&'b [u8]),
    /// A blob of this journal; [`Reader::blob`](crate::Reader::blob) fetches it.
    Stored(BlobRef),
    /// Contents that a replay produces again, or that were taken out on purpose.
    DigestOnly {
        /// BLAKE3 of the contents.
        digest: Digest,
        /// Length of the contents, in bytes.
        length: u64,
    },
}

impl PayloadRef<'_> {
    /// Length of the contents, in bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        match self {
            Self::Inline(contents) => cbor::wide(contents.len()),
            Self::Stored(blob) => blob.length,
            Self::DigestOnly { length, .. } => *length,
        }
    }

    /// BLAKE3 of the contents.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match self {
            Self::Inline(contents) => *blake3::hash(contents).as_bytes(),
            Self::Stored(blob) => blob.digest,
            Self::DigestOnly { digest, .. } => *digest,
        }
    }

    /// Whether the recorded payload has these contents.
    #[must_use]
    pub fn is(&self, contents: &[u8]) -> bool {
        match self {
            Self::Inline(recorded) => *recorded == contents,
            Self::Stored(BlobRef { digest, length, .. }) | Self::DigestOnly { digest, length } => {
                *length == cbor::wide(contents.len()) && blake3::hash(contents) == *digest
            }
        }
    }
}

impl<'b, C> Decode<'b, C> for PayloadRef<'b> {
    fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        if decoder.datatype()? == Type::Bytes {
            return decoder.bytes().map(Self::Inline);
        }
        let position = decoder.position();
        if decoder.tag()?.as_u64() != PAYLOAD_TAG {
            return Err(decode::Error::message("tag is not a payload reference").at(position));
        }
        let fields = decoder.array()?;
        let digest = digest(decoder)?;
        let length = decoder.u64()?;
        match fields {
            Some(2) => Ok(Self::DigestOnly { digest, length }),
            Some(3) => {
                let offset = decoder.u64()?;
                Ok(Self::Stored(BlobRef { digest, length, offset }))
            }
            _ => Err(decode::Error::message("payload reference has neither 2 nor 3 fields").at(position)),
        }
    }
}

/// Writes a reference. The offset is there if the contents are kept.
pub(crate) fn write_reference(out: &mut Vec<u8>, digest: &Digest, length: usize, offset: Option<u64>) {
    cbor::tag(out, PAYLOAD_TAG);
    cbor::array(out, if offset.is_some() { 3 } else { 2 });
    cbor::bytes(out, digest);
    cbor::uint(out, cbor::wide(length));
    if let Some(offset) = offset {
        cbor::uint(out, offset);
    }
}

/// Reads a 32-byte string.
pub(crate) fn digest(decoder: &mut Decoder<'_>) -> Result<Digest, decode::Error> {
    let position = decoder.position();
    Digest::try_from(decoder.bytes()?).map_err(|_| decode::Error::message("digest is not 32 bytes").at(position))
}
