//! Journals that a crash cut off, copied and sealed: nothing lost that was whole, nothing in it that was not there.

use std::io::Cursor;
use std::sync::Arc;

use wasm_agent_journal::{
    Damage, Event, JournalError, NotRecoverable, ReadError, RecoverError, Recovered, Signer, Tampered, recover,
    recoverable, verify, verify_signed,
};

use crate::forging::{key, payloads, resealed, signed_sample};
use crate::support::{Memory, Taken, frames, records, sample};

fn recovered(bytes: &[u8], signer: Option<Arc<dyn Signer>>) -> (Result<Recovered, RecoverError>, Vec<u8>) {
    let store = Memory::default();
    let result = recover(Cursor::new(bytes), store.clone(), signer);
    let copy = store.bytes();
    (result, copy)
}

#[test]
fn copies_every_whole_record_of_every_prefix_and_seals_it() {
    for signer in [None, Some(Arc::new(key()) as Arc<dyn Signer>)] {
        let bytes = if signer.is_some() { signed_sample() } else { sample() };
        let frames = frames(&bytes);
        let all = records(&bytes).unwrap();
        let mut recoveries = 0;
        for length in frames[0].end..bytes.len() {
            let cut = &bytes[..length];
            let before = verify(Cursor::new(cut)).unwrap();
            let (result, copy) = recovered(cut, signer.clone());
            let Some(tail) = before.tail else {
                assert!(matches!(result, Err(RecoverError::Not(NotRecoverable::Sealed))), "cut at {length}");
                continue;
            };
            let result = result.unwrap_or_else(|error| panic!("cut at {length}: {error}"));
            let whole = usize::try_from(tail.at).unwrap();
            assert!(copy.starts_with(&cut[..whole]), "cut at {length}");
            assert_eq!((result.records, result.unsealed), (before.records, tail.records));
            assert_eq!(result.left_out, *blake3::hash(&cut[whole..]).as_bytes());
            assert_eq!(result.left_out_bytes, tail.torn_bytes);
            let after = match &signer {
                Some(signer) => verify_signed(Cursor::new(&copy), &signer.public_key()).unwrap(),
                None => verify(Cursor::new(&copy)).unwrap(),
            };
            assert_eq!((after.records, after.sealed_records), (before.records + 2, before.records + 2));
            assert_eq!((after.tail, after.seal), (None, Some(result.seal)));
            assert_eq!((before.recovered, after.recovered), (None, Some(tail.records)), "cut at {length}");
            assert_eq!(after.open_effects, before.open_effects, "cut at {length}");
            // Only a run whose end is there has an end.
            let ended = all[..usize::try_from(before.records).unwrap()]
                .iter()
                .any(|record| matches!(record.event, Event::End(_)));
            assert_eq!(after.complete, ended, "cut at {length}");
            let copied = records(&copy).unwrap();
            assert_eq!(copied[..copied.len() - 2], all[..copied.len() - 2]);
            let Event::Note(note) = &copied[copied.len() - 2].event else { panic!("no note: {copied:?}") };
            let digest = blake3::hash(&cut[whole..]);
            let text = format!(
                "records under no seal before this one: {}; bytes left out after them: {}, BLAKE3 {digest}",
                tail.records, tail.torn_bytes
            );
            assert_eq!((note.name.as_str(), &note.text), ("recovered", &text));
            // Once is enough.
            let again = recovered(&copy, signer.clone()).0;
            assert!(matches!(again, Err(RecoverError::Not(NotRecoverable::Sealed | NotRecoverable::Complete))));
            recoveries += 1;
        }
        assert!(recoveries > bytes.len() / 2);
    }
}

#[test]
fn recovers_nothing_that_is_whole_or_was_changed() {
    let bytes = sample();
    assert!(matches!(recovered(&bytes, None).0, Err(RecoverError::Not(NotRecoverable::Complete))));
    for frame in &frames(&bytes)[..5] {
        let mut changed = bytes[..bytes.len() - 9].to_vec();
        changed[frame.end - 1] ^= 1;
        let error = recovered(&changed, None).0.unwrap_err();
        assert!(matches!(error, RecoverError::Read(ReadError::Tampered(_))), "{error}");
    }
    let header = recovered(&bytes[..100], None).0;
    assert!(matches!(header, Err(RecoverError::Read(ReadError::NoHeader { .. }))));
}

#[test]
fn asks_for_the_key_that_the_run_was_signed_with() {
    let signed = signed_sample();
    let cut = &signed[..signed.len() - 9];
    let public = key().public_key();
    let (other, _) = wasm_agent_journal::SigningKey::generate().unwrap();
    let found = other.public_key();
    assert!(
        matches!(recovered(cut, None).0, Err(RecoverError::Not(NotRecoverable::KeyNeeded { key })) if key == public)
    );
    let wrong = recovered(cut, Some(Arc::new(other))).0;
    assert!(matches!(wrong, Err(RecoverError::Not(NotRecoverable::OtherKey { .. }))), "{wrong:?}");
    let plain = sample();
    let unsigned = recovered(&plain[..plain.len() - 9], Some(Arc::new(key()))).0;
    assert!(matches!(unsigned, Err(RecoverError::Not(NotRecoverable::NotSigned))), "{unsigned:?}");
    let verification = verify(Cursor::new(cut)).unwrap();
    assert_eq!(recoverable(&verification, Some(public)), Ok(()));
    assert!(matches!(recoverable(&verification, Some(found)), Err(NotRecoverable::OtherKey { .. })));
}

#[test]
fn no_other_note_stands_after_an_end() {
    let bytes = sample();
    let (result, copy) = recovered(&bytes[..bytes.len() - 9], None);
    result.unwrap();
    assert!(verify(Cursor::new(&copy)).unwrap().complete);
    let mut payloads = payloads(&copy);
    let note = payloads.len() - 2;
    let at = payloads[note].windows(9).position(|part| part == b"recovered").unwrap();
    payloads[note][at] = b'R';
    match verify(Cursor::new(resealed(&payloads, None))) {
        Err(ReadError::Tampered(Tampered { record, damage: Damage::AfterEnd, .. })) => {
            assert_eq!(record, u64::try_from(note).unwrap());
        }
        other => panic!("a note after the end was taken: {other:?}"),
    }
}

#[test]
fn a_copy_that_fails_is_reported() {
    let bytes = sample();
    let cut = &bytes[..bytes.len() - 9];
    for operation in 0..2 {
        let error = recover(Cursor::new(cut), Memory::failing_at(operation, Taken::Half), None).unwrap_err();
        let failed = matches!(error, RecoverError::Write(JournalError::Write { .. } | JournalError::Sync { .. }));
        assert!(failed, "operation {operation}: {error}");
    }
}
