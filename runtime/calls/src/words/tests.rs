use serde_json::json;

use super::*;
use crate::FUNCTIONS;
use crate::filesystem::types::DESCRIPTOR_OPEN_AT as OPEN;
use crate::http::types::OUTGOING_REQUEST_SET_METHOD;

const FILES: &str = "wasi:filesystem/types#[method]descriptor.";

/// Arguments as `name=value`, values as JSON.
fn shown(key: &str, recorded: &Value) -> String {
    let arguments = arguments(key, &[], recorded).unwrap();
    let shown: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}={}", value.to_json())).collect();
    shown.join(" ")
}

#[test]
fn flags_have_names_in_the_order_of_their_bits() {
    let open = OPEN.key();
    assert_eq!(
        shown(open, &json!([3, 1, "a", 9, 2])),
        r#"self=3 path-flags=["symlink-follow"] path="a" open-flags=["create","truncate"] flags=["write"]"#
    );
    assert!(shown(open, &json!([3, 0, "a", 0, 33])).ends_with(r#"open-flags=[] flags=["read","mutate-directory"]"#));
    assert_eq!(crate::filesystem::OPEN_FLAGS.bit("create"), 1);
    assert_eq!(crate::filesystem::OPEN_FLAGS.bit("truncate"), 8);
}

#[test]
fn what_is_not_of_its_type_is_shown_as_it_stands() {
    let open = OPEN.key();
    let odd = json!(["x", 1_u64 << 40, null, 16, { "a": [1] }]);
    let expected = format!("self=\"x\" path-flags={} path=null open-flags=16 flags={{\"a\":[1]}}", 1_u64 << 40);
    assert_eq!(shown(open, &odd), expected);
    assert_eq!(arguments(open, &[], &json!([3, 1, "a", 9])), None);
    assert_eq!(arguments(open, &[], &json!({ "fd": 3 })), None);
    assert!(matches!(outcome(open, &json!([0])), Outcome::Unknown(_)));
    assert!(matches!(outcome(open, &json!([3, 4])), Outcome::Unknown(_)));
    assert!(matches!(outcome(open, &json!(null)), Outcome::Unknown(_)));
}

#[test]
fn names_of_the_journal_are_for_what_is_not_known() {
    let names = ["self_", "path"].map(str::to_owned);
    let shown = |key: &str, recorded: &Value| {
        let arguments = arguments(key, &names, recorded)?;
        Some(arguments.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" "))
    };
    let two = json!([3, "a"]);
    assert_eq!(shown(OPEN.key(), &two).as_deref(), Some("self path"));
    assert_eq!(shown("acme:db/query#[method]table.row", &two).as_deref(), Some("self path"));
    assert_eq!(shown(OUTGOING_REQUEST_SET_METHOD.key(), &two).as_deref(), Some("self method"));
    assert_eq!(shown(OPEN.key(), &json!([3])), None);
}

fn value(function: &str, recorded: Value) -> String {
    match outcome(function, &recorded) {
        Outcome::Value(Some(value)) => value.to_json().to_string(),
        Outcome::Value(None) => String::new(),
        Outcome::Error(error) => format!("error {}", error.to_json()),
        Outcome::Trap(text) => format!("trap {}", text.to_json()),
        Outcome::Unknown(value) => format!("unknown {value}"),
    }
}

#[test]
fn outcomes_are_values_errors_and_traps() {
    let stat = format!("{FILES}stat");
    let recorded = json!([0, ["regular-file", 1, 7, [[5, 6]], null, null]]);
    let expected = concat!(
        r#"{"data-access-timestamp":{"nanoseconds":6,"seconds":5},"data-modification-timestamp":null,"#,
        r#""link-count":1,"size":7,"status-change-timestamp":null,"type":"regular-file"}"#
    );
    assert_eq!(value(&stat, recorded), expected);
    assert_eq!(value(&stat, json!([1, "no-entry"])), r#"error "no-entry""#);
    assert_eq!(value(&stat, json!([2, "over"])), r#"trap "over""#);
    assert_eq!(value(&format!("{FILES}sync"), json!([0, null])), "");
    // Two numbers, the first of which could be the tag of a result.
    let expected = r#"{"lower":1,"upper":7}"#;
    assert_eq!(value(&format!("{FILES}metadata-hash"), json!([0, [1, 7]])), expected);
    assert_eq!(value("no such function", json!([0, [1, null]])), "[1,null]");
}

#[test]
fn results_that_are_recorded_whole_are_values_and_errors_too() {
    let http = "wasi:http/types#";
    assert_eq!(value(&format!("{http}[method]outgoing-request.body"), json!([0, [0, 4]])), "4");
    assert_eq!(value(&format!("{http}[method]outgoing-request.body"), json!([0, [1, null]])), "error null");
    assert_eq!(value(&format!("{http}[method]outgoing-request.set-scheme"), json!([0, [0, null]])), "");
    assert_eq!(value("wasm-agent:host/approval#checkpoint", json!([0, [1, "timed-out"]])), r#"error "timed-out""#);
    let get = format!("{http}[method]future-incoming-response.get");
    assert_eq!(value(&get, json!([0, null])), "");
    assert_eq!(value(&get, json!([0, [[0, [0, 9]]]])), r#"{"ok":{"ok":9}}"#);
    let failed = json!([0, [[0, [1, ["internal-error", ["no"]]]]]]);
    assert_eq!(value(&get, failed), r#"{"ok":{"error":{"internal-error":"no"}}}"#);
}

#[test]
fn streams_end_and_fail_by_name() {
    let read = "wasi:io/streams#[method]input-stream.read";
    assert_eq!(value(read, json!([1, null])), r#"error "closed""#);
    assert_eq!(value(read, json!([1, 8])), r#"error {"last-operation-failed":8}"#);
}

#[test]
fn variants_hold_what_their_cases_say() {
    let set = OUTGOING_REQUEST_SET_METHOD.key();
    assert_eq!(shown(set, &json!([2, "post"])), r#"self=2 method="post""#);
    assert_eq!(shown(set, &json!([2, ["other", "LIST"]])), r#"self=2 method={"other":"LIST"}"#);
    assert_eq!(shown(set, &json!([2, ["post", 1]])), r#"self=2 method=["post",1]"#);
    assert_eq!(shown(set, &json!([2, "other"])), r#"self=2 method="other""#);
}

#[test]
fn nothing_that_a_journal_can_hold_is_too_much() {
    let mut deep = json!(0);
    for _ in 0..100 {
        deep = json!([deep, 1]);
    }
    for hostile in [json!(null), json!([]), json!([[], [], [], [], []]), json!({}), deep, json!(-1), json!("x")] {
        for function in &FUNCTIONS {
            let recorded = Value::Array(vec![hostile.clone(); function.parameters.len()]);
            for (_, argument) in arguments(function.key, &[], &recorded).unwrap() {
                drop(argument.to_json());
            }
            for which in 0..4 {
                if let Outcome::Value(Some(typed)) = outcome(function.key, &json!([which, hostile])) {
                    drop(typed.to_json());
                }
            }
        }
    }
}
