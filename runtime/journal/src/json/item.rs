//! CBOR items as JSON.

use std::cell::Cell;
use std::collections::BTreeMap;

use data_encoding::BASE64;
use minicbor::Decoder;
use serde::ser::{Error as _, SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use serde_json::Value;
use wasm_agent_cbor::major::{ARRAY, BYTES, MAP, NEGATIVE, TAG, TEXT, UINT};
use wasm_agent_cbor::{NULL, split_head, wide};

use super::hex::HexText;
use crate::event::Call;
use crate::item::{is_item, split_item};
use crate::payload::PayloadRef;

/// Most items of one argument list, outcome, action or extra that become JSON, itself included.
///
/// An item of one byte takes hundreds of bytes as JSON in memory, and a record has room for 16 million. No host writes
/// that many.
const ITEMS_SHOWN_MAX: usize = 1 << 16;

/// One CBOR item of a record.
pub(super) struct Item<'a>(pub(super) &'a [u8]);

impl<'a> Item<'a> {
    /// The item, unless it is `null`: a record's object has no member for it then.
    pub(super) fn unless_null(bytes: &'a [u8]) -> Option<Self> {
        (bytes != [NULL]).then_some(Self(bytes))
    }
}

/// The arguments of a call: by parameter if there are as many arguments as parameters, and otherwise the item as it is.
pub(super) struct Arguments<'a>(pub(super) &'a Call);

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let problem = match check(self.0) {
            Ok(()) => return Next::of(self.0).serialize(serializer),
            Err(problem) => problem,
        };
        let mut object = serializer.serialize_map(Some(1))?;
        match problem {
            Problem::TooMany => object.serialize_entry("items_over", &ITEMS_SHOWN_MAX)?,
            Problem::Unreadable => object.serialize_entry("unreadable", "not one item of this format")?,
        }
        object.end()
    }
}

impl Serialize for Arguments<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Call { function, arguments, .. } = self.0;
        let Some(arguments) = named(&function.parameters, arguments) else {
            return Item(arguments).serialize(serializer);
        };
        serializer.collect_map(arguments.iter().map(|(name, item)| (name, Next::of(item))))
    }
}

/// Arguments by parameter, if they are an array of as many. Of two parameters with one name the last counts.
fn named<'a>(parameters: &'a [String], arguments: &'a [u8]) -> Option<BTreeMap<&'a str, &'a [u8]>> {
    check(arguments).ok()?;
    let (ARRAY, count, mut rest) = split_head(arguments)? else { return None };
    if count != wide(parameters.len()) {
        return None;
    }
    let mut named = BTreeMap::new();
    for parameter in parameters {
        let (item, after) = split_item(rest)?;
        named.insert(parameter.as_str(), item);
        rest = after;
    }
    Some(named)
}

/// Why an item is not shown.
enum Problem {
    TooMany,
    Unreadable,
}

/// Checks that bytes are one item with few enough items inside. A reader has checked the first already.
fn check(bytes: &[u8]) -> Result<(), Problem> {
    if !is_item(bytes) {
        return Err(Problem::Unreadable);
    }
    // No item takes less than a byte.
    if bytes.len() <= ITEMS_SHOWN_MAX {
        return Ok(());
    }
    match count(bytes) {
        Some(items) if items <= ITEMS_SHOWN_MAX => Ok(()),
        _ => Err(Problem::TooMany),
    }
}

/// How many items `rest` has, counted up to one more than are shown. A payload reference is one item.
fn count(mut rest: &[u8]) -> Option<usize> {
    let mut items = 0;
    while !rest.is_empty() && items <= ITEMS_SHOWN_MAX {
        items += 1;
        rest = match split_head(rest)? {
            (ARRAY | MAP, _, inside) => inside,
            _ => split_item(rest)?.1,
        };
    }
    Some(items)
}

/// The first item of the bytes in the cell. Serialising moves the cell on to the next item. The bytes were checked
/// before.
struct Next<'a>(Cell<&'a [u8]>);

