//! Reading recorded arguments and outcomes without knowing their functions.
//!
//! The journal's reader has checked that they are items of the format. Unexpected items are skipped.

use minicbor::Decoder;
use minicbor::data::Type;
use wasm_agent_journal::PayloadRef;

/// Length of all contents in an item, in bytes: those inside it, and those that it refers to.
pub(crate) fn payload_bytes(item: &[u8]) -> u64 {
    let mut decoder = Decoder::new(item);
    let mut bytes = 0_u64;
    // Reading the head of an array or map leaves its items to be read one by one.
    while decoder.position() < item.len() {
        let passed = match decoder.datatype() {
            Ok(Type::Bytes | Type::Tag) => decoder.decode::<PayloadRef<'_>>().map(|payload| {
                bytes = bytes.saturating_add(payload.length());
            }),
            Ok(Type::Array) => decoder.array().map(drop),
            Ok(Type::Map) => decoder.map().map(drop),
            Ok(_) => decoder.skip(),
            Err(error) => Err(error),
        };
        if passed.is_err() {
            break;
        }
    }
    bytes
}

/// How a call returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Returned<'a> {
    /// A value, as one item.
    Value(&'a [u8]),
    /// An error that the guest handles, as one item.
    Error(&'a [u8]),
    /// The end of a stream, which is recorded as an error.
    Closed,
    /// A trap, which ended the guest.
    Trap(&'a str),
    /// Nothing that this release of the host writes.
    Unknown,
}

/// Reads an outcome: `[0, value]`, `[1, error]` or `[2, text]`; `[1, null]` is the end of a stream.
pub(crate) fn returned(outcome: &[u8]) -> Returned<'_> {
    let mut decoder = Decoder::new(outcome);
    let (Ok(Some(2)), Ok(which)) = (decoder.array(), decoder.u64()) else { return Returned::Unknown };
    let rest = outcome.get(decoder.position()..).unwrap_or_default();
    match which {
        0 => Returned::Value(rest),
        1 if rest == [0xf6] => Returned::Closed,
        1 => Returned::Error(rest),
        2 => decoder.str().map_or(Returned::Unknown, Returned::Trap),
        _ => Returned::Unknown,
    }
}

/// The name of an error: a text, or the name of a variant's case.
pub(crate) fn error_name(item: &[u8]) -> Option<&str> {
    let mut decoder = Decoder::new(item);
    if decoder.datatype().ok()? == Type::Array {
        decoder.array().ok()?;
    }
    decoder.str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_agent_journal::{Encoded, Keep};

    #[test]
    fn contents_are_counted_wherever_they_stand() {
        let mut item = Encoded::new();
        item.array(3).u64(7).map(1).str("a").payload(vec![1; 20], Keep::Contents).array(2).null();
        item.payload(vec![2; 5000], Keep::DigestOnly);
        assert_eq!(payload_bytes(&item.to_record()), 5020);
        assert_eq!(payload_bytes(&[0x82, 0x41]), 0);
    }

    #[test]
    fn outcomes_are_values_errors_or_traps() {
        let record = |which: u64| {
            let mut item = Encoded::new();
            item.array(2).u64(which).str("x");
            item.to_record()
        };
        assert_eq!(returned(&record(0)), Returned::Value(b"\x61x"));
        assert_eq!(returned(&record(1)), Returned::Error(b"\x61x"));
        assert_eq!(returned(&record(2)), Returned::Trap("x"));
        assert_eq!(returned(&record(3)), Returned::Unknown);
        assert_eq!(returned(b"\x82\x01\xf6"), Returned::Closed);
        assert_eq!(returned(b"\x80"), Returned::Unknown);
        assert_eq!(error_name(b"\x61x"), Some("x"));
        assert_eq!(error_name(b"\x82\x61x\x01"), Some("x"));
        assert_eq!(error_name(b"\x01"), None);
    }
}
