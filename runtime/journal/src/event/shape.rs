//! Shapes of calls: the bits that a call has in common with earlier calls of its function, so that it need not be
//! parsed again.
//!
//! Calls of one function usually differ in numbers, digests and letters, but not in where these are. Parsing a valid
//! call gives a mask of the bits that made it valid. Another call with the same bits there is valid for the same
//! reason.

use wasm_agent_cbor as cbor;
use wasm_agent_cbor::major;

use super::record::Tables;
use crate::format::kind;

/// Longest items that get a shape, in bytes: arguments, outcome and decision of all calls but those with long texts.
const ITEMS_BYTES_MAX: usize = 96;

/// Bytes that are compared at once. Most calls have no more.
const BLOCK_BYTES: usize = 32;

/// Slots for shapes, by function and length. A run with many kinds of calls uses some dozens.
const SHAPES_MAX: usize = 256;

/// Bytes that are enough for all fields before the items, if these fields are short.
const START_BYTES: usize = 32;

/// Shapes of the calls of one journal, of a fixed size.
pub(crate) struct Shapes(Box<[Shape; SHAPES_MAX]>);

/// The bits that make the items of a call valid: arguments, outcome and decision.
#[derive(Debug, Clone, Copy, Default)]
struct Shape {
    start: Start,
    /// How many blocks there are.
    count: usize,
    blocks: [Block; ITEMS_BYTES_MAX / BLOCK_BYTES],
}

/// The part of the fields before the items that a shape depends on.
///
/// The record's first byte, which says whether there is a decision; the function; the length of the items in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Start(u64);

/// Which bits of [`BLOCK_BYTES`] are compared, and their values.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    masks: [u64; BLOCK_BYTES / 8],
    bits: [u64; BLOCK_BYTES / 8],
}

impl Shapes {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self(Box::new([Shape::default(); SHAPES_MAX]))
    }

    /// Whether the first `length` of these bytes certainly are a call that [`check_call`](Tables::check_call) accepts.
    /// `false` means unknown.
    ///
    /// `tables` must always be those of the same journal: a definition never changes.
    #[inline]
    pub(crate) fn is_plain_call(&mut self, tables: &Tables, bytes: &[u8], length: usize) -> bool {
        self.knows(bytes, length).is_some() || self.learn(tables, bytes, length)
    }

    #[inline]
    fn knows(&self, bytes: &[u8], length: usize) -> Option<()> {
        let (start, at) = split_start(bytes, length)?;
        let shape = self.0.get(start.place()).filter(|shape| shape.start == start)?;
        let (blocks, _) = bytes.get(at..)?.as_chunks();
        let blocks = shape.blocks.iter().zip(blocks.get(..shape.count)?);
        let wrong = blocks.fold(0, |wrong, (block, found)| wrong | block.differs(found));
        (wrong == 0).then_some(())
    }

    /// Parses a call, and remembers its shape if it has one.
    #[cold]
    fn learn(&mut self, tables: &Tables, bytes: &[u8], length: usize) -> bool {
        let Some(call) = bytes.get(..length).and_then(|payload| tables.plain_call(payload)) else { return false };
        if let Some((start, at)) = split_start(bytes, length)
            && let Some(items) = bytes.get(at..length)
            && let Some(shape) = Shape::of(start, items, call.decision_bytes())
            && let Some(place) = self.0.get_mut(start.place())
        {
            *place = shape;
        }
        true
    }
}

impl Start {
    #[inline]
    fn place(self) -> usize {
        let [_, function, length, ..] = self.0.to_le_bytes();
        usize::from(function.wrapping_mul(37).wrapping_add(length)) % SHAPES_MAX
    }
}

impl Shape {
    /// The shape of valid items, the last `decision` bytes of which are the decision. Not all have one.
    fn of(start: Start, items: &[u8], decision: usize) -> Option<Self> {
        let (mut masks, mut found) = ([0; ITEMS_BYTES_MAX], [0; ITEMS_BYTES_MAX]);
        found.get_mut(..items.len())?.copy_from_slice(items);
        let masked = masks.get_mut(..items.len())?;
        masked.fill(0xff);
        free(items.get(..items.len().checked_sub(decision)?)?, masked)?;
        let count = items.len().div_ceil(BLOCK_BYTES);
        let mut shape = Self { start, count, ..Self::default() };
        for (block, (masks, found)) in shape.blocks.iter_mut().zip(masks.as_chunks().0.iter().zip(found.as_chunks().0))
        {
            *block = Block::new(masks, found);
        }
        Some(shape)
    }
}

impl Block {
    fn new(masks: &[u8; BLOCK_BYTES], found: &[u8; BLOCK_BYTES]) -> Self {
        let masks = words(masks);
        let mut bits = words(found);
        bits.iter_mut().zip(masks).for_each(|(bits, mask)| *bits &= mask);
        Self { masks, bits }
    }

    /// The compared bits that differ.
    #[inline]
    fn differs(&self, found: &[u8; BLOCK_BYTES]) -> u64 {
        let expected = self.masks.iter().zip(self.bits);
        words(found).into_iter().zip(expected).fold(0, |wrong, (found, (mask, bits))| wrong | ((found & mask) ^ bits))
    }
}

