//! Journals that were changed: the first wrong record is named.

use std::io::Cursor;

use wasm_agent_journal::{BlobProblem, Damage, Event, ReadError, Tampered, verify};

use crate::support::{frames, open, rechecked, records, sample};

fn tampered(bytes: &[u8]) -> Option<Tampered> {
    match verify(Cursor::new(bytes)) {
        Err(ReadError::Tampered(tampered)) => Some(tampered),
        Err(other) => unreachable!("expected a changed record, found: {other}"),
        Ok(verified) => {
            // A change that looks like a cut is at least not taken for a whole journal.
            assert!(!verified.complete);
            assert!(verified.tail.is_none_or(|tail| tail.records == 0 || tail.torn_bytes > 0));
            None
        }
    }
}

fn index(position: usize) -> u64 {
    u64::try_from(position).unwrap()
}

#[test]
fn names_what_a_changed_magic_looks_like() {
    let bytes = sample();
    for at in 0..8 {
        let mut changed = bytes.clone();
        changed[at] ^= 0xff;
        assert!(matches!(verify(Cursor::new(changed)), Err(ReadError::NotAJournal { .. })));
    }
    let error = verify(Cursor::new(b"\x7fELF\x02\x01\x01\x00rest")).unwrap_err();
    assert_eq!(error.to_string(), r"not a journal: it begins with `\x7fELF\x02\x01\x01\x00`, expected `WAJOURN1`");
    assert!(matches!(verify(Cursor::new(b"")), Err(ReadError::NotAJournal { .. })));
}

#[test]
fn names_whatever_stands_after_the_end() {
    let bytes = sample();
    let frames = frames(&bytes);
    for more in [vec![0], b"more".to_vec(), vec![0; 4096], rechecked(&bytes, &[frames[5].payload(&bytes)])] {
        let mut longer = bytes.clone();
        longer.extend_from_slice(&more);
        let found = tampered(&longer).expect("bytes after the end are a change");
        assert_eq!((found.record, found.damage), (index(frames.len()), Damage::AfterEnd));
    }
}

#[test]
fn finds_changes_under_checks_made_to_fit() {
    let bytes = sample();
    let frames = frames(&bytes);
    for position in 0..frames.len() {
        let is_blob = frames[position].kind(&bytes) == 3;
        let mut payloads: Vec<Vec<u8>> = frames.iter().map(|frame| frame.payload(&bytes).to_vec()).collect();
        // A byte in the middle of a digest, a text or a number: nothing that fails to decode.
        let at = if is_blob { 10 } else { payloads[position].len() / 2 };
        payloads[position][at] ^= 0x01;
        let slices: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
        let mut changed = bytes[..8].to_vec();
        changed.extend(rechecked(&bytes[..8], &slices));
        match verify(Cursor::new(changed)) {
            Err(ReadError::Tampered(Tampered { record, damage: Damage::Seal { records }, .. })) => {
                assert!((record..=record + records).contains(&index(position)));
            }
            Err(ReadError::Tampered(found)) => assert_eq!(found.record, index(position)),
            other => panic!("record {position} was changed, found {other:?}"),
        }
    }
}

#[test]
fn finds_changed_contents_of_a_blob() {
    let mut bytes = sample();
    let blob = records(&bytes).unwrap().into_iter().find_map(|record| match record.event {
        Event::Blob(blob) => Some(blob),
        _ => None,
    });
    let blob = blob.unwrap();
    let frame = frames(&bytes).into_iter().position(|frame| frame.start == usize::try_from(blob.offset).unwrap());
    let end = frames(&bytes)[frame.unwrap()].end;
    bytes[end - 1] ^= 1;
    let found = tampered(&bytes).unwrap();
    assert_eq!((found.offset, found.damage), (blob.offset, Damage::Contents));
    let mut reader = open(&bytes).unwrap();
    assert!(matches!(reader.blob(&blob), Err(ReadError::Blob { problem: BlobProblem::Damaged, .. })));
}

#[test]
fn refuses_references_to_anything_but_their_blob() {
    let bytes = sample();
    let mut reader = open(&bytes).unwrap();
    let mut found = 0;
    while let Some(record) = reader.next().unwrap() {
        let Event::Blob(blob) = record.event else { continue };
        let mut elsewhere = blob;
        elsewhere.offset = 8;
        assert!(matches!(reader.blob(&elsewhere), Err(ReadError::Blob { problem: BlobProblem::Other, .. })));
        elsewhere.offset = u64::MAX;
        assert!(reader.blob(&elsewhere).is_err());
        let mut longer = blob;
        longer.length = 1 << 40;
        assert!(matches!(reader.blob(&longer), Err(ReadError::Blob { problem: BlobProblem::Other, .. })));
        found += 1;
    }
    assert_eq!(found, 1);
}