impl<'a> Next<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self(Cell::new(bytes))
    }

    /// Takes the item's head, and the contents of a string.
    fn take(&self) -> Option<(u8, u64, &'a [u8])> {
        let (major, argument, rest) = split_head(self.0.get())?;
        let (contents, rest) = match major {
            TEXT => rest.split_at_checked(usize::try_from(argument).ok()?)?,
            _ => rest.split_at_checked(0)?,
        };
        self.0.set(rest);
        Some((major, argument, contents))
    }

    /// Takes a payload: a byte string, or a reference.
    fn take_payload(&self) -> Option<PayloadRef<'a>> {
        let bytes = self.0.get();
        let mut decoder = Decoder::new(bytes);
        let payload = decoder.decode().ok()?;
        self.0.set(bytes.get(decoder.position()..)?);
        Some(payload)
    }

    /// Takes the entries of a map, in the order of their keys as texts. Of two equal keys the last counts.
    fn take_entries(&self, count: u64) -> Option<BTreeMap<String, &'a [u8]>> {
        let mut entries = BTreeMap::new();
        for _ in 0..count {
            let (key, rest) = split_item(self.0.get())?;
            let (value, rest) = split_item(rest)?;
            entries.insert(key_text(key)?, value);
            self.0.set(rest);
        }
        Some(entries)
    }
}

/// A map's key: its text, or the JSON of anything else.
fn key_text(key: &[u8]) -> Option<String> {
    match serde_json::to_value(Next::of(key)).ok()? {
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

impl Serialize for Next<'_> {
    /// Recursion ends at `DEPTH_MAX`, which the check before enforces.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let broken = || S::Error::custom("not an item of this format");
        if matches!(split_head(self.0.get()), Some((BYTES | TAG, ..))) {
            return Payload(self.take_payload().ok_or_else(broken)?).serialize(serializer);
        }
        match self.take().ok_or_else(broken)? {
            (UINT, value, _) => serializer.serialize_u64(value),
            (NEGATIVE, value, _) => match i64::try_from(value) {
                Ok(value) => serializer.serialize_i64(!value),
                // Below the range of 64 bits: as decimal text.
                Err(_) => serializer.collect_str(&(-1 - i128::from(value))),
            },
            (TEXT, _, contents) => serializer.serialize_str(std::str::from_utf8(contents).map_err(S::Error::custom)?),
            (ARRAY, count, _) => {
                let mut array = serializer.serialize_seq(usize::try_from(count).ok())?;
                for _ in 0..count {
                    array.serialize_element(self)?;
                }
                array.end()
            }
            (MAP, count, _) => {
                let entries = self.take_entries(count).ok_or_else(broken)?;
                serializer.collect_map(entries.iter().map(|(key, value)| (key, Next::of(value))))
            }
            (_, 20, _) => serializer.serialize_bool(false),
            (_, 21, _) => serializer.serialize_bool(true),
            _ => serializer.serialize_unit(),
        }
    }
}

/// A payload: its length and digest, and its contents if they are in the record.
struct Payload<'a>(PayloadRef<'a>);

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = match &self.0 {
            PayloadRef::Inline(contents) => std::str::from_utf8(contents).ok(),
            PayloadRef::Stored(_) | PayloadRef::DigestOnly { .. } => None,
        };
        let mut object = serializer.serialize_map(None)?;
        if let (PayloadRef::Inline(contents), None) = (&self.0, text) {
            object.serialize_entry("base64", &BASE64.encode(contents))?;
        }
        object.serialize_entry("blake3", &HexText(&self.0.digest()))?;
        object.serialize_entry("length", &self.0.length())?;
        if let PayloadRef::Stored(blob) = &self.0 {
            object.serialize_entry("stored_at", &blob.offset)?;
        }
        if let Some(text) = text {
            object.serialize_entry("text", text)?;
        }
        object.end()
    }
}
