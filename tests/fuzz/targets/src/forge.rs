//! What someone can do who rewrites a journal: change records, and make checks, seals and signatures fit.

use wasm_agent_journal::format::MAGIC;
use wasm_agent_journal::{Signer, SigningKey};

/// The first bytes of a seal's payload, without the head of its array.
const SEAL: [u8; 3] = [0x0a, 0x58, 0x20];

/// The first bytes of a blob's payload.
const BLOB: [u8; 4] = [0x83, 0x03, 0x58, 0x20];

/// The payloads of a journal's frames, by their lengths alone. What follows the last whole one is left out.
pub fn payloads(journal: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = journal.get(MAGIC.len()..).unwrap_or_default();
    let mut payloads = Vec::new();
    while let Some((head, behind)) = rest.split_at_checked(8) {
        let length = u32::from_le_bytes(head[4..].try_into().unwrap());
        let Some((payload, behind)) = usize::try_from(length).ok().and_then(|length| behind.split_at_checked(length))
        else {
            break;
        };
        payloads.push(payload.to_vec());
        rest = behind;
    }
    payloads
}

/// A journal of these records, with checks and seals made to fit. Signatures are made anew where there is a key.
pub fn journal(payloads: &[Vec<u8>], key: Option<&SigningKey>) -> Vec<u8> {
    let mut journal = MAGIC.to_vec();
    let mut check = crc32fast::hash(&journal);
    let mut sealed = journal.clone();
    for (record, payload) in (0_u64..).zip(payloads) {
        let resealed = is_seal(payload).then(|| {
            let hash = *blake3::hash(&sealed).as_bytes();
            sealed.clear();
            seal(payload, &hash, record, key.zip(payloads.first().and_then(|header| run(header))))
        });
        let payload = resealed.as_ref().unwrap_or(payload);
        let covered = &payload[..covered(payload)];
        let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
        let mut hasher = crc32fast::Hasher::new_with_initial(check);
        hasher.update(&length);
        hasher.update(covered);
        check = hasher.finalize();
        let head = [check.to_le_bytes(), length].concat();
        sealed.extend_from_slice(&[head.as_slice(), covered].concat());
        journal.extend_from_slice(&[head.as_slice(), payload].concat());
    }
    journal
}

/// A journal's bytes with everything in it made to fit, so that what was changed in them reaches the decoder.
pub fn refitted(journal: &[u8]) -> Vec<u8> {
    self::journal(&payloads(journal), None)
}

fn is_seal(payload: &[u8]) -> bool {
    matches!(payload, [0x83 | 0x84, rest @ ..] if rest.starts_with(&SEAL) && rest.len() > 35)
}

/// A seal in the place of another one. Its signature is made anew or stays.
fn seal(old: &[u8], hash: &[u8; 32], records: u64, signing: Option<(&SigningKey, [u8; 16])>) -> Vec<u8> {
    let count = &old[36..];
    let count_length = match count[0] {
        0x18 => 2,
        0x19 => 3,
        0x1a => 5,
        0x1b => 9,
        _ => 1,
    };
    let mut seal = [&old[..1], &SEAL, hash].concat();
    seal.extend_from_slice(&unsigned(records));
    match signing {
        Some((key, run)) if old[0] == 0x84 => {
            let signed = [b"wasm-agent journal seal v1\n".as_slice(), &run, hash, &records.to_le_bytes()].concat();
            seal.extend_from_slice(&[0x58, 0x40]);
            seal.extend_from_slice(&key.sign(&signed).unwrap());
        }
        _ => seal.extend_from_slice(count.get(count_length..).unwrap_or_default()),
    }
    seal
}

/// The header's `run`, where there is one.
fn run(header: &[u8]) -> Option<[u8; 16]> {
    let name = b"\x63run\x50";
    let start = header.windows(name.len()).position(|window| window == name)? + name.len();
    header.get(start..start + 16)?.try_into().ok()
}

fn unsigned(value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    match value {
        0..24 => vec![bytes[7]],
        24..0x100 => vec![0x18, bytes[7]],
        0x100..0x1_0000 => [&[0x19], &bytes[6..]].concat(),
        0x1_0000..0x1_0000_0000 => [&[0x1a], &bytes[4..]].concat(),
        _ => [&[0x1b], &bytes[..]].concat(),
    }
}

/// How many bytes of a payload checks cover: all, or a blob's up to its contents.
fn covered(payload: &[u8]) -> usize {
    let Some(head) = payload.get(36..).filter(|_| payload.starts_with(&BLOB)) else { return payload.len() };
    let size = match head {
        [0x40..=0x57, ..] => 1,
        [0x58, ..] => 2,
        [0x59, ..] => 3,
        [0x5a, ..] => 5,
        [0x5b, ..] => 9,
        _ => return payload.len(),
    };
    let Some(argument) = head.get(1..size) else { return payload.len() };
    let contents = match argument {
        [] => u64::from(head[0] & 0x1f),
        bytes => bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)),
    };
    let start = 36 + size;
    let rest = u64::try_from(payload.len() - start).unwrap();
    if contents == rest { start } else { payload.len() }
}
