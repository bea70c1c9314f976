//! Records as JSON: one object for each, as `journal show --format json` prints it.
//!
//! [`Record`] implements [`Serialize`]; no other place defines these objects. Members are in the order of their names,
//! so that the text is the same as that of a [`Value`]. The record's own object omits optional members without a value;
//! the objects inside it have `null`.

mod hex;
mod item;
mod lines;
mod parts;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::event::{Call, Event, Record};

use item::{Arguments, Item};
use lines::{
    AskedLine, BlobLine, CallLine, EndLine, FunctionLine, HeaderLine, IntentLine, LabelLine, NoteLine, OutcomeLine,
    SealLine, SettledLine,
};

impl Serialize for Record {
    /// A JSON object: `record`, `offset`, `event`, and the event's own fields.
    ///
    /// Arguments have the names of their parameters. Bytes become an object with `length` and `blake3`, and `text` or
    /// `base64` if they are in the record. Guest text is escaped as JSON requires; a terminal needs more.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.event {
            Event::Header(header) => HeaderLine::new(self, header).serialize(serializer),
            Event::Function { id, function } => FunctionLine::new(self, *id, function).serialize(serializer),
            Event::Label { id, text } => LabelLine::new(self, *id, text).serialize(serializer),
            Event::Blob(blob) => BlobLine::new(self, blob).serialize(serializer),
            Event::Call(call) => CallLine::new(self, call).serialize(serializer),
            Event::Intent(intent) => IntentLine::new(self, intent).serialize(serializer),
            Event::Outcome(outcome) => OutcomeLine::new(self, outcome).serialize(serializer),
            Event::ApprovalAsked(asked) => AskedLine::new(self, asked).serialize(serializer),
            Event::ApprovalSettled(settled) => SettledLine::new(self, settled).serialize(serializer),
            Event::Note(note) => NoteLine::new(self, note).serialize(serializer),
            Event::Seal(seal) => SealLine::new(self, seal).serialize(serializer),
            Event::End(end) => EndLine::new(self, end).serialize(serializer),
        }
    }
}

/// A record as a JSON object, which its [`Serialize`] describes.
#[must_use]
pub fn to_json(record: &Record) -> Value {
    value(record)
}

/// A call's arguments, as in the JSON of its record.
#[must_use]
pub fn arguments_to_json(call: &Call) -> Value {
    value(&Arguments(call))
}

/// One CBOR item of a record, as in the record's JSON.
#[must_use]
pub fn item_to_json(bytes: &[u8]) -> Value {
    value(&Item(bytes))
}

/// Serialises into memory, which does not fail: items are checked before, and every key is a text.
fn value(shown: &impl Serialize) -> Value {
    serde_json::to_value(shown).unwrap_or_default()
}
