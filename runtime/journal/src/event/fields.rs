//! Reading the fields of a record: arrays of a known length, maps with text keys, names of variants.

use minicbor::data::Type;
use minicbor::{Decoder, decode};

/// Most items of a list in a record: arguments, environment, limits. A frame has room for more, but each takes memory.
const ITEMS_MAX: u64 = 1 << 20;

/// Defines an enum whose variants have stable names in the journal.
macro_rules! named {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every variant, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The variant's stable name, as it stands in the journal.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}
pub(super) use named;

/// Reads a variant by its name.
pub(super) fn variant<T: Copy>(
    decoder: &mut Decoder<'_>,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, decode::Error> {
    let position = decoder.position();
    let text = decoder.str()?;
    let found = all.iter().copied().find(|candidate| name(*candidate) == text);
    found.ok_or_else(|| decode::Error::message("name of no variant").at(position))
}

/// Reads the head of an array that must have `length` items.
pub(super) fn expect_array(decoder: &mut Decoder<'_>, length: u64) -> Result<(), decode::Error> {
    let position = decoder.position();
    match decoder.array()? {
        Some(found) if found == length => Ok(()),
        _ => Err(decode::Error::message("array has another length than the format says").at(position)),
    }
}

/// Reads an array, item by item.
pub(super) fn items<'b, T>(
    decoder: &mut Decoder<'b>,
    mut item: impl FnMut(&mut Decoder<'b>) -> Result<T, decode::Error>,
) -> Result<Vec<T>, decode::Error> {
    let position = decoder.position();
    let length = decoder.array()?.ok_or_else(|| decode::Error::message("array without a length").at(position))?;
    if length > ITEMS_MAX {
        return Err(decode::Error::message("array has too many items").at(position));
    }
    // No capacity from `length`, which is only a claim until the items are read.
    let mut found = Vec::new();
    for _ in 0..length {
        found.push(item(decoder)?);
    }
    Ok(found)
}

/// Reads a text or `null`.
pub(super) fn optional_text(decoder: &mut Decoder<'_>) -> Result<Option<String>, decode::Error> {
    if decoder.datatype()? == Type::Null {
        decoder.null()?;
        return Ok(None);
    }
    decoder.str().map(|text| Some(text.to_owned()))
}

/// The fields of a map, by name. Ignores unknown names, which later writers may add.
pub(super) struct Map<'b> {
    entries: Vec<(&'b str, Decoder<'b>)>,
}

/// Most entries of one map, far more than any record has, so that a hostile journal can't make lookups slow.
const ENTRIES_MAX: u64 = 64;

impl<'b> Map<'b> {
    pub(super) fn read(decoder: &mut Decoder<'b>) -> Result<Self, decode::Error> {
        let position = decoder.position();
        let length = match decoder.map()? {
            Some(length) if length <= ENTRIES_MAX => length,
            _ => return Err(decode::Error::message("map has no length or too many entries").at(position)),
        };
        let mut entries = Vec::new();
        for _ in 0..length {
            let key = decoder.str()?;
            entries.push((key, decoder.clone()));
            decoder.skip()?;
        }
        Ok(Self { entries })
    }

    /// Reads a field that must be there.
    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Decoder<'b>) -> Result<T, decode::Error>,
    ) -> Result<T, decode::Error> {
        self.optional(name, read)?.ok_or_else(|| decode::Error::message(format!("field `{name}` is missing")))
    }

    /// Reads a field that may be absent.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Decoder<'b>) -> Result<T, decode::Error>,
    ) -> Result<Option<T>, decode::Error> {
        let entry = self.entries.iter_mut().find(|(key, _)| *key == name);
        entry.map(|(_, value)| read(value)).transpose()
    }

    pub(super) fn text(&mut self, name: &'static str) -> Result<String, decode::Error> {
        self.required(name, |value| value.str().map(str::to_owned))
    }

    pub(super) fn uint(&mut self, name: &'static str) -> Result<u64, decode::Error> {
        self.required(name, Decoder::u64)
    }
}
