//! Signed journals: what someone can change who has not got the key, and what verification says to it.

use std::io::{self, Cursor};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasm_agent_journal::{
    Damage, JournalError, Options, PublicKey, ReadError, Signer, SigningKey, Tampered, Verification, Writer, verify,
    verify_signed,
};

use crate::forging::{key, payloads, resealed, signed_sample};
use crate::support::{Memory, end, frames, header, intent, options, records, sample, write_sample};

fn verified(bytes: &[u8], key: &PublicKey) -> Result<Verification, ReadError> {
    verify_signed(Cursor::new(bytes), key)
}

fn tampered(result: Result<Verification, ReadError>) -> Tampered {
    match result {
        Err(ReadError::Tampered(tampered)) => tampered,
        other => unreachable!("expected a changed record, found: {other:?}"),
    }
}

#[test]
fn every_seal_is_signed_over_run_hash_and_place() {
    let bytes = signed_sample();
    let public = key().public_key();
    let found = verified(&bytes, &public).unwrap();
    assert!(found.complete && found.signed_by == Some(public));
    let mut seals = 0;
    for frame in frames(&bytes) {
        if frame.kind(&bytes) != 10 {
            continue;
        }
        let mut seal = minicbor::Decoder::new(&frame.payload(&bytes)[2..]);
        let (hash, records, signature) = (seal.bytes().unwrap(), seal.u64().unwrap(), seal.bytes().unwrap());
        let message = [b"wasm-agent journal seal v1\n".as_slice(), &[7; 16], hash, &records.to_le_bytes()].concat();
        assert!(public.verifies(&message, signature));
        seals += 1;
    }
    assert_eq!(seals, 4);
    assert_eq!(records(&bytes).unwrap().len(), records(&sample()).unwrap().len());
}

#[test]
fn a_killed_run_is_signed_up_to_its_last_seal() {
    let bytes = signed_sample();
    let public = key().public_key();
    for length in frames(&bytes)[0].end..bytes.len() {
        let found = verified(&bytes[..length], &public).unwrap_or_else(|error| panic!("cut at {length}: {error}"));
        let seals = frames(&bytes).into_iter().zip(1..).filter(|(frame, _)| frame.kind(&bytes) == 10);
        let sealed = seals.filter(|(frame, _)| frame.end <= length).last().map_or(0, |(_, records)| records);
        assert_eq!((found.sealed_records, found.complete), (sealed, false), "cut at {length}");
    }
}

#[test]
fn a_journal_without_the_key_is_refused_at_its_header() {
    let public = key().public_key();
    let (other, _) = SigningKey::generate().unwrap();
    let expected = public;
    let found = tampered(verified(&sample(), &public));
    assert_eq!((found.record, found.damage), (0, Damage::OtherKey { found: None, expected }));
    let found = tampered(verified(&signed_sample(), &other.public_key()));
    let damage = Damage::OtherKey { found: Some(public), expected: other.public_key() };
    assert_eq!((found.record, found.damage), (0, damage));
}

#[test]
fn whoever_makes_everything_fit_lacks_the_signature() {
    let bytes = signed_sample();
    let public = key().public_key();
    let frames = frames(&bytes);
    let mut unsigned = 0;
    for position in 0..frames.len() {
        let mut payloads = payloads(&bytes);
        let middle = payloads[position].len() / 2;
        payloads[position][middle] ^= 0x01;
        let forged = resealed(&payloads, None);
        for found in [tampered(verify(Cursor::new(&forged))), tampered(verified(&forged, &public))] {
            let position = u64::try_from(position).unwrap();
            match found.damage {
                // Checks and seals fit. Only the signature tells, of which record is not known.
                Damage::Signature { records } => {
                    assert!((found.record..=found.record + records).contains(&position), "{position}: {found}");
                    unsigned += 1;
                }
                _ => assert_eq!(found.record, position, "{found}"),
            }
        }
    }
    assert!(unsigned > frames.len(), "{unsigned}");
}

