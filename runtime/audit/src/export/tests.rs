//! A run made by hand, as traces.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde_json::Value;
use wasm_agent_journal::{Answer, EffectResult, Encoded};
use wasm_agent_policy::{Action, HttpAction, Method, Url};

use super::*;
use crate::hand_made::{HandMade, fine, header, item, modify, records};

const READ: &str = "wasi:io/streams#[method]input-stream.read";
const OPEN: &str = "wasi:filesystem/types#[method]descriptor.open-at";

fn request() -> Action {
    let url = Url::parse_str("https://api.example.com:8443/notes?day=today").unwrap();
    Action::HttpRequest(Box::new(HttpAction::new(Method::POST, url)))
}

fn response(status: u64) -> Encoded {
    item(|out| {
        out.map(3).str("peer").str("[2001:db8::7]:8443").str("status").u64(status).str("protocol").str("HTTP/1.1");
    })
}

fn arguments() -> Encoded {
    item(|out| {
        out.array(2).u64(3).payload(b"secret contents".to_vec(), wasm_agent_journal::Keep::Contents);
    })
}

/// Two reasons, an approved change, a request that the server refuses, a denied call, an effect without an end.
fn journal() -> Vec<u8> {
    let mut made = HandMade::new();
    made.call(READ, 1_000, &arguments(), &fine());
    made.note("intent", "tidy\u{1b}[2J up");
    let approval = made.ask(&modify("/notes/a"), Answer::Approved, 2_000_000);
    let effect = made.intent(&modify("/notes/a"), Some(approval));
    made.now_ns += 700;
    made.outcome(effect, EffectResult::Done, None);
    made.call(READ, 1_000, &arguments(), &fine());
    made.note("intent", "tell");
    let sent = made.intent(&request(), None);
    made.call("wasi:http/outgoing-handler#handle", 1_000, &arguments(), &fine());
    made.outcome(sent, EffectResult::Done, Some(&response(503)));
    made.denied(OPEN, &arguments());
    made.ask(&modify("/notes/b"), Answer::Refused, 5_000);
    made.intent(&modify("/notes/c"), None);
    made.finish()
}

fn batches(journal: &[u8]) -> Vec<Batch> {
    let mut otlp = Otlp::new(&header(), "1.2.3");
    let mut batches: Vec<Batch> = records(journal).iter().filter_map(|record| otlp.record(record)).collect();
    batches.push(otlp.finish());
    batches
}

fn spans(batches: &[Batch]) -> Vec<Value> {
    let mut spans = Vec::new();
    for batch in batches {
        assert!(!batch.json.contains('\n'));
        let request: Value = serde_json::from_str(&batch.json).unwrap();
        let scope = &request["resourceSpans"][0]["scopeSpans"][0];
        assert_eq!(scope["scope"]["name"], "wasm-agent");
        let found = scope["spans"].as_array().unwrap();
        assert_eq!(found.len() as u64, batch.spans);
        spans.extend(found.iter().cloned());
    }
    spans
}

/// Attributes by name, as text.
fn attributes(span: &Value) -> BTreeMap<&str, String> {
    let attributes = span["attributes"].as_array().unwrap();
    let pair = |attribute: &'_ Value| {
        let (_, value) = attribute["value"].as_object().unwrap().iter().next().unwrap();
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    attributes.iter().map(|attribute| (attribute["key"].as_str().unwrap(), pair(attribute))).collect()
}

fn named<'a>(spans: &'a [Value], name: &str) -> Vec<&'a Value> {
    spans.iter().filter(|span| span["name"] == name).collect()
}