#[inline]
fn words(bytes: &[u8; BLOCK_BYTES]) -> [u64; BLOCK_BYTES / 8] {
    let mut words = [0; BLOCK_BYTES / 8];
    let (eights, _) = bytes.as_chunks();
    words.iter_mut().zip(eights).for_each(|(word, eight)| *word = u64::from_le_bytes(*eight));
    words
}

/// Clears the mask bits that can differ without making the items invalid. `None` if these are not items, or other calls
/// are unlikely to look like this one.
fn free(items: &[u8], masks: &mut [u8]) -> Option<()> {
    let mut rest = items;
    while let Some(first) = rest.first() {
        let at = items.len() - rest.len();
        let (major, argument, after) = cbor::split_head(rest)?;
        let argument_at = items.len() - after.len();
        match major {
            // A number inside its head is one of sixteen, or one of eight, depending on this bit.
            major::UINT | major::NEGATIVE if argument_at == at + 1 => {
                *masks.get_mut(at)? = if first & 0x10 == 0 { 0xf0 } else { 0xf8 };
            }
            major::UINT | major::NEGATIVE => masks.get_mut(at + 1..argument_at)?.fill(0),
            major::BYTES | major::TEXT => {
                let (contents, behind) = after.split_at_checked(usize::try_from(argument).ok()?)?;
                // Any other ASCII is a valid text too. Other texts are rare, and seldom repeat with the same length.
                let mask = if major == major::BYTES { 0 } else { 0x80 };
                if major == major::TEXT && !contents.is_ascii() {
                    return None;
                }
                masks.get_mut(argument_at..argument_at + contents.len())?.fill(mask);
                rest = behind;
                continue;
            }
            // Heads of arrays, maps and tags, which say what follows; `false`, `true` and `null`.
            _ => {}
        }
        rest = after;
    }
    Some(())
}

/// Longer than any record, but small enough to be added up without overflow: the length of an integer that is not
/// handled here.
const NEVER: u32 = 1 << 28;

/// Length of an integer that begins with this byte, as a time or fuel, or [`NEVER`] if it is not handled here.
#[expect(clippy::indexing_slicing, reason = "computed when it is compiled, where a mistake is an error")]
static INTEGER_BYTES: [u32; 256] = {
    let mut lengths = [NEVER; 256];
    let mut first = 0;
    while first < 0x40 {
        match first & 0x1f {
            0..0x18 => lengths[first] = 1,
            0x18 => lengths[first] = 2,
            0x19 => lengths[first] = 3,
            0x1a => lengths[first] = 5,
            _ => {}
        }
        first += 1;
    }
    lengths
};

/// The fields before a call's items, and their length in bytes, if they are short.
#[inline]
fn split_start(bytes: &[u8], length: usize) -> Option<(Start, usize)> {
    let window: &[u8; START_BYTES] = bytes.first_chunk()?;
    let &[fields @ (0x87 | 0x88), kind::CALL, ..] = window else { return None };
    // A length of `NEVER` makes the sum too long, which is compared at the end.
    let function_at = 2 + integer_bytes(window, 2);
    let duration_at = function_at + 1 + integer_bytes(window, function_at + 1);
    let items_at = duration_at + integer_bytes(window, duration_at);
    let items = u32::try_from(length).ok()?.checked_sub(items_at)?;
    let (function @ 0..0x18, 0..0x20) = (byte(window, function_at), byte(window, duration_at)) else { return None };
    let start = u64::from(fields) | u64::from(function) << 8 | u64::from(items) << 16;
    Some((Start(start), usize::try_from(items_at).ok()?))
}

#[inline]
fn integer_bytes(window: &[u8; START_BYTES], at: u32) -> u32 {
    INTEGER_BYTES.get(usize::from(byte(window, at))).copied().unwrap_or(NEVER)
}

