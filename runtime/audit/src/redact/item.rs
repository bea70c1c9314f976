//! Rewrites the CBOR items of calls and actions, with some of their leaves replaced.

use std::collections::{HashMap, VecDeque};

use minicbor::data::{Tag, Type};
use minicbor::{Decoder, Encoder, decode};
use wasm_agent_journal::format::{DEPTH_MAX, PAYLOAD_TAG};
use wasm_agent_journal::{Digest, PayloadRef};

/// Blobs whose offset in the copy is remembered. A writer never refers to older ones.
const REMEMBERED_MAX: usize = 4096;

/// Levels of nesting that a reference adds in place of a byte string.
const REFERENCE_DEPTH: usize = 2;

/// Offsets of the copy's blobs.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    order: VecDeque<Digest>,
    offsets: HashMap<Digest, u64>,
}

impl Offsets {
    pub(super) fn remember(&mut self, digest: Digest, offset: u64) {
        if self.offsets.insert(digest, offset).is_none() {
            self.order.push_back(digest);
        }
        if self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.offsets.remove(&oldest);
        }
    }
}

/// How an item is rewritten.
pub(super) struct Rewrite<'a> {
    /// Replace byte strings by their digests.
    pub(super) bytes: bool,
    /// The offsets for references to blobs.
    pub(super) blobs: &'a Offsets,
    /// Replaces a text, or keeps it (`None`). Its first argument has the index in each enclosing array or map,
    /// outermost first. In a map, keys have even indexes and values have odd ones.
    pub(super) text: &'a dyn Fn(&[u64], &str) -> Option<String>,
}

impl Rewrite<'_> {
    /// Rewrites an item. An invalid item, or one that nests too deep for references, becomes `null`.
    pub(super) fn item(&self, item: &[u8]) -> Vec<u8> {
        let mut decoder = Decoder::new(item);
        let mut encoder = Encoder::new(Vec::with_capacity(item.len()));
        let mut places = Vec::new();
        match self.copy(&mut decoder, &mut encoder, &mut places) {
            Ok(()) if decoder.position() == item.len() => encoder.into_writer(),
            Ok(()) | Err(_) => vec![NULL],
        }
    }

    fn copy(
        &self,
        decoder: &mut Decoder<'_>,
        encoder: &mut Encoder<Vec<u8>>,
        places: &mut Vec<u64>,
    ) -> Result<(), decode::Error> {
        if places.len() + REFERENCE_DEPTH > DEPTH_MAX {
            return Err(decode::Error::message("nests too deep"));
        }
        match decoder.datatype()? {
            Type::Array => {
                let items = decoder.array()?.ok_or_else(|| decode::Error::message("array without a length"))?;
                written(encoder.array(items));
                self.items(items, decoder, encoder, places)
            }
            Type::Map => {
                let entries = decoder.map()?.ok_or_else(|| decode::Error::message("map without a length"))?;
                written(encoder.map(entries));
                self.items(entries.saturating_mul(2), decoder, encoder, places)
            }
            Type::Bytes | Type::Tag => {
                self.payload(&decoder.decode()?, encoder);
                Ok(())
            }
            Type::String => {
                let text = decoder.str()?;
                match (self.text)(places, text) {
                    Some(other) => written(encoder.str(&other)),
                    None => written(encoder.str(text)),
                }
                Ok(())
            }
            _ => {
                let start = decoder.position();
                decoder.skip()?;
                encoder
                    .writer_mut()
                    .extend_from_slice(decoder.input().get(start..decoder.position()).unwrap_or_default());
                Ok(())
            }
        }
    }

    fn items(
        &self,
        items: u64,
        decoder: &mut Decoder<'_>,
        encoder: &mut Encoder<Vec<u8>>,
        places: &mut Vec<u64>,
    ) -> Result<(), decode::Error> {
        for place in 0..items {
            places.push(place);
            self.copy(decoder, encoder, places)?;
            places.pop();
        }
        Ok(())
    }

    fn payload(&self, payload: &PayloadRef<'_>, encoder: &mut Encoder<Vec<u8>>) {
        if let (PayloadRef::Inline(contents), false) = (payload, self.bytes) {
            written(encoder.bytes(contents));
            return;
        }
        // A blob that is not in the copy, or is too old, becomes contents that were not kept.
        let offset = match payload {
            PayloadRef::Stored(blob) if !self.bytes => self.blobs.offsets.get(&blob.digest).copied(),
            PayloadRef::Stored(_) | PayloadRef::Inline(_) | PayloadRef::DigestOnly { .. } => None,
        };
        written(encoder.tag(Tag::new(PAYLOAD_TAG)));
        written(encoder.array(if offset.is_some() { 3 } else { 2 }));
        written(encoder.bytes(&payload.digest()));
        written(encoder.u64(payload.length()));
        if let Some(offset) = offset {
            written(encoder.u64(offset));
        }
    }
}

const NULL: u8 = 0xf6;

/// Drops a result: writing to memory can't fail.
fn written<T, E>(result: Result<T, E>) {
    drop(result);
}