#[test]
fn spans_form_one_tree() {
    let spans = spans(&batches(&journal()));
    let mut parents = HashMap::new();
    for span in &spans {
        assert_eq!(span["traceId"], "07070707070707070707070707070707");
        let id = span["spanId"].as_str().unwrap();
        assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(parents.insert(id, span["parentSpanId"].as_str()).is_none(), "two spans `{id}`");
        let time = |key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
        assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"));
        assert!(time("startTimeUnixNano") >= 1_800_000_000_000_000_000);
    }
    let roots = parents.values().filter(|parent| parent.is_none()).count();
    assert_eq!(roots, 1);
    // Two were never made calls: their effects were refused, or did not end.
    let lost = parents.values().flatten().filter(|parent| !parents.contains_key(*parent)).count();
    assert_eq!(lost, 2, "{spans:#?}");
}

#[test]
fn attributes_have_the_names_of_the_conventions() {
    let spans = spans(&batches(&journal()));
    let sent = named(&spans, "POST")[0];
    assert_eq!(sent["kind"], 3);
    let found = attributes(sent);
    for (name, value) in [
        ("http.request.method", "POST"),
        ("url.full", "https://api.example.com:8443/notes?day=today"),
        ("url.scheme", "https"),
        ("server.address", "api.example.com"),
        ("server.port", "8443"),
        ("http.response.status_code", "503"),
        ("error.type", "503"),
        ("network.peer.address", "2001:db8::7"),
        ("network.peer.port", "8443"),
        ("network.protocol.version", "1.1"),
        ("wasm_agent.effect.result", "done"),
    ] {
        assert_eq!(found.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(sent["status"]["code"], 2);
    let modified = named(&spans, "file.modify");
    assert_eq!(attributes(modified[0])["file.path"], "/notes/a");
    assert_eq!((modified[0]["kind"].as_u64(), modified[0].get("status")), (Some(1), None));
    assert_eq!(attributes(modified[1])["wasm_agent.effect.result"], "unknown");
}

#[test]
fn what_was_refused_is_an_error() {
    let spans = spans(&batches(&journal()));
    let denied = named(&spans, OPEN)[0];
    assert_eq!((&denied["status"]["code"], &denied["status"]["message"]), (&2.into(), &"denied: no-grant".into()));
    assert_eq!(attributes(denied)["code.function.name"], OPEN);
    let [approved, refused] = named(&spans, "approval")[..] else { panic!("{spans:#?}") };
    assert_eq!((approved.get("status"), &refused["status"]["message"]), (None, &"refused".into()));
    let time = |span: &Value, key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
    assert_eq!(time(approved, "endTimeUnixNano") - time(approved, "startTimeUnixNano"), 2_000_000);
}

#[test]
fn calls_belong_to_the_reason_in_force() {
    let spans = spans(&batches(&journal()));
    let (run, reasons) = (named(&spans, "run edit-files")[0], named(&spans, "intent"));
    let reads = named(&spans, READ);
    assert_eq!(reads[0]["parentSpanId"], run["spanId"]);
    assert_eq!(reads[1]["parentSpanId"], reasons[0]["spanId"]);
    assert_eq!(named(&spans, OPEN)[0]["parentSpanId"], reasons[1]["spanId"]);
    assert_eq!(attributes(reasons[0])["wasm_agent.intent"], "tidy\u{1b}[2J up");
}

#[test]
fn an_export_is_the_same_every_time_and_has_no_contents() {
    let journal = journal();
    let first = batches(&journal);
    assert_eq!(first, batches(&journal));
    for text in [first[0].json.clone(), chrome(&journal)] {
        assert!(!text.contains("secret contents"), "{text}");
        assert!(text.contains(r#"\u001b[2J"#) && !text.contains('\u{1b}'));
    }
}

#[test]
fn batches_are_bounded() {
    let mut made = HandMade::new();
    for _ in 0..2000 {
        made.call(READ, 1_000, &arguments(), &fine());
    }
    let batches = batches(&made.finish());
    assert_eq!(batches.iter().map(|batch| batch.spans).collect::<Vec<_>>(), [512, 512, 512, 465]);
    assert_eq!(spans(&batches).len(), 2001);
}

#[test]
fn more_effects_than_are_followed_are_counted() {
    let mut made = HandMade::new();
    for _ in 0..1030 {
        made.intent(&modify("/notes/a"), None);
    }
    let mut otlp = Otlp::new(&header(), "1");
    let mut count = 0;
    for record in records(&made.finish()) {
        count += otlp.record(&record).map_or(0, |batch| batch.spans);
    }
    count += otlp.finish().spans;
    assert_eq!((otlp.unfinished(), count), (6, 1031));
}

fn chrome(journal: &[u8]) -> String {
    let mut trace = ChromeTrace::new(&header());
    let mut text = String::new();
    for record in records(journal) {
        trace.record(&record);
        text.push_str(&trace.take());
    }
    trace.finish();
    text + &trace.take()
}

/// Asserts what viewers demand, and gives the events.
fn checked(text: &str) -> Vec<Value> {
    let trace: Value = serde_json::from_str(text).unwrap();
    let events = trace["traceEvents"].as_array().unwrap().clone();
    let nanoseconds = |value: &Value| (value.as_f64().unwrap() * 1000.0).round();
    let mut tracks: HashMap<u64, Vec<(f64, f64)>> = HashMap::new();
    let mut named = Vec::new();
    for event in &events {
        assert_eq!(event["pid"], 1);
        match event["ph"].as_str().unwrap() {
            "X" => {
                let (start, length) = (nanoseconds(&event["ts"]), nanoseconds(&event["dur"]));
                assert!(length >= 0.0 && event["name"].is_string());
                tracks.entry(event["tid"].as_u64().unwrap()).or_default().push((start, start + length));
            }
            "M" if event["name"] == "thread_name" => named.push(event["tid"].as_u64().unwrap()),
            "M" | "s" | "f" => {}
            other => panic!("{other}"),
        }
    }
    for (track, mut spans) in tracks {
        assert!(named.contains(&track), "track {track} has no name");
        spans.sort_by(|a, b| a.partial_cmp(b).unwrap());
        for pair in spans.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "events overlap on track {track}: {pair:?}");
        }
    }
    let arrows = |phase: &str| -> Vec<u64> {
        let found = events.iter().filter(|event| event["ph"] == phase);
        found.map(|event| event["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(arrows("s"), arrows("f"));
    events
}

#[test]
fn a_trace_keeps_the_rules_of_its_format() {
    let events = checked(&chrome(&journal()));
    let of = |cat: &str| events.iter().filter(|event| event["cat"] == cat && event["ph"] == "X").count();
    assert_eq!(["run", "intents", "calls", "approvals", "effects"].map(of), [1, 2, 4, 2, 3]);
    assert_eq!(events.iter().filter(|event| event["ph"] == "s").count(), 3);
    let change = events.iter().find(|event| event["name"] == "file.modify (truncate) /notes/a").unwrap();
    assert_eq!((change["dur"].as_f64(), change["args"]["result"].as_str()), (Some(0.7), Some("done")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_the_order_of_events_no_track_has_two_at_once(
        steps in prop::collection::vec((0_u8..6, 0_u64..3000, 0_u64..8), 0..60),
    ) {
        let mut made = HandMade::new();
        let mut open = Vec::new();
        for (step, time, other) in steps {
            match step {
                0 => made.call(READ, time, &arguments(), &fine()),
                // Clocks that go backwards are no reason to break a trace.
                1 => made.now_ns = made.now_ns.saturating_sub(time),
                2 => open.push(made.intent(&modify("/notes/a"), None)),
                3 if !open.is_empty() => {
                    let index = usize::try_from(other).unwrap() % open.len();
                    made.outcome(open.swap_remove(index), EffectResult::Done, None);
                }
                4 => made.note("intent", if other == 0 { "" } else { "because" }),
                _ => drop(made.ask(&request(), Answer::Approved, time)),
            }
        }
        let journal = made.finish();
        checked(&chrome(&journal));
        prop_assert!(!spans(&batches(&journal)).is_empty());
    }
}
