//! Records as JSON.

use serde_json::{Value, json};
use wasm_agent_journal::to_json;

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
