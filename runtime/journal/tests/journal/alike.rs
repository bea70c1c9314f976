//! Runs of similar calls. Verifying takes a shortcut through them, and must judge them as a reader does.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use proptest::prelude::*;
use wasm_agent_journal::{CallEvent, Damage, Encoded, Keep, ReadError, Tampered, Verdict, Writer, verify};

use crate::support::{Frame, Memory, call, contents, decision, end, frames, header, open, options, rechecked};

/// A journal of calls of three functions in turns, each like the one of that function before.
fn journal() -> Vec<u8> {
    let store = Memory::default();
    let writer = Writer::create(store.clone(), &header(), options()).unwrap();
    let now = writer.intern("wasi:clocks/wall-clock#now", &[]).unwrap();
    let open = writer.intern("wasi:filesystem/types#[method]descriptor.open-at", &["self", "path"]).unwrap();
    let read = writer.intern("wasi:filesystem/types#[method]descriptor.read", &["self", "length"]).unwrap();
    let (allow, contents) = (decision(Verdict::Allow), contents(300));
    for number in 0..60 {
        let (mut arguments, mut outcome) = (Encoded::new(), Encoded::new());
        let function = match number % 3 {
            0 => {
                arguments.array(0);
                outcome.array(2).u64(0).u64(1_800_000_000 + number);
                now
            }
            1 => {
                arguments.array(2).u64(3).str("notes/2026/11/aa.txt");
                outcome.array(2).u64(number % 16).bool(true);
                open
            }
            _ => {
                arguments.array(2).u64(number % 16).u64(4096);
                outcome.map(1).str("ok").payload(contents.clone(), Keep::DigestOnly);
                read
            }
        };
        let decision = (function == open).then_some(&allow);
        let event =
            CallEvent { at_ns: number * 900, fuel: number * 700, decision, ..call(function, &arguments, &outcome) };
        writer.call(&event).unwrap();
    }
    writer.finish(&end()).unwrap();
    store.bytes()
}

/// What verifying says, and what reading to the end says: whole records, or what is wrong.
fn both(bytes: &[u8]) -> [Result<u64, String>; 2] {
    let verified = verify(Cursor::new(bytes)).map(|verified| verified.records);
    let read = || {
        let mut reader = open(bytes)?;
        let mut records = 0;
        while reader.next()?.is_some() {
            records += 1;
        }
        Ok::<u64, ReadError>(records)
    };
    [verified, read()].map(|result| result.map_err(told))
}

/// An error's text, but for a record that is none: verifying and reading find that out in other words.
fn told(error: ReadError) -> String {
    match error {
        ReadError::Tampered(Tampered { record, offset, damage: Damage::Malformed { .. } }) => {
            format!("record {record} at offset {offset} is not a record")
        }
        other => other.to_string(),
    }
}

#[test]
fn a_run_of_calls_that_are_alike_verifies() {
    let bytes = journal();
    let records = u64::try_from(frames(&bytes).len()).unwrap();
    assert_eq!(both(&bytes), [Ok(records), Ok(records)]);
}

#[test]
fn any_byte_changed_with_its_check_made_to_fit_is_judged_as_by_a_reader() {
    let bytes = journal();
    let frames = frames(&bytes);
    let payloads: Vec<&[u8]> = frames.iter().map(|frame| frame.payload(&bytes)).collect();
    // Three calls that others like them stand before, and behind.
    for position in 40..43 {
        let before = &bytes[..frames[position].start];
        for at in 0..payloads[position].len() {
            for value in [0x00, 0x17, 0x18, 0x1a, 0x1b, 0x20, 0x3b, 0x40, 0x61, 0x80, 0x83, 0x98, 0xc1, 0xf6, 0xff] {
                let mut payload = payloads[position].to_vec();
                payload[at] = value;
                let behind: Vec<&[u8]> =
                    [payload.as_slice()].into_iter().chain(payloads[position + 1..].iter().copied()).collect();
                let changed = [before, &rechecked(before, &behind)].concat();
                let [verified, read] = both(&changed);
                assert_eq!(verified, read, "byte {at} of record {position} to {value:#x}");
            }
        }
    }
}

/// A journal to which more was written after it was opened.
struct Grown<'a> {
    bytes: Cursor<&'a [u8]>,
    length: u64,
}

impl Read for Grown<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buffer)
    }
}

impl Seek for Grown<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::End(0) => Ok(self.length),
            other => self.bytes.seek(other),
        }
    }
}

#[test]
fn what_is_written_while_it_is_verified_is_not_counted() {
    let bytes = journal();
    let frames = frames(&bytes);
    let length = u64::try_from(frames[30].start).unwrap();
    let verified = verify(Grown { bytes: Cursor::new(&bytes), length }).unwrap();
    assert_eq!((verified.records, verified.bytes), (30, length));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_changed_is_judged_as_by_a_reader(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        fit in any::<bool>(),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut bytes = journal();
        let frames: Vec<Frame> = frames(&bytes);
        for (at, value) in changes {
            let payload = &frames[at.index(frames.len())];
            let place = at.index(payload.end - payload.start);
            // Lengths stay where the checks are made to fit: frames are found by them.
            if !fit || place >= 8 {
                bytes[payload.start + place] = value;
            }
        }
        if fit {
            let payloads: Vec<&[u8]> = frames.iter().map(|frame| frame.payload(&bytes)).collect();
            bytes = [&bytes[..8], &rechecked(&bytes[..8], &payloads)].concat();
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let [verified, read] = both(&bytes);
        prop_assert_eq!(verified, read);
    }
}
