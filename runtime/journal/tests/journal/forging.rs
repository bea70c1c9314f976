//! What someone can do who rewrites a whole journal: checks and seals that fit, and signatures by whatever key he has.

use std::sync::Arc;

use wasm_agent_journal::{Options, Signer, SigningKey};

use crate::support::{Frame, Memory, frames, options, write_sample};

/// The key of RFC 8410, section 10.3.
pub(crate) fn key() -> SigningKey {
    const TEXT: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    SigningKey::from_pem(TEXT).unwrap()
}

/// The sample's bytes, signed.
pub(crate) fn signed_sample() -> Vec<u8> {
    let store = Memory::default();
    write_sample(store.clone(), Options { signer: Some(Arc::new(key())), ..options() }).unwrap();
    store.bytes()
}

/// The payloads of a journal's records.
pub(crate) fn payloads(bytes: &[u8]) -> Vec<Vec<u8>> {
    frames(bytes).iter().map(|frame| frame.payload(bytes).to_vec()).collect()
}

/// A journal of these records, with checks and seals made to fit. Signatures are made anew with a key, or stay.
pub(crate) fn resealed(payloads: &[Vec<u8>], key: Option<&SigningKey>) -> Vec<u8> {
    let mut journal = b"WAJOURN1".to_vec();
    let mut check = crc32fast::hash(&journal);
    let mut sealed = journal.clone();
    for (payload, records) in payloads.iter().zip(0_u64..) {
        let mut payload = payload.clone();
        if payload[1] == 10 {
            let hash = *blake3::hash(&sealed).as_bytes();
            sealed.clear();
            payload[4..36].copy_from_slice(&hash);
            if let (Some(key), 0x84) = (key, payload[0]) {
                let message = [b"wasm-agent journal seal v1\n".as_slice(), &[7; 16], &hash, &records.to_le_bytes()];
                let place = payload.len() - 64;
                payload[place..].copy_from_slice(&key.sign(&message.concat()).unwrap());
            }
        }
        let covered = Frame::covered(&payload);
        let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
        let mut hasher = crc32fast::Hasher::new_with_initial(check);
        hasher.update(&[length.as_slice(), &payload[..covered]].concat());
        check = hasher.finalize();
        let head = [check.to_le_bytes(), length].concat();
        sealed.extend_from_slice(&[head.as_slice(), &payload[..covered]].concat());
        journal.extend_from_slice(&[head.as_slice(), &payload].concat());
    }
    journal
}
