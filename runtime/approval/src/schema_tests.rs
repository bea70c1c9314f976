//! The published schemas describe exactly what the code writes and reads.

use serde_json::{Value, json};

use super::request::samples;
use super::{ApprovalRequest, Detail, Preview, Settled};

const REQUEST: &str = include_str!("../schema/approval-request.v1.json");
const ANSWER: &str = include_str!("../schema/approval-answer.v1.json");

/// The keywords that the schemas use. Any other keyword fails the test instead of being ignored.
struct Schema {
    root: Value,
    /// Whether a key that the schema does not describe is an error: everything that the code writes is described.
    closed: bool,
}

impl Schema {
    fn new(text: &str, closed: bool) -> Self {
        let root = serde_json::from_str(text).unwrap();
        Self { root, closed }
    }

    fn accepts(&self, value: &Value) -> bool {
        self.valid(&self.root, value)
    }

    fn valid(&self, schema: &Value, value: &Value) -> bool {
        let all = |schemas: &Value| -> Vec<bool> {
            let schemas = schemas.as_array().unwrap().iter();
            schemas.map(|one| self.valid(one, value)).collect()
        };
        schema.as_object().unwrap().iter().all(|(key, rule)| match key.as_str() {
            "$schema" | "$id" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                self.valid(self.root.pointer(pointer).unwrap(), value)
            }
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "type" => has_type(rule, value),
            "oneOf" => all(rule).into_iter().filter(|valid| *valid).count() == 1,
            "anyOf" => all(rule).contains(&true),
            "not" => !Schema { root: rule.clone(), closed: false }.accepts(value),
            "required" => value.as_object().is_none_or(|object| {
                let mut names = rule.as_array().unwrap().iter();
                names.all(|name| object.contains_key(name.as_str().unwrap()))
            }),
            "properties" => value.as_object().is_none_or(|object| {
                object.iter().all(|(name, value)| match rule.get(name) {
                    Some(schema) => self.valid(schema, value),
                    None => !self.closed,
                })
            }),
            "items" => value.as_array().is_none_or(|items| items.iter().all(|item| self.valid(rule, item))),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= number(rule)),
            "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= number(rule)),
            "minimum" => value.as_u64().is_none_or(|value| value >= number(rule)),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 <= number(rule)),
            "pattern" => value.as_str().is_none_or(|text| matches(rule.as_str().unwrap(), text)),
            other => panic!("the schema has `{other}`, which this test cannot judge"),
        })
    }
}

fn number(rule: &Value) -> u64 {
    rule.as_u64().unwrap()
}

fn has_type(rule: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unknown type `{other}`"),
    };
    match rule {
        Value::Array(names) => names.iter().any(is),
        name => is(name),
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    let is_hex = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match pattern {
        "^[0-9a-f]+$" => is_hex,
        "^[0-9a-f]{64}$" => is_hex && text.len() == 64,
        other => panic!("unknown pattern `{other}`"),
    }
}

fn requests() -> Vec<ApprovalRequest> {
    let mut rename = samples::delete_file();
    rename.action.detail = Detail::File {
        path: "/notes/a.md".to_owned(),
        to: Some("/notes/b.md".to_owned()),
        size: Some(0),
        preview: Some(Preview::new(b"\xff", 1)),
    };
    let mut bare_get = samples::post_issue();
    if let Detail::Http { sent, headers, body, body_bytes, body_blake3, .. } = &mut bare_get.action.detail {
        *sent = Some("/%69ssues".to_owned());
        headers.clear();
        *body = None;
        *body_bytes = None;
        *body_blake3 = None;
    }
    vec![samples::post_issue(), samples::delete_file(), samples::checkpoint(), rename, bare_get]
}

#[test]
fn every_request_is_as_published() {
    let schema = Schema::new(REQUEST, true);
    for request in requests() {
        let value = serde_json::to_value(&request).unwrap();
        assert!(schema.accepts(&value), "{value:#}");
    }
}

#[test]
fn every_request_reads_back() {
    for request in requests() {
        let text = serde_json::to_string(&request).unwrap();
        assert!(!text.contains('\n'), "one line");
        let read: ApprovalRequest = serde_json::from_str(&text).unwrap();
        assert_eq!(read, request);
    }
}

#[test]
fn a_request_with_any_key_missing_or_another_value_is_not_as_published() {
    let schema = Schema::new(REQUEST, true);
    let whole = serde_json::to_value(samples::post_issue()).unwrap();
    for pointer in ["", "/component", "/action", "/action/detail", "/action/detail/body"] {
        let object = whole.pointer(pointer).unwrap().as_object().unwrap();
        for key in object.keys() {
            let mut cut = whole.clone();
            let part = cut.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
            part.remove(key);
            assert!(!schema.accepts(&cut), "without {pointer}/{key}");

            let mut other = whole.clone();
            other.pointer_mut(pointer).unwrap()[key] = json!({ "unexpected": [] });
            assert!(!schema.accepts(&other), "another {pointer}/{key}");
        }
    }
}

#[test]
fn an_answer_is_read_exactly_when_it_is_as_published() {
    let schema = Schema::new(ANSWER, false);
    let rows = [
        (true, json!({"decision": "approve"})),
        (true, json!({"decision": "refuse"})),
        (true, json!({"decision": "approve", "remember": "once"})),
        (true, json!({"decision": "approve", "remember": "run", "stop": false})),
        (true, json!({"decision": "refuse", "stop": true, "reason": "no"})),
        (true, json!({"decision": "approve", "remember": null, "approver": null, "reason": null, "stop": null})),
        (true, json!({"decision": "approve", "ticket": {"id": 7}})),
        (true, json!({"decision": "approve", "approver": "ö".repeat(256)})),
        (true, json!({"decision": "approve", "reason": "ö".repeat(4096)})),
        (false, json!({"decision": "approve", "approver": "x".repeat(257)})),
        (false, json!({"decision": "approve", "reason": "x".repeat(4097)})),
        (false, json!({"decision": "approve", "stop": true})),
        (false, json!({"decision": "approve", "remember": "always"})),
        (false, json!({"decision": "approve", "reason": 1})),
        (false, json!({"decision": "yes"})),
        (false, json!({"decision": null})),
        (false, json!({"answer": "approve"})),
        (false, json!("approve")),
        (false, json!(["approve"])),
        (false, json!(null)),
    ];
    for (valid, row) in rows {
        assert_eq!(schema.accepts(&row), valid, "schema: {row}");
        let read = Settled::from_json(row.to_string().as_bytes(), "exec:ask");
        assert_eq!(read.is_ok(), valid, "code: {row}");
    }
}
