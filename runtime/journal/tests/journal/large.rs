//! Contents that are written without being copied, many in one write.

use std::fs::File;
use std::io::Cursor;

use minicbor::Decoder;
use wasm_agent_journal::{
    Encoded, Event, JournalError, JournalStore, Keep, PayloadRef, ReadError, Summary, Writer, recover, verify,
};

use crate::support::{Memory, Taken, call, end, header, open, options, records};

/// Lengths on both sides of every bound: in place, copied, shared, gathered, more than is gathered.
const LENGTHS: [usize; 12] = [
    300,
    (16 << 10) - 1,
    16 << 10,
    64 << 10,
    64 << 10,
    40_000,
    255,
    3 << 20,
    (1 << 20) - 1,
    (64 << 10) + 1,
    2 << 20,
    20_000,
];

/// Contents of which no two are equal.
fn contents(number: usize, length: usize) -> Vec<u8> {
    let mut contents = vec![0; length];
    blake3::Hasher::new().update(&number.to_le_bytes()).finalize_xof().fill(&mut contents);
    contents
}

/// Writes calls of which each has contents that are kept, and every other one also such that are not.
fn write(store: impl JournalStore + 'static) -> Result<Summary, JournalError> {
    let writer = Writer::create(store, &header(), options())?;
    let function = writer.intern("a#b", &["given"])?;
    for (number, length) in LENGTHS.into_iter().enumerate() {
        let mut arguments = Encoded::new();
        arguments.array(1);
        if number % 2 == 0 {
            arguments.payload(contents(number + LENGTHS.len(), length), Keep::DigestOnly);
        } else {
            arguments.null();
        }
        let mut outcome = Encoded::new();
        outcome.payload(contents(number, length), Keep::Contents);
        writer.call(&call(function, &arguments, &outcome))?;
    }
    writer.finish(&end())
}

#[test]
fn contents_of_every_length_come_back() {
    let store = Memory::default();
    let summary = write(store.clone()).unwrap();
    let bytes = store.bytes();
    assert_eq!(summary.bytes, u64::try_from(bytes.len()).unwrap());
    assert!(verify(Cursor::new(bytes.as_slice())).unwrap().complete);
    let mut reader = open(&bytes).unwrap();
    let mut found = 0;
    while let Some(record) = reader.next().unwrap() {
        let Event::Call(call) = record.event else { continue };
        let payload: PayloadRef<'_> = Decoder::new(&call.outcome).decode().unwrap();
        assert_eq!(reader.payload(&payload).unwrap(), Some(contents(found, LENGTHS[found])));
        found += 1;
    }
    assert_eq!(found, LENGTHS.len());
}

#[test]
fn a_file_has_the_same_bytes_as_a_store_that_takes_parts_one_by_one() {
    let store = Memory::default();
    write(store.clone()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    write(File::create(file.path()).unwrap()).unwrap();
    assert!(*store.bytes() == std::fs::read(file.path()).unwrap());
}

/// A journal of calls with several contents each, those handed over or copied, and the items.
fn several(is_copied: bool) -> (Vec<u8>, Vec<Encoded>) {
    let store = Memory::default();
    let writer = Writer::create(store.clone(), &header(), options()).unwrap();
    let function = writer.intern("a#b", &["given"]).unwrap();
    let mut items = Vec::new();
    let (mut arguments, mut outcome) = (Encoded::new(), Encoded::new());
    for (number, middle) in LENGTHS.into_iter().enumerate() {
        for (item, keep) in [(&mut arguments, Keep::DigestOnly), (&mut outcome, Keep::Contents)] {
            item.clear();
            item.array(4).u64(7);
            for length in [256, middle, 8000] {
                let contents = contents(number, length);
                let _ = if is_copied { item.payload_copy(&contents, keep) } else { item.payload(contents, keep) };
            }
        }
        writer.call(&call(function, &arguments, &outcome)).unwrap();
        items.push(outcome.clone());
    }
    writer.finish(&end()).unwrap();
    let bytes = store.bytes();
    (bytes, items)
}

#[test]
fn contents_that_are_copied_make_the_same_journal() {
    let (shared, _) = several(false);
    let (copied, items) = several(true);
    assert!(shared == copied);
    let mut reader = open(&copied).unwrap();
    let mut items = items.iter();
    while let Some(record) = reader.next().unwrap() {
        let Event::Call(call) = record.event else { continue };
        let item = items.next().unwrap();
        assert!(item.matches(&call.outcome) && item.matches(&item.to_record()) && item.matches(&item.to_inline()));
        let mut other = item.clone();
        other.clear();
        other.array(4).u64(7).payload_copy(&[0; 256], Keep::Contents).null().null();
        assert!(!other.matches(&call.outcome));
    }
    assert!(items.next().is_none());
}

#[test]
fn a_failed_part_ends_the_journal_and_leaves_what_came_before() {
    let sound = Memory::default();
    write(sound.clone()).unwrap();
    for operation in 0..sound.operations() {
        let store = Memory::failing_at(operation, Taken::Half);
        let written = write(store.clone());
        let bytes = store.bytes();
        assert!(sound.bytes().starts_with(&bytes), "operation {operation}");
        // How records come together in writes is a matter of time: there may be fewer this time.
        if store.operations() <= operation {
            continue;
        }
        assert!(matches!(written, Err(JournalError::Write { .. })), "operation {operation}");
        match verify(Cursor::new(bytes.as_slice())) {
            Ok(verified) => assert!(!verified.complete, "operation {operation}"),
            Err(error) => assert!(matches!(error, ReadError::NoHeader { .. }), "operation {operation}: {error}"),
        }
    }
}

/// Contents of two bytes that come again and again, which are read where the bytes before them stood.
#[test]
fn contents_that_look_like_records_are_not_taken_for_any() {
    // How an end, a call, a seal and a blob begin.
    for start in [[0x83, 11], [0x87, 4], [0x84, 10], [0x83, 3]] {
        let store = Memory::default();
        let writer = Writer::create(store.clone(), &header(), options()).unwrap();
        let function = writer.intern("a#b", &[]).unwrap();
        let mut digests = Vec::new();
        let mut arguments = Encoded::new();
        arguments.array(0);
        for length in (300_001..).step_by(131_071).take(8) {
            // Where in the reader's memory they end up is a matter of chance: both halves stand at even places once.
            for swapped in [false, true] {
                let mut contents: Vec<u8> = start.into_iter().cycle().skip(usize::from(swapped)).take(length).collect();
                contents.push(0);
                digests.push(*blake3::hash(&contents).as_bytes());
                let mut outcome = Encoded::new();
                outcome.payload(contents, Keep::Contents);
                writer.call(&call(function, &arguments, &outcome)).unwrap();
            }
        }
        writer.finish(&end()).unwrap();
        let bytes = store.bytes();
        let verified = verify(Cursor::new(bytes.as_slice())).unwrap_or_else(|error| panic!("{start:?}: {error}"));
        assert!(verified.complete, "{start:?}");
        let found = records(&bytes).unwrap().into_iter().filter_map(|record| match record.event {
            Event::Blob(blob) => Some(blob.digest),
            _ => None,
        });
        assert!(found.eq(digests), "{start:?}");
        // Cut before its end, and made whole again: every blob is copied.
        let cut = &bytes[..bytes.len() - 1];
        let copy = Memory::default();
        recover(Cursor::new(cut), copy.clone(), None).unwrap_or_else(|error| panic!("{start:?}: {error}"));
        assert!(verify(Cursor::new(copy.bytes().as_slice())).is_ok(), "{start:?}");
    }
}
