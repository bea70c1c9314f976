//! Records as JSON.

use proptest::prelude::*;
use serde_json::{Value, json};
use wasm_agent_journal::{Call, CallId, Event, Function, Record, to_json};

use crate::support::{contents, records, sample};

fn lines() -> Vec<Value> {
    records(&sample()).unwrap().iter().map(to_json).collect()
}

fn line(event: &str, nth: usize) -> Value {
    lines().into_iter().filter(|line| line["event"] == event).nth(nth).unwrap()
}

#[test]
fn shows_a_call_with_its_arguments_by_name() {
    let mut call = line("call", 1);
    let stored_at = call["outcome"][0]["stored_at"].take();
    assert!(stored_at.is_u64());
    let digest = blake3::hash(&contents(300)).to_hex().to_string();
    assert_eq!(
        call,
        json!({
            "record": call["record"],
            "offset": call["offset"],
            "event": "call",
            "at_ns": 1200,
            "call": 1,
            "function": "wasi:filesystem/types#[method]descriptor.read",
            "arguments": { "self": 3, "length": 4096, "offset": -1 },
            "outcome": [{ "length": 300, "blake3": digest, "stored_at": null }, true],
            "decision": { "verdict": "allow", "grant": "filesystem grant `/notes` (line 6)", "reason": null },
            "fuel": 700,
            "duration_ns": 40,
        })
    );
}

#[test]
fn shows_short_bytes_as_text_and_long_ones_by_digest() {
    let call = line("call", 3);
    let short = blake3::hash(b"short").to_hex().to_string();
    assert_eq!(call["arguments"]["offset"], json!({ "length": 5, "blake3": short, "text": "short" }));
    let long = blake3::hash(&contents(300)).to_hex().to_string();
    assert_eq!(call["arguments"]["buffer"], json!({ "length": 300, "blake3": long }));
}

#[test]
fn shows_effects_with_their_action_and_approval() {
    let intent = line("intent", 0);
    assert_eq!(intent["action"], json!({ "kind": "file.modify", "path": "/notes/a.md" }));
    assert_eq!(intent["digest"], "05".repeat(32));
    assert_eq!(intent["approval"]["answer"], "approved");
    assert_eq!(intent["before"], json!({ "length": 300, "blake3": "06".repeat(32) }));
    let outcome = line("outcome", 0);
    assert_eq!((&outcome["result"], &outcome["extra"]), (&json!("failed"), &json!({ "written": 300 })));
    assert_eq!(line("end", 0)["result"], json!({ "kind": "returned", "wave": "[\"a\"]", "json": "[\"a\"]" }));
    assert_eq!(line("header", 0)["limits"]["memory-bytes"], 256 << 20);
}

#[test]
fn shows_what_a_denial_was_about() {
    let denied = line("call", 3);
    assert_eq!(denied["decision"]["action"], json!({ "kind": "file.modify", "path": "/notes/a.md" }));
    assert_eq!(line("call", 1)["decision"].get("action"), None);
}

#[test]
fn begins_every_line_with_its_record_and_offset() {
    for (index, line) in lines().into_iter().enumerate() {
        assert_eq!(line["record"], index);
        assert!(line["offset"].is_u64() && line["event"].is_string());
    }
}

/// Items of every kind, one within another.
fn item() -> impl Strategy<Value = Vec<u8>> {
    let array = |items: Vec<Vec<u8>>| {
        let mut out = Vec::new();
        minicbor::Encoder::new(&mut out).array(items.len().try_into().unwrap()).unwrap();
        out.extend(items.concat());
        out
    };
    let leaf = prop_oneof![
        Just(b"\xf6".to_vec()),
        any::<bool>().prop_map(|value| minicbor::to_vec(value).unwrap()),
        any::<u64>().prop_map(|value| minicbor::to_vec(value).unwrap()),
        any::<i64>().prop_map(|value| minicbor::to_vec(value).unwrap()),
        Just(b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff".to_vec()),
        ".{0,9}".prop_map(|value| minicbor::to_vec(value).unwrap()),
        prop::collection::vec(any::<u8>(), 0..9)
            .prop_map(|value| minicbor::to_vec(minicbor::bytes::ByteVec::from(value)).unwrap()),
        Just([b"\xd9\xae\x39\x83\x58\x20".as_slice(), &[7; 32], b"\x19\x01\x00\x08"].concat()),
        any::<u8>().prop_map(|value| [b"\xa2\x61b\xf5\x61a\x18".as_slice(), &[value]].concat()),
    ];
    leaf.prop_recursive(3, 12, 4, move |item| prop::collection::vec(item, 0..4).prop_map(array))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_call_as_text_is_the_text_of_its_object(
        arguments in item(),
        outcome in item(),
        names in prop::collection::vec("[a-d\"é]{1,2}", 0..4),
        name in ".{0,12}",
        numbers in any::<[u64; 5]>(),
    ) {
        let [seq, at_ns, duration_ns, fuel, index] = numbers;
        let function = Function { name, parameters: names }.into();
        let call = Call { seq: CallId(seq), function, at_ns, duration_ns, fuel, arguments, outcome, decision: None };
        let record = Record { index, offset: 8, event: Event::Call(call) };
        prop_assert_eq!(serde_json::to_string(&record).unwrap(), to_json(&record).to_string());
    }
}

#[test]
fn every_record_as_text_is_the_text_of_its_object() {
    for record in records(&sample()).unwrap() {
        assert_eq!(serde_json::to_string(&record).unwrap(), to_json(&record).to_string());
    }
}
