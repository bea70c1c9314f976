//! What a redaction leaves, and what proves it.

mod journals;

use std::io::Cursor;
use std::sync::Arc;

use proptest::prelude::*;
use wasm_agent_journal::{Copier, EffectResult, Event, Options, PublicKey, Reader, Record, Writer, verify};

use super::*;
use crate::hand_made::header;
use journals::{Memory, NAMES, SHORT, effects, long, made, original, original_by_wit};

const BODIES: TakenOut = TakenOut { bodies: true, paths: false };
const PATHS: TakenOut = TakenOut { bodies: false, paths: true };
const BOTH: TakenOut = TakenOut { bodies: true, paths: true };

fn redacted(original: &[u8], taken_out: TakenOut) -> Vec<u8> {
    let store = Memory::default();
    redact(Cursor::new(original), store.clone(), taken_out).unwrap();
    store.bytes()
}

fn records(bytes: &[u8]) -> Vec<Record> {
    let mut reader = Reader::open(Cursor::new(bytes)).unwrap();
    std::iter::from_fn(|| reader.next().unwrap()).collect()
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn proved(copy: &[u8], original: &[u8]) -> Result<Verification, RedactionError> {
    let copy = copy.to_vec();
    verify_redaction(move || Ok(Cursor::new(copy.clone())), Cursor::new(original))
}

#[test]
fn takes_out_what_it_is_told_and_verifies() {
    for original in [original(), original_by_wit(), effects()] {
        let before = verify(Cursor::new(&original)).unwrap();
        for taken_out in [BODIES, PATHS, BOTH, TakenOut::default()] {
            let copy = redacted(&original, taken_out);
            let after = verify(Cursor::new(&copy)).unwrap();
            assert_eq!((after.complete, after.tail.is_some()), (before.complete, before.tail.is_some()));
            for part in [SHORT.as_bytes(), b"long-body"] {
                assert!(!(taken_out.bodies && has(&copy, part)), "{taken_out:?}");
            }
            for part in NAMES {
                assert!(!(taken_out.paths && has(&copy, part.as_bytes())), "{taken_out:?} leaves {part}");
                assert!(taken_out.paths || has(&copy, part.as_bytes()) == has(&original, part.as_bytes()));
            }
            assert_eq!(proved(&copy, &original).unwrap(), after);
            assert_eq!(redacted(&original, taken_out), copy);
            let reader = Reader::open(Cursor::new(&copy)).unwrap();
            let redaction = reader.header().redaction.clone().unwrap();
            assert_eq!((redaction.seal, redaction.records), (before.seal.unwrap(), before.records));
            assert_eq!(TakenOut::from_names(&redaction.taken_out), Some(taken_out));
        }
    }
}

#[test]
fn equal_paths_stay_equal_and_what_is_no_path_stays() {
    let copy = records(&redacted(&original(), PATHS));
    let calls: Vec<_> = copy
        .iter()
        .filter_map(|record| if let Event::Call(call) = &record.event { Some(call) } else { None })
        .collect();
    let [name, folder, root, ..] = NAMES.map(text::path);
    let expected = made(|out| out.array(5).u64(0).u64(1).str(&format!("{folder}/{name}")).u64(0).u64(3));
    assert_eq!(calls[2].arguments, expected.to_record());
    let expected = made(|out| out.array(2).u64(0).array(1).array(2).u64(0).str(&format!("/{root}")));
    assert_eq!(calls[0].outcome, expected.to_record());
    let expected = made(|out| out.array(2).u64(0).array(1).array(2).str("regular-file").str(&name));
    assert_eq!(calls[3].outcome, expected.to_record());
    assert_eq!(calls[5].outcome, made(|out| out.array(2).u64(1).str("no-entry")).to_record());
    let Event::Header(header) = &copy[0].event else { panic!("no header") };
    assert_eq!(header.arguments, ["edit-files", &format!("/{root}/{folder}"), &name]);
    assert_eq!(header.environment[0].1, "C.UTF-8");
    assert_eq!(*header.policy_digest.as_bytes(), [2; 32]);
}

#[test]
fn contents_that_stay_are_found_where_references_point() {
    let copy = redacted(&original(), PATHS);
    let mut reader = Reader::open(Cursor::new(&copy)).unwrap();
    let mut found = 0;
    while let Some(record) = reader.next().unwrap() {
        let Event::Call(call) = record.event else { continue };
        if call.function.name.ends_with("descriptor.read") {
            let mut decoder = minicbor::Decoder::new(&call.outcome);
            decoder.array().unwrap();
            decoder.u64().unwrap();
            decoder.array().unwrap();
            let payload = decoder.decode().unwrap();
            let contents = reader.payload(&payload).unwrap().unwrap();
            found += usize::from(contents == long());
        }
    }
    assert_eq!(found, 2);
}

/// A copy of a copy, with one record changed or left out, and checks and seals that fit.
fn forged(copy: &[u8], change: impl Fn(&Record) -> Option<Event>) -> Vec<u8> {
    let store = Memory::default();
    let all = records(copy);
    let Event::Header(header) = &all[0].event else { panic!("no header") };
    let mut copier = Copier::create(store.clone(), header).unwrap();
    for record in &all[1..] {
        if let Some(event) = change(record) {
            copier.record(&event).unwrap();
        }
    }
    copier.finish().unwrap();
    store.bytes()
}

#[test]
fn names_the_first_record_that_is_no_redaction_of_the_original() {
    for original in [original(), effects()] {
        let copy = redacted(&original, BOTH);
        let all = records(&copy);
        assert_eq!(forged(&copy, |record| Some(record.event.clone())), copy);
        for index in 1..u64::try_from(all.len()).unwrap() {
            let dropped = forged(&copy, |record| (record.index != index).then(|| record.event.clone()));
            // Without a definition, or after its end, a journal is not what was written to begin with.
            match proved(&dropped, &original) {
                Err(RedactionError::Differs { record, .. }) => assert_eq!(record, index),
                Err(RedactionError::Copy(_)) => {}
                other => panic!("record {index} is missing: {other:?}"),
            }
            let changed = forged(&copy, |record| {
                let mut event = record.event.clone();
                if record.index == index {
                    match &mut event {
                        Event::Call(call) => call.duration_ns += 1,
                        Event::Note(note) => note.text.push('x'),
                        Event::Intent(intent) => intent.irreversible = !intent.irreversible,
                        Event::Outcome(outcome) => outcome.result = EffectResult::Done,
                        Event::End(end) => end.fuel += 1,
                        _ => {}
                    }
                }
                Some(event)
            });
            match proved(&changed, &original) {
                Err(RedactionError::Differs { record, .. }) => assert_eq!(record, index),
                Ok(_) => assert_eq!(changed, copy),
                other => panic!("record {index} was changed: {other:?}"),
            }
        }
    }
}

#[test]
fn says_what_is_the_redaction_of_nothing_here() {
    let (one, other) = (original(), effects());
    let copy = redacted(&one, BOTH);
    assert!(matches!(proved(&copy, &other), Err(RedactionError::OtherOriginal)));
    assert!(matches!(proved(&one, &one), Err(RedactionError::NoRedaction)));
    let again = redact(Cursor::new(&copy), Memory::default(), BODIES);
    assert!(matches!(again, Err(RedactError::Redacted)), "{again:?}");
    let mut damaged = one.clone();
    damaged[60] ^= 1;
    assert!(matches!(proved(&copy, &damaged), Err(RedactionError::Original(RedactError::Read(_)))));
    assert!(matches!(proved(&copy[..copy.len() - 1], &one), Err(RedactionError::Differs { .. })));
    assert_eq!(TakenOut::from_names(&["paths".to_owned(), "bodies".to_owned()]), None);
    assert_eq!(TakenOut::from_names(&["colours".to_owned()]), None);
}

#[test]
fn names_the_key_of_a_signed_original() {
    let (key, _) = wasm_agent_journal::SigningKey::generate().unwrap();
    let public: PublicKey = wasm_agent_journal::Signer::public_key(&key);
    let store = Memory::default();
    let options = Options { seal_interval: None, signer: Some(Arc::new(key)), ..Options::default() };
    drop(Writer::create(store.clone(), &header(), options).unwrap());
    let original = store.bytes();
    let copy = redacted(&original, BODIES);
    let reader = Reader::open(Cursor::new(&copy)).unwrap();
    assert_eq!(reader.header().redaction.as_ref().unwrap().signed_by, Some(public));
    assert_eq!(reader.header().signed_by, None);
    proved(&copy, &original).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_an_item_holds_its_redaction_is_one_item(
        bytes in prop::collection::vec(
            prop_oneof![Just(0x81_u8), Just(0xa1), Just(0x41), Just(0x61), any::<u8>()],
            0..80,
        ),
        taken in any::<(bool, bool)>(),
    ) {
        let offsets = item::Offsets::default();
        let text = |_: &[u64], text: &str| taken.1.then(|| text::path(text));
        let out = item::Rewrite { bytes: taken.0, blobs: &offsets, text: &text }.item(&bytes);
        let mut decoder = minicbor::Decoder::new(&out);
        prop_assert!(decoder.skip().is_ok() && decoder.position() == out.len(), "{:x?}", out);
    }
}
