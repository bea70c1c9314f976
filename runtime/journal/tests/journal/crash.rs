//! Journals that end early: what is whole is read, what is not is reported, and nothing is called a change.

use std::io::Cursor;

use wasm_agent_journal::{EffectId, ReadError, Tail, Verification, verify};

use crate::support::{Frame, Memory, frames, header, intent, open, options, records, sample};
use wasm_agent_journal::Writer;

fn verified(bytes: &[u8]) -> Result<Verification, ReadError> {
    verify(Cursor::new(bytes))
}

/// Frames that are whole in the first `length` bytes.
fn whole(frames: &[Frame], length: usize) -> usize {
    frames.iter().filter(|frame| frame.end <= length).count()
}

#[test]
fn reads_every_prefix_to_its_last_whole_record() {
    let bytes = sample();
    let frames = frames(&bytes);
    let all = records(&bytes).unwrap();
    for length in frames[0].end..bytes.len() {
        let whole = whole(&frames, length);
        assert_eq!(records(&bytes[..length]).unwrap(), all[..whole], "cut at {length}");
        let verified = verified(&bytes[..length]).unwrap();
        assert!(!verified.complete, "cut at {length}");
        assert_eq!(verified.records, u64::try_from(whole).unwrap(), "cut at {length}");
        let at = frames[whole - 1].end;
        let tail = verified.tail.map_or(0, |tail| tail.torn_bytes);
        assert_eq!(tail, u64::try_from(length - at).unwrap(), "cut at {length}");
    }
}

#[test]
fn names_a_cut_inside_the_header() {
    let bytes = sample();
    for length in 8..frames(&bytes)[0].end {
        assert!(matches!(open(&bytes[..length]), Err(ReadError::NoHeader { .. })), "cut at {length}");
        assert!(matches!(verified(&bytes[..length]), Err(ReadError::NoHeader { .. })), "cut at {length}");
    }
    let error = verified(&bytes[..100]).unwrap_err();
    assert_eq!(error.to_string(), "the journal is cut off inside its header: 100 bytes");
}

#[test]
fn says_what_lies_after_the_last_seal() {
    let bytes = sample();
    let frames = frames(&bytes);
    let seal = frames.iter().rposition(|frame| frame.kind(&bytes) == 10 && frame.end < bytes.len()).unwrap();
    let cut = frames[seal + 2].end + 5;
    let mut reader = open(&bytes[..cut]).unwrap();
    while reader.next().unwrap().is_some() {}
    let tail = Tail { records: 2, torn_bytes: 5, at: u64::try_from(cut - 5).unwrap() };
    assert_eq!(reader.tail(), Some(tail));
    assert!(!reader.is_complete());
    assert_eq!(verified(&bytes[..cut]).unwrap().tail, Some(tail));
}

#[test]
fn takes_rubbish_after_a_cut_for_a_torn_write() {
    let bytes = sample();
    let frames = frames(&bytes);
    for rubbish in [[0_u8; 3000], [0xff; 3000], [0xa5; 3000]] {
        for length in frames[0].end..frames[frames.len() - 2].end {
            let mut torn = bytes[..length].to_vec();
            torn.extend_from_slice(&rubbish);
            let verified = verified(&torn).unwrap_or_else(|error| panic!("cut at {length}: {error}"));
            assert_eq!(verified.records, u64::try_from(whole(&frames, length)).unwrap(), "cut at {length}");
            assert!(verified.tail.unwrap().torn_bytes >= 3000);
        }
    }
}

#[test]
fn takes_missing_contents_of_the_last_blob_for_a_torn_write() {
    let bytes = sample();
    let blob = frames(&bytes).into_iter().find(|frame| frame.kind(&bytes) == 3).unwrap();
    let mut torn = bytes[..blob.end].to_vec();
    torn[blob.end - 100..].fill(0);
    let verified = verified(&torn).unwrap();
    assert_eq!(verified.tail.unwrap().at, u64::try_from(blob.start).unwrap());
}

#[test]
fn lists_effects_without_outcome() {
    let store = Memory::default();
    let writer = Writer::create(store.clone(), &header(), options()).unwrap();
    writer.intent(&intent(4, false)).unwrap();
    writer.intent(&intent(9, true)).unwrap();
    drop(writer);
    let verified = verified(&store.bytes()).unwrap();
    let open = &verified.open_effects;
    assert_eq!(open.actions.keys().collect::<Vec<_>>(), [&EffectId(4), &EffectId(9)]);
    assert_eq!(open.actions[&EffectId(9)].action, intent(9, true).action);
    assert_eq!(verified.open_effects.effects.into_iter().collect::<Vec<_>>(), [EffectId(4), EffectId(9)]);
    assert_eq!(verified.tail, None);
    assert!(!verified.complete);
}

#[test]
fn leaves_an_unfinished_journal_readable_when_dropped() {
    let store = Memory::default();
    let writer = Writer::create(store.clone(), &header(), options()).unwrap();
    writer.intern("wasi:clocks/wall-clock#now", &[]).unwrap();
    drop(writer);
    let verified = verified(&store.bytes()).unwrap();
    assert_eq!(verified.tail.map(|tail| (tail.records, tail.torn_bytes)), Some((1, 0)));
}
