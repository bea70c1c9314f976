//! Every small change to a small journal: each byte, each cut, each record dropped, moved, repeated or inserted
//! elsewhere.
//!
//! Signed or not, finished or killed in the middle, no changed journal passes as the written one, and the first wrong
//! record is named. A change that looks like a crash is reported as one, and everything before it can still be read.

use std::io::Cursor;

use wasm_agent_journal::{PublicKey, ReadError, Signer as _, verify, verify_signed};

use crate::forging::{key, signed_sample};
use crate::support::{Frame, frames, join, sample};

/// What verification says about a changed journal.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// The first wrong record.
    Wrong(u64),
    /// Cut off after so many whole records.
    CutAfter(u64),
    /// Cut off inside the header, or no journal at all.
    Nothing,
}

/// A journal to change, and the key that it is checked with.
struct Case {
    bytes: Vec<u8>,
    key: Option<PublicKey>,
}

/// The sample, signed and not, as it is and as a kill leaves it.
fn cases() -> Vec<Case> {
    let public = key().public_key();
    let mut cases = Vec::new();
    for (bytes, key) in [(sample(), None), (signed_sample(), Some(public))] {
        let frames = frames(&bytes);
        let killed = bytes[..frames[frames.len() - 4].end + 5].to_vec();
        cases.push(Case { bytes: killed, key });
        cases.push(Case { bytes, key });
    }
    cases
}

impl Case {
    fn whole(&self) -> Vec<Frame> {
        let whole = frames_of(&self.bytes);
        assert!(whole.len() > 10);
        whole
    }

    /// Verifies a changed copy, which is never taken for a run that came to its end.
    fn found(&self, changed: &[u8]) -> Found {
        let verified = match &self.key {
            Some(key) => verify_signed(Cursor::new(changed), key),
            None => verify(Cursor::new(changed)),
        };
        match verified {
            Ok(verified) => {
                assert!(!verified.complete);
                Found::CutAfter(verified.records)
            }
            Err(ReadError::Tampered(tampered)) => Found::Wrong(tampered.record),
            Err(ReadError::NoHeader { .. } | ReadError::NotAJournal { .. } | ReadError::Version { .. }) => {
                Found::Nothing
            }
            Err(other) => unreachable!("{other}"),
        }
    }

    fn join(&self, frames: &[&Frame]) -> Vec<u8> {
        join(&frames.iter().map(|frame| frame.of(&self.bytes)).collect::<Vec<_>>())
    }
}

/// The whole frames of a journal that may have been cut off.
fn frames_of(bytes: &[u8]) -> Vec<Frame> {
    let mut end = 8;
    while let Some(head) = bytes.get(end + 4..end + 8) {
        let length = usize::try_from(u32::from_le_bytes(head.try_into().unwrap())).unwrap();
        if end + 8 + length > bytes.len() {
            break;
        }
        end += 8 + length;
    }
    frames(&bytes[..end])
}

fn number(position: usize) -> u64 {
    u64::try_from(position).unwrap()
}

#[test]
fn names_the_record_in_which_any_byte_was_changed() {
    for case in cases() {
        let whole = case.whole();
        for (position, frame) in whole.iter().enumerate() {
            for at in frame.start..frame.end {
                let byte = case.bytes[at];
                let mut changed = case.bytes.clone();
                for value in [byte ^ 0x01, byte ^ 0x20, byte ^ 0x80, !byte, 0, byte.wrapping_add(1)] {
                    if value == byte {
                        continue;
                    }
                    changed[at] = value;
                    match case.found(&changed) {
                        Found::Wrong(record) => assert_eq!(record, number(position), "byte {at} to {value:#x}"),
                        // A changed last frame may also be a torn write, and a changed header without records after it
                        // is not a header.
                        Found::CutAfter(records) => {
                            assert_eq!((records, position), (number(position), whole.len() - 1), "byte {at}");
                        }
                        Found::Nothing => unreachable!("byte {at} to {value:#x}"),
                    }
                }
            }
        }
    }
}

#[test]
fn takes_every_cut_for_one_and_loses_nothing_before_it() {
    for case in cases() {
        let whole = case.whole();
        for length in 0..case.bytes.len() {
            let records = number(whole.iter().filter(|frame| frame.end <= length).count());
            let expected = if records == 0 { Found::Nothing } else { Found::CutAfter(records) };
            assert_eq!(case.found(&case.bytes[..length]), expected, "cut at {length}");
        }
    }
}

#[test]
fn names_the_first_record_after_any_number_that_were_dropped() {
    for case in cases() {
        let whole = case.whole();
        for first in 0..whole.len() {
            for after in first + 1..whole.len() {
                let kept: Vec<&Frame> = whole[..first].iter().chain(&whole[after..]).collect();
                match case.found(&case.join(&kept)) {
                    Found::Wrong(record) => assert_eq!(record, number(first), "{first}..{after}"),
                    // What is left behind the gap is one frame: as good as rubbish.
                    Found::CutAfter(records) => assert_eq!((records, after), (number(first), whole.len() - 1)),
                    Found::Nothing => assert_eq!((first, after), (0, whole.len() - 1)),
                }
            }
        }
    }
}

#[test]
fn names_the_first_of_any_two_swapped_records() {
    for case in cases() {
        let whole = case.whole();
        for first in 0..whole.len() {
            for second in first + 1..whole.len() {
                let mut swapped: Vec<&Frame> = whole.iter().collect();
                swapped.swap(first, second);
                assert_eq!(case.found(&case.join(&swapped)), Found::Wrong(number(first)), "{first}, {second}");
            }
        }
    }
}

#[test]
fn names_a_record_that_is_repeated_anywhere() {
    for case in cases() {
        let whole = case.whole();
        for copied in 0..whole.len() {
            for place in 0..=whole.len() {
                if place == copied {
                    continue;
                }
                let mut repeated: Vec<&Frame> = whole.iter().collect();
                repeated.insert(place, &whole[copied]);
                match case.found(&case.join(&repeated)) {
                    Found::Wrong(record) => assert_eq!(record, number(place), "{copied} at {place}"),
                    // At the end of a run that was killed there is nothing behind it.
                    Found::CutAfter(records) => assert_eq!((records, place), (number(place), whole.len())),
                    Found::Nothing => unreachable!("{copied} at {place}"),
                }
            }
        }
    }
}