#[test]
fn a_forger_with_a_key_of_his_own_is_not_believed() {
    let bytes = signed_sample();
    let (own, _) = SigningKey::generate().unwrap();
    let mut payloads = payloads(&bytes);
    let public = key().public_key();
    let at = payloads[0].windows(32).position(|part| part == public.as_bytes()).unwrap();
    payloads[0][at..at + 32].copy_from_slice(own.public_key().as_bytes());
    let forged = resealed(&payloads, Some(&own));
    assert_eq!(verify(Cursor::new(&forged)).unwrap().signed_by, Some(own.public_key()));
    assert_eq!(tampered(verified(&forged, &public)).record, 0);
    // With the right key in the header the signatures are those of another.
    payloads[0][at..at + 32].copy_from_slice(public.as_bytes());
    let forged = resealed(&payloads, Some(&own));
    assert!(matches!(tampered(verified(&forged, &public)).damage, Damage::Signature { .. }));
}

#[test]
fn a_signature_is_there_exactly_where_the_header_names_a_key() {
    let signed = signed_sample();
    let public = key().public_key();
    let frames = frames(&signed);
    let mut payloads = payloads(&signed);
    let seal = (0..frames.len()).filter(|at| frames[*at].kind(&signed) == 10).nth(1).unwrap();
    // Taken off one seal: an array of three again, and what follows made to fit by someone with the key.
    let unsigned = payloads[seal].len() - 66;
    payloads[seal].truncate(unsigned);
    payloads[seal][0] = 0x83;
    let found = tampered(verified(&resealed(&payloads, Some(&key())), &public));
    assert_eq!((found.record, found.damage), (u64::try_from(seal).unwrap(), Damage::Unsigned));
    // Put where no key is named.
    let mut payloads = crate::forging::payloads(&sample());
    let last = payloads.last_mut().unwrap();
    last[0] = 0x84;
    last.extend_from_slice(&[0x58, 64]);
    last.extend_from_slice(&[0; 64]);
    let found = tampered(verify(Cursor::new(resealed(&payloads, None))));
    assert!(matches!(found.damage, Damage::Malformed { .. }), "{found}");
}

#[test]
fn a_seal_of_one_run_is_none_of_another() {
    let mut payloads = payloads(&signed_sample());
    // The same records under another run's id, with the signatures of the first.
    let at = payloads[0].windows(16).position(|part| part == [7; 16]).unwrap();
    payloads[0][at] = 8;
    let found = tampered(verified(&resealed(&payloads, None), &key().public_key()));
    assert!(matches!(found.damage, Damage::Signature { .. }), "{found}");
}

/// A signer whose n-th signature can't be had.
#[derive(Debug)]
struct Failing {
    key: SigningKey,
    signed: AtomicU64,
    fail_at: u64,
}

impl Signer for Failing {
    fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> io::Result<[u8; 64]> {
        if self.signed.fetch_add(1, Ordering::SeqCst) == self.fail_at {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        self.key.sign(message)
    }
}

#[test]
fn a_signature_that_fails_ends_the_run_before_the_effect() {
    for fail_at in 0..4 {
        let store = Memory::default();
        let signer = Arc::new(Failing { key: key(), signed: AtomicU64::new(0), fail_at });
        let ended = write_sample(store.clone(), Options { signer: Some(signer), ..options() });
        assert!(matches!(ended, Err(JournalError::Sign { .. })), "signature {fail_at}: {ended:?}");
    }
    let store = Memory::default();
    let signer = Arc::new(Failing { key: key(), signed: AtomicU64::new(0), fail_at: 1 });
    let writer = Writer::create(store.clone(), &header(), Options { signer: Some(signer), ..options() }).unwrap();
    assert!(matches!(writer.intent(&intent(0, true)), Err(JournalError::Sign { .. })));
    assert!(matches!(writer.finish(&end()), Err(JournalError::Sign { .. })));
    let found = verified(&store.bytes(), &key().public_key());
    assert_eq!(found.unwrap().sealed_records, 2);
}