/// The byte at a position. In calls that are handled here, positions are below 32.
#[inline]
fn byte(window: &[u8; START_BYTES], at: u32) -> u8 {
    let [low, ..] = at.to_le_bytes();
    window.get(usize::from(low) % START_BYTES).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::plain::tests::tables;

    /// Calls with every kind of item.
    const CALLS: [&[u8]; 5] = [
        b"\x87\x04\x19\x09\xc4\x00\x1a\x00\x01\x11\x70\x19\x03\x84\x80\x82\x00\x1a\x49\x96\x02\xd2",
        b"\x88\x04\x38\x63\x01\x20\x00\x82\x18\x20\x67a/b-.md\x82\x01\xf6\x83\x00\x01\xf6",
        b"\x88\x04\x00\x01\x00\x00\x81\xa1\x61k\xf5\
          \xd9\xae\x39\x82\x58\x20a digest that has 32 bytes in it\x18\x20\x83\x02\x00\x01",
        b"\x87\x04\x00\x00\x00\x00\x84\x17\x20\x37\x0f\x44\xff\xfe\x00\x01",
        b"\x87\x04\x1a\x00\x00\x00\x01\x00\x3a\x00\x00\x00\x01\x1a\x00\x00\x00\x01\x80\
          \xd9\xae\x39\x83\x58\x20a digest that has 32 bytes in it\x18\x20\x19\x01\x00",
    ];

    /// A payload, and other frames behind it.
    fn in_buffer(payload: &[u8]) -> Vec<u8> {
        [payload, &[0x82; ITEMS_BYTES_MAX]].concat()
    }

    /// Shapes that know these calls.
    fn shapes(calls: &[&[u8]]) -> Shapes {
        let mut shapes = Shapes::new();
        for call in calls {
            assert!(shapes.is_plain_call(&tables(), &in_buffer(call), call.len()), "{call:x?}");
            assert!(shapes.knows(&in_buffer(call), call.len()).is_some(), "{call:x?}");
        }
        shapes
    }

    #[test]
    fn knows_calls_with_other_numbers_digests_and_letters() {
        let shapes = shapes(&CALLS);
        let others: [&[u8]; 4] = [
            b"\x87\x04\x03\x00\x38\xff\x01\x80\x82\x0f\x1a\xff\xff\xff\xff",
            b"\x88\x04\x00\x01\x20\x00\x82\x18\xff\x67\x00xxxxx\x7f\x82\x0a\xf6\x83\x00\x01\xf6",
            b"\x88\x04\x00\x01\x00\x00\x81\xa1\x61z\xf5\
              \xd9\xae\x39\x82\x58\x20\xff digest that has 32 bytes in it\x18\xff\x83\x02\x00\x01",
            b"\x87\x04\x00\x00\x00\x00\x84\x10\x2f\x30\x00\x44\x00\x00\x00\x00",
        ];
        for other in others {
            assert!(shapes.knows(&in_buffer(other), other.len()).is_some(), "{other:x?}");
            assert!(tables().check_call(other).is_ok(), "{other:x?}");
        }
    }

    #[test]
    fn knows_no_call_whose_items_have_other_heads() {
        let shapes = shapes(&CALLS);
        let others: [&[u8]; 7] = [
            // A text that is not ASCII, a label that another call did not name, a verdict.
            b"\x88\x04\x00\x01\x20\x00\x82\x18\x20\x67a/\xff-.md\x82\x01\xf6\x83\x00\x01\xf6",
            b"\x88\x04\x00\x01\x20\x00\x82\x18\x20\x67a/b-.md\x82\x01\xf6\x83\x00\x02\xf6",
            b"\x88\x04\x00\x01\x20\x00\x82\x18\x20\x67a/b-.md\x82\x01\xf6\x83\x03\x01\xf6",
            // Another function; a duration below zero; no end; more than there is.
            b"\x88\x04\x00\x00\x20\x00\x82\x18\x20\x67a/b-.md\x82\x01\xf6\x83\x00\x01\xf6",
            b"\x88\x04\x00\x01\x20\x20\x82\x18\x20\x67a/b-.md\x82\x01\xf6\x83\x00\x01\xf6",
            b"\x88\x04\x00\x01\x20\x00\x82\x18\x20\x67a/b-.md\x82\x01\xf6\x83\x00\x01",
            b"\x87\x04\x00\x00\x00\x00\x84\x17\x20\x37\x0f\x44\xff\xfe\x00\x01\x00",
        ];
        for other in others {
            assert!(shapes.knows(&in_buffer(other), other.len()).is_none(), "{other:x?}");
        }
    }

    #[test]
    fn remembers_no_text_beyond_ascii_and_nothing_long() {
        let long = [b"\x87\x04\x00\x00\x00\x00\x80\x58\x60".as_slice(), &[0; 0x60]].concat();
        for call in [b"\x87\x04\x00\x00\x00\x00\x81\x62\xc3\xa9\xf6".as_slice(), &long] {
            let mut shapes = Shapes::new();
            assert!(shapes.is_plain_call(&tables(), &in_buffer(call), call.len()), "{call:x?}");
            assert!(shapes.knows(&in_buffer(call), call.len()).is_none(), "{call:x?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16_384, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn takes_only_what_the_longer_way_takes(
            call in 0..CALLS.len(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            length in prop::option::weighted(0.2, any::<prop::sample::Index>()),
        ) {
            let mut shapes = shapes(&CALLS);
            let mut bytes = in_buffer(CALLS[call]);
            for (at, value) in changes {
                let at = at.index(CALLS[call].len());
                bytes[at] = value;
            }
            let length = length.map_or(CALLS[call].len(), |length| length.index(bytes.len()));
            let expected = tables().check_call(&bytes[..length]).is_ok();
            if shapes.knows(&bytes, length).is_some() {
                prop_assert!(expected);
            }
            // What was taken may have left a shape: nothing else is taken for it either.
            let taken = shapes.is_plain_call(&tables(), &bytes, length);
            prop_assert!(expected || !taken);
            for call in CALLS {
                prop_assert!(shapes.is_plain_call(&tables(), &in_buffer(call), call.len()));
            }
        }
    }
}
