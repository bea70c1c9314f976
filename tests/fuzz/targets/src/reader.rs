//! Reading journals, and whether reading and verifying say the same.

use std::io::Cursor;
use std::mem::discriminant;

use serde_json::Value;
use wasm_agent_journal::{BlobRef, Damage, Event, ReadError, Reader, Tail, Tampered, to_json, verify};

use crate::forge;

/// Reads, shows and verifies whatever bytes there are.
///
/// # Panics
///
/// Where reading and verifying disagree.
pub fn reader(data: &[u8]) {
    compare(&read(data), data);
}

/// The same for a journal whose checks and seals are made to fit first, so that its records are looked at.
///
/// # Panics
///
/// As [`reader`].
pub fn forged(data: &[u8]) {
    reader(&forge::refitted(data));
}

/// What came of reading a journal to its end.
struct Read {
    records: u64,
    complete: bool,
    tail: Option<Tail>,
    blobs: Vec<u64>,
    error: Option<ReadError>,
}

fn read(data: &[u8]) -> Read {
    let mut read = Read { records: 0, complete: false, tail: None, blobs: Vec::new(), error: None };
    let mut reader = match Reader::open(Cursor::new(data)) {
        Ok(reader) => reader,
        Err(error) => return Read { error: Some(error), ..read },
    };
    loop {
        match reader.next() {
            Ok(Some(record)) => {
                assert_eq!(record.index, read.records);
                if matches!(record.event, Event::Blob(_)) {
                    read.blobs.push(record.index);
                }
                let shown = to_json(&record);
                assert_eq!(shown["record"], read.records);
                assert!(shown["event"].is_string());
                fetch(&mut reader, &shown);
                read.records += 1;
            }
            Ok(None) => break,
            Err(error) => {
                read.error = Some(error);
                break;
            }
        }
    }
    // Once it has ended, it stays so.
    if read.error.is_none() {
        assert!(matches!(reader.next(), Ok(None)));
    }
    Read { complete: reader.is_complete(), tail: reader.tail(), ..read }
}

/// Fetches the blobs that a record refers to, as far as they are there.
fn fetch(reader: &mut Reader<Cursor<&[u8]>>, shown: &Value) {
    match shown {
        Value::Object(members) => {
            if let (Some(offset), Some(length), Some(digest)) =
                (shown["stored_at"].as_u64(), shown["length"].as_u64(), shown["blake3"].as_str())
                && let Ok(digest) = blake3::Hash::from_hex(digest)
            {
                let blob = BlobRef { digest: *digest.as_bytes(), length, offset };
                if let Ok(contents) = reader.blob(&blob) {
                    assert_eq!(blake3::hash(&contents), digest);
                    assert_eq!(u64::try_from(contents.len()).unwrap(), length);
                }
            }
            members.values().for_each(|member| fetch(reader, member));
        }
        Value::Array(items) => items.iter().for_each(|item| fetch(reader, item)),
        _ => {}
    }
}

/// Compares what came of reading with what verifying says.
fn compare(read: &Read, data: &[u8]) {
    match (verify(Cursor::new(data)), &read.error) {
        (Ok(verified), None) => {
            assert_eq!(verified.bytes, u64::try_from(data.len()).unwrap());
            assert!(verified.sealed_records <= verified.records);
            assert_eq!(verified.complete, verified.complete && verified.tail.is_none());
            // Only verifying looks at contents: one that was being written ends the file for it.
            if !read.blobs.contains(&verified.records) {
                assert_eq!(verified.records, read.records);
                assert_eq!(verified.complete, read.complete);
                assert_eq!(verified.tail, read.tail);
            }
        }
        (Err(ReadError::Tampered(Tampered { damage: Damage::Contents | Damage::Signature { .. }, record, .. })), _) => {
            assert!(record <= read.records);
        }
        // They may find different words for a record that is none, but not different records.
        (Err(ReadError::Tampered(verified)), Some(ReadError::Tampered(read))) => {
            assert_eq!((verified.record, verified.offset), (read.record, read.offset), "{verified} / {read}");
            assert_eq!(discriminant(&verified.damage), discriminant(&read.damage), "{verified} / {read}");
        }
        (Err(verified), Some(read)) => assert_eq!(verified.to_string(), read.to_string()),
        (verified, read) => panic!("verifying says {verified:?}, reading {read:?}"),
    }
}
